// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/recogniser/speech.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace lt::gladia {

/// Whether finals of a session got lost with a connection: the service counts the utterances of each channel.
/// Pure; times are nanoseconds of a steady clock.
class FinalCounts {
public:
    explicit FinalCounts(unsigned channels) : channels_(channels) {}

    /// What was on its way may not have come.
    void connectionLost() {
        for (auto &channel : channels_)
            channel.unsure = true;
    }
    /// From then on they may come again.
    void connectionBack(std::uint64_t now) {
        for (auto &channel : channels_)
            channel.waitedForSince = now;
    }
    /// The service was given audio.
    void given(const Speech &speech, std::uint64_t now) {
        for (unsigned i = 0; i < channels_.size(); i++)
            if (speech.ns(i) > 0)
                channels_[i].waitedForSince = now;
    }
    std::size_t channels() const { return channels_.size(); }
    /// This channel has not gone on yet since then.
    bool mayBeLost(std::size_t channel) const { return channels_[channel].unsure; }
    /// When the last speech was given, or the connection came back.
    std::uint64_t waitedForSince(std::size_t channel) const { return channels_[channel].waitedForSince; }
    /// A final, with its number if it has one. False when one before it must have been lost.
    bool follows(int channel, std::optional<std::uint64_t> number) {
        const auto at = channels_.size() == 1 ? 0 : static_cast<std::size_t>(channel);
        if (at >= channels_.size())
            return true; // there is no such channel
        Channel &one = channels_[at];
        if (one.unsure && number && *number > one.next)
            return false;
        one.unsure = false;
        if (number)
            one.next = *number + 1;
        return true;
    }

private:
    struct Channel {
        std::uint64_t next = 0;
        bool unsure = false;
        std::uint64_t waitedForSince = 0;
    };
    std::vector<Channel> channels_;
};

} // namespace lt::gladia
