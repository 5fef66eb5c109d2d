// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/unique_fd.h"
#include "tests/bench/broadcast/frame_counter.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lt::bench {

/// Any number of WebSocket viewers in one thread and one epoll set: they connect, count what comes and go.
/// Throws std::runtime_error when a server refuses or closes one of them.
class LoadClient {
public:
    /// `request` is what each viewer asks for: path, and further header lines that each end in CR LF.
    struct Request {
        std::uint16_t port;
        std::string path;
        std::string headers = {};
    };
    explicit LoadClient(const Request &request);
    ~LoadClient();
    LoadClient(const LoadClient &) = delete;
    LoadClient &operator=(const LoadClient &) = delete;

    /// Begins to connect one more; see connected().
    void add();
    /// Adds `count` viewers, at most `together` of them at a time in their handshake, and waits for the last.
    void connect(std::size_t count, std::size_t together = 256);
    std::size_t viewers() const { return viewers_.size(); }
    std::size_t connected() const { return connected_; }
    /// The first `count` viewers read nothing any more.
    void stall(std::size_t count);
    /// All are gone at once, with a reset: no port is left waiting.
    void cut();
    /// Connects and resets viewers for so long, `together` at a time; handshakes per second.
    double handshakesPerSecond(double seconds, std::size_t together);

    /// One turn: reads what has come, else looks again and again until something has, at the latest until
    /// `deadlineNs` (monotonic).
    void turn(std::int64_t deadlineNs);

    /// From here on messages are counted anew.
    void resetCounts();
    /// When the last of the reading viewers had message `index`; 0 while it has not.
    std::int64_t completeAt(std::size_t index) const {
        return index < completeAt_.size() ? completeAt_[index] : 0;
    }
    /// How many messages every reading viewer has.
    std::size_t complete() const { return completeAt_.size(); }

private:
    struct Viewer {
        net::UniqueFd fd;
        FrameCounter frames;
        std::string head; // of the server's answer, until it is whole
        std::size_t messages = 0;
        bool open = false, stalled = false;
    };

    void start(std::size_t index);
    void read(std::size_t index);
    bool readHandshake(Viewer &viewer, std::string_view &bytes);
    void count(Viewer &viewer, std::size_t messages);

    Request request_;
    net::UniqueFd epoll_;
    std::vector<Viewer> viewers_;
    std::vector<char> buffer_;
    std::vector<std::size_t> receivers_;   // [message]: how many have it, of those not complete
    std::vector<std::int64_t> completeAt_; // [message]; complete from the front, as messages come in order
    std::size_t connected_ = 0, reading_ = 0;
    std::vector<std::size_t> opened_; // in the last turn
};

} // namespace lt::bench
