// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/protocol.h"
#include "lib/recogniser/audio_timeline.h"

#include <array>
#include <cstdint>

namespace lt::gladia {

/// Up to when each of several channels has had its finals, in running time. A session that takes another's
/// place hears again all that one of the channels still waits for, and so what others have had: that is not
/// said twice. Pure.
class HeardWords {
public:
    static constexpr unsigned kMaxChannels = 8;

    /// Of a session that takes the place of this one, which has the same channels.
    HeardWords successor() const {
        HeardWords next;
        next.heard_ = next.said_ = said_;
        return next;
    }

    /// Cuts off the words that were said before. What has none left has no text either.
    void cut(Utterance &utterance, const AudioTimeline &timeline) const;
    /// Of what is found in utterances, and their translations.
    bool heard(const Utterance &utterance, const AudioTimeline &timeline) const;
    /// A final has been passed on.
    void said(const Utterance &utterance, const AudioTimeline &timeline);

private:
    using Times = std::array<std::uint64_t, kMaxChannels>;

    Times heard_{}; // by sessions before this one
    Times said_{};  // the same, and by this one
};

} // namespace lt::gladia
