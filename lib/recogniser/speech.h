// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace lt {

/// How much of a piece of audio sounds like speech, in each of its channels. To the microsecond, and up to an
/// hour.
class Speech {
public:
    static constexpr unsigned kMaxChannels = 8;

    void add(unsigned channel, std::uint64_t ns) {
        if (channel < kMaxChannels)
            us_[channel] = static_cast<std::uint32_t>(std::min(us_[channel] + ns / 1000, kMostUs));
    }
    std::uint64_t ns(unsigned channel) const {
        return channel < kMaxChannels ? std::uint64_t{us_[channel]} * 1000 : 0;
    }
    /// Takes away, and answers, what stands in the first `ns` of the piece: where it does is not known, so it
    /// is as much as there can be.
    Speech splitFront(std::uint64_t ns) {
        Speech front;
        for (unsigned channel = 0; channel < kMaxChannels; channel++) {
            front.us_[channel] = static_cast<std::uint32_t>(std::min<std::uint64_t>(us_[channel], ns / 1000));
            us_[channel] -= front.us_[channel];
        }
        return front;
    }

private:
    static constexpr std::uint64_t kMostUs = 3'600'000'000;

    std::array<std::uint32_t, kMaxChannels> us_{};
};

} // namespace lt
