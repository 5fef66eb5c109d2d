// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace lt::gladia {

/// Whether finals of a session got lost with a connection: the service counts the utterances of each channel.
/// Pure.
class FinalCounts {
public:
    explicit FinalCounts(unsigned channels) : channels_(channels) {}

    /// What was on its way may not have come.
    void connectionLost() {
        for (auto &channel : channels_)
            channel.unsure = true;
    }
    std::size_t channels() const { return channels_.size(); }
    /// This channel has not gone on yet since then.
    bool mayBeLost(std::size_t channel) const { return channels_[channel].unsure; }
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
    };
    std::vector<Channel> channels_;
};

} // namespace lt::gladia
