// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/rtmp/storm.h"

#include "tests/bench/support/monotonic.h"
#include "tests/support/rtmp_publisher.h"

#include <stdexcept>

namespace lt::bench {

namespace {

/// A refused peer waits for the server's answers most of its time.
constexpr unsigned kThreads = 8;

} // namespace

Storm::Storm(std::uint16_t port, double perSecond) {
    const auto period = static_cast<std::int64_t>(kThreads * 1e9 / perSecond);
    for (unsigned i = 0; i < kThreads; i++)
        threads_.emplace_back([=, this] { run(port, period, i * period / kThreads); });
}

void Storm::run(std::uint16_t port, std::int64_t periodNs, std::int64_t phaseNs) {
    for (std::int64_t at = monotonicNs() + phaseNs; !over_; at += periodNs) {
        sleepUntilNs(at);
        support::RtmpPublisher rival(port);
        const auto verdict = rival.publish("live", "s0");
        (verdict.code == "NetStream.Publish.BadName" ? refused_ : other_)++;
    }
}

std::uint64_t Storm::refusals() {
    over_ = true;
    for (auto &thread : threads_)
        thread.join();
    threads_.clear();
    if (other_ > 0)
        throw std::runtime_error("peers of the storm were not refused as they should have been");
    return refused_;
}

Storm::~Storm() {
    over_ = true;
    for (auto &thread : threads_)
        thread.join();
}

} // namespace lt::bench
