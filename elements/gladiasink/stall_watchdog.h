// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/recogniser/speech.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace lt::gladia {

/// Notices that a session hears a channel and says nothing of it. It counts speech, not time: an hour of
/// silence is no stall. Pure; monotonic clock, ns.
class StallWatchdog {
public:
    /// `speechNs`: so much speech without any transcript is a stall; 0: never.
    explicit StallWatchdog(std::uint64_t speechNs) : limitNs_(speechNs) {}

    /// Audio with so much speech in it was handed over.
    void heard(std::uint64_t speechNs) { speechNs_ += speechNs; }
    void transcribed(std::uint64_t now, bool isFinal) {
        speechNs_ = 0;
        factor_ = 1;
        // Utterances that are never finished, one after the other; one alone may have been judged empty.
        if (isFinal || partials_ == 0 || now - lastPartial_ > kPauseNs)
            firstPartial_ = now;
        lastPartial_ = now;
        partials_ = isFinal ? 0 : partials_ + 1;
    }
    bool stalled() const {
        return limitNs_ && (speechNs_ >= limitNs_ * factor_ || lastPartial_ - firstPartial_ >= kNoFinalNs);
    }
    std::uint64_t speechNs() const { return speechNs_; }
    /// Starts anew. What sounds like speech may be music: each further alarm without a transcript in between
    /// takes twice as much.
    void reset() {
        speechNs_ = 0;
        factor_ = std::min(factor_ * 2, kMaxFactor);
        firstPartial_ = lastPartial_ = 0;
        partials_ = 0;
    }
    /// For the session that takes this one's place: it hears again what has been heard.
    StallWatchdog successor() const {
        StallWatchdog next(limitNs_);
        next.factor_ = factor_;
        return next;
    }
    /// Alarms since the last transcript.
    bool repeated() const { return factor_ > 1; }

private:
    static constexpr std::uint64_t kNoFinalNs = 90'000'000'000;
    static constexpr std::uint64_t kPauseNs = 15'000'000'000;
    static constexpr std::uint64_t kMaxFactor = 32;

    std::uint64_t limitNs_;
    std::uint64_t speechNs_ = 0;
    std::uint64_t factor_ = 1;
    std::uint64_t firstPartial_ = 0;
    std::uint64_t lastPartial_ = 0;
    std::uint64_t partials_ = 0;
};

/// One for each channel of a session.
class StallWatchdogs {
public:
    StallWatchdogs(std::uint64_t speechNs, unsigned channels)
        : channels_(channels, StallWatchdog(speechNs)) {}

    void heard(const Speech &speech) {
        for (unsigned channel = 0; channel < channels_.size(); channel++)
            channels_[channel].heard(speech.ns(channel));
    }
    void transcribed(std::uint64_t now, int channel, bool isFinal) {
        const auto at = channels_.size() == 1 ? 0 : static_cast<std::size_t>(channel);
        if (at < channels_.size())
            channels_[at].transcribed(now, isFinal);
    }
    /// The first channel that is.
    std::optional<unsigned> stalled() const {
        for (unsigned channel = 0; channel < channels_.size(); channel++)
            if (channels_[channel].stalled())
                return channel;
        return std::nullopt;
    }
    std::uint64_t speechNs(unsigned channel) const { return channels_[channel].speechNs(); }
    bool repeated(unsigned channel) const { return channels_[channel].repeated(); }
    StallWatchdogs successor() const {
        StallWatchdogs next = *this;
        for (StallWatchdog &channel : next.channels_)
            channel = channel.successor();
        return next;
    }
    /// All of them: the connection is made anew for every channel.
    void reset() {
        for (StallWatchdog &channel : channels_)
            channel.reset();
    }

private:
    std::vector<StallWatchdog> channels_;
};

} // namespace lt::gladia
