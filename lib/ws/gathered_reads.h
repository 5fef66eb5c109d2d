// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/event_loop.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

namespace lt::ws {

/// Lets small messages that nobody waits for lie in the kernel until there are some of them, without making
/// any other wait: waking a thread costs many times what reading a message does.
///
/// While such messages come, the socket is readable only when it has more than one of them (SO_RCVLOWAT): a
/// second one, or anything longer, announces itself at once. What is left is read in rounds, which all
/// sockets of a loop make together. When none has come for a while all is as it was. Of a socket that does
/// not know the option each message announces itself. Loop's thread.
class GatheredReads {
public:
    /// The longest that anything lies there.
    static constexpr std::chrono::milliseconds kRound{40};
    /// Rounds without any such message, then it is over.
    static constexpr int kQuietRounds = 8;

    /// `read` reads what there is; it may call close().
    GatheredReads(std::shared_ptr<net::EventLoop> loop, std::function<void()> read)
        : loop_(std::move(loop)), read_(std::move(read)) {}
    ~GatheredReads() { loop_->cancelTimer(timer_); }
    GatheredReads(const GatheredReads &) = delete;
    GatheredReads &operator=(const GatheredReads &) = delete;

    /// A message of `bytes` on the wire has been read whose like may wait.
    void mayWait(int fd, std::size_t bytes);
    /// From now on everything announces itself. The socket is still open.
    void end();
    /// The socket is about to be closed.
    void close();

private:
    void setLowWater(std::size_t bytes);
    void startRound();
    void round();

    const std::shared_ptr<net::EventLoop> loop_;
    const std::function<void()> read_;
    int fd_ = -1; // as long as it lasts
    std::size_t lowWater_ = 0;
    int quietRounds_ = 0;
    net::EventLoop::TimerId timer_ = 0;
};

} // namespace lt::ws
