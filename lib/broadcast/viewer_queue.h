// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/frame.h"
#include "lib/broadcast/queue_limits.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

struct iovec;

namespace lt::broadcast {

/// What one viewer has still to be sent: references to shared frames, none of them for a viewer that keeps up
/// (an empty queue holds no memory). Pure: told the time.
///
/// A newer partial of an utterance takes the place of the older one at the end of the queue, so that frames
/// always leave in the order of their seq; a final removes its utterance's partials. A partial that has
/// waited for too long goes; above a limit the oldest partial goes, and without one the oldest final. Notices
/// and control frames count for nothing and are never dropped: a notice replaces the one of its key that
/// waits, a ping or pong the one that waits, and the latter two overtake all else. Only a frame already
/// partly written is untouchable.
class ViewerQueue {
public:
    /// `limits` must outlive the queue: one set serves all viewers of a room.
    explicit ViewerQueue(const QueueLimits &limits) : limits_(&limits) {}

    QueueDrops push(FrameRef frame, net::TimePoint now);
    /// A frame of which `written` bytes are already on the wire. Only for an empty queue.
    void pushStarted(FrameRef frame, std::size_t written);
    /// A notice that must be read before everything else that waits.
    void pushFirst(FrameRef notice);
    /// Removes the notice of this key that waits; false when none does, or it has begun to leave.
    bool takeBack(FrameLabel::Key key);
    /// Drops partials that have waited for too long.
    QueueDrops expire(net::TimePoint now);
    /// Drops everything that has not begun to leave, but for notices with a key.
    QueueDrops clear();

    bool empty() const { return head_ == kNone; }
    /// Partials and finals that wait.
    std::size_t size() const { return size_; }
    /// Their bytes.
    std::size_t bytes() const { return bytes_; }
    /// How full the queue is, by count or by bytes, whichever is more: 1 is the limit.
    double fill() const;

    /// Points up to `max` entries at the bytes that leave next; returns how many.
    std::size_t gather(iovec *entries, std::size_t max) const;
    /// Takes `bytes` off the front. `done` is called for each frame that is now complete.
    void consume(std::size_t bytes, const std::function<void(const Frame &)> &done);

private:
    using Index = std::uint32_t;
    static constexpr Index kNone = ~Index{0};

    struct Node {
        FrameRef frame;
        Index previous = kNone, next = kNone;               // in order of leaving
        Index previousPartial = kNone, nextPartial = kNone; // partials only; also the list of free nodes
    };

    Index insertAfter(Index place, FrameRef frame);
    void remove(Index index);
    void addPartial(Index index);
    void removePartial(Index index);
    unsigned removePartialsOf(FrameLabel::Key utterance);
    void pushControl(FrameRef frame);
    void pushNotice(FrameRef frame);
    Index lastOvertaker() const;
    void drop(Index index, DropReason reason, QueueDrops &drops);
    bool dropOne(DropReason reason, QueueDrops &drops);
    void expireInto(net::TimePoint now, QueueDrops &drops);
    Index firstDroppable() const { return headWritten_ == 0 || empty() ? head_ : nodes_[head_].next; }

    const QueueLimits *limits_;
    std::vector<Node> nodes_;
    std::size_t bytes_ = 0;
    std::size_t headWritten_ = 0; // bytes of the first frame that are on the wire; above 0 it is pinned
    std::uint32_t size_ = 0;
    Index head_ = kNone, tail_ = kNone;
    Index firstPartial_ = kNone, lastPartial_ = kNone; // a pinned partial is not in this list
    Index free_ = kNone;
};

} // namespace lt::broadcast
