// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace lt::gladia {

/// When to try again. The first attempt after a connection that worked comes at once, though never twice
/// within the longest delay; later ones come after a delay that grows by half with each failure, spread by
/// chance. A connection works when audio was acknowledged on it or when it has been open for a while: what
/// opens and breaks again and again is not tried hot. Pure; times of the monotonic clock, ns.
class ReconnectPolicy {
public:
    struct Settings {
        std::uint64_t minNs = 250'000'000;
        std::uint64_t maxNs = 2'000'000'000;
        unsigned maxAttempts = 0;       ///< failures in a row that end it; 0: none do
        std::function<double()> random; ///< 0..1
    };

    explicit ReconnectPolicy(Settings settings) : settings_(std::move(settings)) {}

    void opened(std::uint64_t now);
    void progressed() { works_ = true; }
    /// An attempt has failed, or a connection was lost. How long to wait; nothing when the attempts are used
    /// up. `leastNs`: what the service asked for.
    std::optional<std::uint64_t> failed(std::uint64_t now, std::uint64_t leastNs);

    /// Failures in a row.
    unsigned failures() const { return failures_; }
    /// How many connections in a row broke right after they had opened.
    unsigned shortLives() const { return shortLives_; }

private:
    std::uint64_t backOff() const;

    Settings settings_;
    unsigned failures_ = 0;
    unsigned shortLives_ = 0;
    bool works_ = false;
    std::optional<std::uint64_t> openedAt_;
    std::optional<std::uint64_t> lastAtOnce_;
};

} // namespace lt::gladia
