// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/dtmf_tone.h"
#include "tests/support/gladia_emulator/emulator.h"
#include "tests/support/http_client.h"
#include "tests/support/json_text.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// A plain client of the service, for the tests of the emulator.
namespace lt::support {

using Bytes = std::vector<std::uint8_t>;
using Frames = std::vector<WebSocketClient::Frame>;

/// Any key will do.
extern const Headers kGladiaKey;
/// A request body in which a pause of 0.3 s separates utterances.
extern const char kPlainRequest[];

/// Strings that outlive the comparison, which g_assert_cmpstr() leaves to its caller.
void assertText(const std::string &actual, const std::string &expected);

Bytes bytesOf(const std::vector<std::int16_t> &samples);
/// PCM of a sequence, and half a second of silence behind it.
Bytes toneBytes(const char *sequence, DtmfTiming timing = {});

JsonObjectRef parsed(const std::string &text);
std::string textOf(JsonObject *object, const char *name);

HttpAnswer postLive(const emulator::GladiaEmulator &emulator, const std::string &body,
                    const Headers &headers = kGladiaKey, const std::string &query = "");

std::string typeOf(const WebSocketClient::Frame &frame);
std::size_t countOf(const Frames &frames, const std::string &type);
/// Texts of the finals among the frames, in a row.
std::string finalTextOf(const Frames &frames);

struct ByteRange {
    std::int64_t start;
    std::int64_t end;
};
/// Of all acknowledgements of audio; none of them may be a refusal.
std::vector<ByteRange> ackRanges(const Frames &frames);

/// A session and the socket to it.
class GladiaClient {
public:
    GladiaClient(const emulator::GladiaEmulator &emulator, const std::string &body);

    /// (Re)connects.
    void connect();
    void send(const Bytes &bytes, std::size_t piece);
    void stop();
    /// Waits for the close, then the messages' types without acknowledgements of audio.
    std::vector<std::string> typesToTheEnd() const;
    std::size_t count(const std::string &type) const { return countOf(socket->frames(), type); }
    bool waitFor(const std::string &type, std::size_t least = 1) const;

    std::string id;
    std::string url;
    std::unique_ptr<WebSocketClient> socket;
};

} // namespace lt::support
