// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <cstdint>

namespace lt::gladia {

/// When one session of the service is followed by the next. Pure; all in ns of the session's audio.
class Rollover {
public:
    explicit Rollover(std::uint64_t maxSessionNs)
        : maxNs_(maxSessionNs),
          cutNs_(maxNs_ - std::min(kPauseWindowNs, maxNs_ / 4)),
          prepareNs_(cutNs_ - std::min(kPrepareNs, maxNs_ / 4)) {}

    /// The next session has to be opened.
    bool prepare(std::uint64_t sentNs) const { return sentNs >= prepareNs_; }
    /// Now: in a pause of the last 10 s, or at the end of them. `quietNs`: since the last speech.
    bool cut(std::uint64_t sentNs, std::uint64_t quietNs) const {
        return sentNs >= maxNs_ || (sentNs >= cutNs_ && quietNs >= kPauseNs);
    }

private:
    static constexpr std::uint64_t kPauseWindowNs = 10'000'000'000;
    static constexpr std::uint64_t kPrepareNs = 20'000'000'000;
    static constexpr std::uint64_t kPauseNs = 300'000'000;

    std::uint64_t maxNs_;
    std::uint64_t cutNs_;
    std::uint64_t prepareNs_;
};

} // namespace lt::gladia
