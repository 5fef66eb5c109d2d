// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/add_on_book.h"
#include "elements/gladiasink/heard_words.h"
#include "elements/gladiasink/protocol.h"
#include "elements/gladiasink/utterance_book.h"
#include "lib/recogniser/audio_timeline.h"
#include "lib/recogniser/spoken_transcript.h"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace lt::gladia {

/// Turns what one Gladia session says into transcripts. Pure, one thread.
class SessionTranscripts {
public:
    struct Counts {
        std::uint64_t partials = 0;
        std::uint64_t finals = 0;
        std::uint64_t repeated = 0; ///< about an utterance whose final was there already
        std::uint64_t addOns = 0;   ///< translations, entities, sentiments, summaries

        Counts &operator+=(const Counts &more) {
            partials += more.partials;
            finals += more.finals;
            repeated += more.repeated;
            addOns += more.addOns;
            return *this;
        }
    };

    /// A new session, named `epoch`, of audio in `format`.
    void reset(const std::string &epoch, const AudioFormat &format);
    /// What sessions before this one have said is not said again.
    void hearsAgain(const HeardWords &heard) { heard_ = heard.successor(); }
    const HeardWords &heard() const { return heard_; }
    AudioTimeline &timeline() { return timeline_; }
    const AudioTimeline &timeline() const { return timeline_; }

    /// Nothing when there is nothing new in it.
    std::optional<SpokenTranscript> make(Utterance utterance, std::uint64_t receivedNs);
    std::optional<SpokenTranscript> make(AddOnResult result, std::uint64_t receivedNs);
    SpokenTranscript make(Summary summary, std::uint64_t receivedNs);
    std::size_t openUtterances() const { return book_.open(); }
    /// The session is over, and what was shown of these utterances stays without a final: an empty one takes
    /// each back.
    std::vector<SpokenTranscript> takeBack(std::uint64_t now);
    const Counts &counts() const { return counts_; }

private:
    void remember(const Utterance &utterance);
    SpokenTranscript start(GstTranscriptKind kind, Utterance utterance, std::uint64_t receivedNs) const;

    std::string epoch_;
    AudioTimeline timeline_;
    UtteranceBook book_;
    std::unordered_map<std::string, Utterance> shown_; // the newest partial of each open utterance, textless
    AddOnBook addOns_;
    HeardWords heard_;
    Counts counts_;
};

} // namespace lt::gladia
