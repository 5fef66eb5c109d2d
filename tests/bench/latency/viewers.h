// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/unique_fd.h"
#include "tests/bench/latency/stages.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace lt::bench {

/// WebSocket viewers on one thread that does nothing but read and look at the clock: what came is parsed when
/// all is over, so that no viewer waits for another one's JSON.
class Viewers {
public:
    /// Connects `perSession` viewers to each of the sessions s0, s1, …. Throws std::runtime_error with a
    /// sentence.
    Viewers(unsigned port, unsigned sessions, unsigned perSession);
    ~Viewers();
    Viewers(const Viewers &) = delete;
    Viewers &operator=(const Viewers &) = delete;

    /// Ends the thread. What each viewer of `session` saw, after that.
    std::vector<std::vector<ViewerMessage>> take(unsigned session);

private:
    struct Viewer {
        net::UniqueFd fd;
        std::string unread; ///< less than a frame
        std::vector<std::pair<std::int64_t, std::string>> messages;
    };

    void run();
    void read(Viewer &viewer, int epoll);
    void stop();

    const unsigned perSession_;
    std::vector<Viewer> viewers_; // the thread's, while it runs
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

} // namespace lt::bench
