// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/unique_fd.h"
#include "lib/rtmp/amf0.h"
#include "lib/rtmp/chunk_reader.h"
#include "lib/rtmp/chunk_writer.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lt::support {

using Raw = std::vector<std::uint8_t>;

/// How a request to publish was answered.
struct PublishVerdict {
    bool accepted = false;
    std::string code;               ///< of the first onStatus, or of _error
    std::string description;        ///< likewise
    std::vector<std::string> codes; ///< of all until the server closed
    bool reset = false;             ///< the connection was reset instead of closed
};

/// A small RTMP publisher that does what it is told, step by step, on one blocking socket: also the wrong
/// thing, also half of it. Every wait ends after 30 seconds.
class RtmpPublisher : private rtmp::ChunkReader::Sink {
public:
    /// `receiveBuffer` bytes, if not 0, are all that is kept of what the server sends before it is read.
    explicit RtmpPublisher(std::uint16_t port, int receiveBuffer = 0,
                           const std::string &address = "127.0.0.1");

    /// False when the server closed in between.
    bool handshake();
    /// connect and createStream.
    bool connect(const std::string &app);
    void requestPublish(const std::string &name);
    /// Reads until the answer, and after a refusal until the server closes.
    PublishVerdict awaitVerdict();
    /// All of the above.
    PublishVerdict publish(const std::string &app, const std::string &name);

    /// AAC-LC, 44100 Hz, stereo.
    void sendConfig(std::uint32_t timestamp = 0);
    /// One frame of silence: 1024 samples.
    void sendFrame(std::uint32_t timestamp);
    /// `count` frames, their timestamps counted from `first`; not paced.
    void sendFrames(unsigned count, std::uint32_t first = 0);
    void sendMessage(std::uint8_t type, std::uint32_t timestamp, const Raw &body,
                     std::uint32_t chunkStream = 4);
    /// FCUnpublish, deleteStream, then closes.
    void unpublish();
    /// Closes without a word.
    void drop();

    void sendRaw(const Raw &bytes);
    /// Sends what goes out at once; never waits. The number of bytes taken, or -1 when the server has gone.
    long sendSome(const Raw &bytes);
    /// Everything the server sends until it closes; `reset` when it did not do so politely.
    Raw readToEnd(bool &reset);
    /// Bytes the server has acknowledged, as far as its messages were read.
    std::uint64_t acknowledged() const { return acknowledged_; }
    /// Reads what is there now.
    void readAvailable();

    static constexpr unsigned kSamplesPerFrame = 1024;
    static constexpr unsigned kRate = 44100;

private:
    struct Command {
        std::string name;
        double transaction = 0;
        std::string code;
        std::string description;
        double number = 0;
    };

    bool wanted(const rtmp::MessageHeader &) override { return true; }
    void message(const rtmp::MessageHeader &header, rtmp::Block body) override;
    void skipped(const rtmp::MessageHeader &, std::uint8_t) override {}

    void command(const Raw &body, std::uint32_t messageStream = 0);
    /// Waits for input and takes it in; false at the end of the connection.
    bool readMore(int timeoutMs = 30000);
    bool readExactly(std::size_t count);
    bool awaitResult(double transaction, Command &result);

    net::UniqueFd fd_;
    rtmp::Limits limits_;
    rtmp::ChunkReader reader_;
    rtmp::ChunkWriter writer_;
    std::vector<Command> commands_;
    std::uint64_t acknowledged_ = 0;
    std::uint32_t messageStream_ = 0;
    bool reset_ = false;
    bool chunks_ = false;
    Raw raw_; ///< before chunks begin
};

} // namespace lt::support
