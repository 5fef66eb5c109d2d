// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/ws/gathered_reads.h"

#include <utility>

#include <sys/socket.h>

namespace lt::ws {

namespace {

/// Such messages carry numbers that grow.
constexpr std::size_t kGrowth = 32;

} // namespace

void GatheredReads::mayWait(int fd, std::size_t bytes) {
    fd_ = fd;
    quietRounds_ = 0;
    if (bytes + kGrowth / 2 > lowWater_ || bytes + 2 * kGrowth < lowWater_)
        setLowWater(bytes + kGrowth);
    if (timer_ == 0)
        startRound();
}

void GatheredReads::setLowWater(std::size_t bytes) {
    lowWater_ = bytes;
    const auto value = static_cast<int>(bytes);
    setsockopt(fd_, SOL_SOCKET, SO_RCVLOWAT, &value, sizeof value);
}

/// At multiples of its length, so that the loop wakes once for all sockets.
void GatheredReads::startRound() {
    const auto sinceLast = net::Clock::now().time_since_epoch() % net::Duration(kRound);
    timer_ = loop_->startTimer(kRound - sinceLast, [this] { round(); });
}

void GatheredReads::round() {
    timer_ = 0;
    quietRounds_++;
    read_();
    if (fd_ < 0 || timer_ != 0)
        return;
    if (quietRounds_ < kQuietRounds)
        startRound();
    else
        end();
}

void GatheredReads::end() {
    loop_->cancelTimer(std::exchange(timer_, 0));
    if (fd_ >= 0)
        setLowWater(1);
    close();
}

void GatheredReads::close() {
    loop_->cancelTimer(std::exchange(timer_, 0));
    fd_ = -1;
    lowWater_ = 0;
}

} // namespace lt::ws
