// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/recogniser/audio_format.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Gladia Live v2 on the wire: requests out, messages in. Pure; tolerates whatever a peer may send.
namespace lt::gladia {

/// What the user asks of the recogniser.
struct SessionOptions {
    std::string model; ///< empty: Gladia's default
    std::vector<std::string> languages;
    bool codeSwitching = false;
    double endpointing = 0.3; ///< seconds of silence that end an utterance
    double maxUtterance = 5;  ///< seconds after which an utterance ends without silence
    bool partials = true;
};

/// Body of POST /v2/live.
std::string initRequest(const AudioFormat &format, const SessionOptions &options);

struct InitReply {
    std::string id;
    std::string url; ///< as sent: may be relative; holds the session's token
};
/// On failure `error` is one sentence without the reply's content.
std::optional<InitReply> parseInitReply(std::string_view body, std::string &error);

std::string stopRequest();
/// Keeps an idle session open: an audio chunk without audio.
std::string emptyChunk();

struct SpokenWord {
    std::string text; ///< without surrounding spaces
    double start = 0; ///< seconds of the session's audio; never NaN, never negative, as all times here
    double end = 0;
    double confidence = -1; ///< 0..1, or -1 when unknown
};

/// A partial or a final.
struct Utterance {
    std::string id;
    bool isFinal = false;
    double start = 0;
    double end = 0;
    double confidence = -1;
    int channel = 0;
    std::string language;
    std::string text; ///< without surrounding spaces; may be empty
    std::vector<SpokenWord> words;
};

/// The service owns all audio before `endByte` (counted over the session).
struct AudioAck {
    std::uint64_t endByte = 0;
};
struct AudioRefused {
    std::string reason;
};
struct StopAck {
    double leftToProcess = 0; ///< seconds
};
struct ServiceError {
    std::string reason;
};
/// A message that asks nothing of a client: lifecycle, speech, add-ons, whatever is yet to come.
struct OtherMessage {
    std::string type;
};
using ServerMessage = std::variant<OtherMessage, Utterance, AudioAck, AudioRefused, StopAck, ServiceError>;

/// Nothing, with one sentence in `error`, when the text is no message at all or a broken transcript.
std::optional<ServerMessage> parseServerMessage(std::string_view text, std::string &error);

} // namespace lt::gladia
