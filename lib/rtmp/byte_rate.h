// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/rtmp/message.h"

#include <algorithm>

namespace lt::rtmp {

/// How fast a publisher is read: so many bits per second, and what it did not use of them in the last ten
/// seconds at once. A key frame, or what an encoder kept while the network was away, is read as it comes; who
/// sends more all the time is held back by TCP, which loses nothing. A token bucket.
class ByteRate {
public:
    using Duration = TimePoint::duration;

    static constexpr std::chrono::seconds kBurst{10};
    /// Who is held back is read this often, so that it never looks silent.
    static constexpr Milliseconds kTurn{50};
    /// Less is taken as this: speech needs it.
    static constexpr std::uint64_t kLeast = 32000;

    /// 0: as fast as it sends.
    explicit ByteRate(std::uint64_t bitsPerSecond = 0)
        : perSecond_(static_cast<double>(bitsPerSecond == 0 ? 0 : std::max(bitsPerSecond, kLeast)) / 8),
          left_(perSecond_ * kBurst.count()) {}

    /// So many may be read whatever time it is.
    bool covers(std::size_t bytes) const { return perSecond_ <= 0 || left_ >= static_cast<double>(bytes); }
    /// How many of so many bytes may be read now. 0: none before pause() is over.
    std::size_t allowance(std::size_t wanted, TimePoint now) {
        if (perSecond_ <= 0)
            return wanted;
        refill(now);
        return left_ < turn() ? 0 : std::min(wanted, static_cast<std::size_t>(left_));
    }
    void took(std::size_t bytes, TimePoint now) {
        if (perSecond_ <= 0)
            return;
        refill(now);
        left_ -= static_cast<double>(bytes);
    }
    /// Until the next bytes may be read.
    Duration pause() const {
        const double missing = std::max(turn() - left_, 0.0);
        return perSecond_ <= 0
                   ? Duration::zero()
                   : std::chrono::ceil<Duration>(std::chrono::duration<double>(missing / perSecond_));
    }

private:
    double turn() const { return perSecond_ * std::chrono::duration<double>(kTurn).count(); }
    void refill(TimePoint now) {
        const std::chrono::duration<double> passed = now - refilled_;
        left_ = std::min(left_ + passed.count() * perSecond_, perSecond_ * kBurst.count());
        refilled_ = now;
    }

    double perSecond_; ///< bytes
    double left_;
    TimePoint refilled_{};
};

} // namespace lt::rtmp
