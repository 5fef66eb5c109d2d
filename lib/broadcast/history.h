// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/frame.h"
#include "lib/broadcast/viewer_profile.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lt::broadcast {

/// What a late joiner or a returning viewer is told: the last finals of a session (insights among them) and
/// the partial that is current on each channel. Holds references to the frames that went to viewers of form
/// V2; of a split form it changes the type. Pure.
class History {
public:
    struct Limits {
        std::size_t finals = kMaxRewind;
        std::size_t bytes = 1024 * 1024; ///< the newest final is kept whatever its size
    };
    explicit History(Limits limits) : limits_(limits) {}

    /// A frame with a seq, in rising order. `channel` tells what a partial is the current one of.
    void add(FrameRef frame, std::uint64_t channel);
    /// There were finals up to `seq` that nobody has.
    void forget(std::uint64_t seq) { forgottenUpTo_ = seq; }
    void clear();

    /// True when nothing after `seq` has been forgotten but partials that newer messages replaced.
    bool reachesBackTo(std::uint64_t seq) const { return seq >= forgottenUpTo_; }

    /// Finals and current partials after `seq` as they go over the wire, one frame after the other.
    std::string replay(std::uint64_t seq, const ViewerFilter &filter, bool split) const;

    struct Excerpt {
        std::uint64_t afterSeq = 0; ///< all finals after this one are in it
        std::string messages;       ///< JSON objects, with commas between
    };
    /// The newest finals, at most `finals` of them and kMaxExcerpt bytes, and the current partials.
    Excerpt excerpt(std::size_t finals, const ViewerFilter &filter, bool split) const;
    static constexpr std::size_t kMaxExcerpt = 512 * 1024;

    struct Range {
        std::uint64_t toSeq = 0;    ///< so far it goes: as asked for, or as kMaxExcerpt bytes reach
        std::uint64_t afterSeq = 0; ///< all its finals after this one are in it
        std::string messages;       ///< JSON objects, with commas between
    };
    /// Finals from `fromSeq` to `toSeq`.
    Range range(std::uint64_t fromSeq, std::uint64_t toSeq, const ViewerFilter &filter, bool split) const;

private:
    using Finals = std::deque<FrameRef>;
    /// The first one after `seq`.
    Finals::const_iterator firstAfter(std::uint64_t seq) const;
    std::vector<FrameRef> currentPartials(std::uint64_t afterSeq) const;

    Limits limits_;
    Finals finals_; // oldest first
    std::size_t bytes_ = 0;
    std::uint64_t forgottenUpTo_ = 0;
    std::map<std::uint64_t, FrameRef> partials_; // by channel
};

/// The payload of a V2 frame as a viewer of form V2Split gets it; the same when there is no difference.
std::string splitPayload(const Frame &frame);

} // namespace lt::broadcast
