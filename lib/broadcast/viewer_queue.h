// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/frame.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

struct iovec;

namespace lt::broadcast {

/// What a full or conflating queue let go of.
struct QueueDrops {
    unsigned partials = 0;  ///< no room
    unsigned finals = 0;    ///< no room, and no partial left to drop instead
    unsigned conflated = 0; ///< partials made worthless by a newer message of their utterance
};

/// What one viewer has still to be sent: references to shared frames, none of them for a viewer that keeps up
/// (an empty queue holds no memory).
///
/// At most `limit` partials and finals wait. A newer partial of an utterance takes the place of the older one
/// at the end of the queue, so that frames always leave in the order of their seq; a final removes its
/// utterance's partials. Above the limit the oldest partial goes, and without one the oldest final. Control
/// frames count for nothing and are never dropped; a ping or pong overtakes what waits, and a newer one
/// replaces the one that waits. Only a frame already partly written is untouchable.
class ViewerQueue {
public:
    explicit ViewerQueue(std::size_t limit) : limit_(limit) {}

    QueueDrops push(FrameRef frame);
    /// A frame of which `written` bytes are already on the wire. Only for an empty queue.
    void pushStarted(FrameRef frame, std::size_t written);
    /// Drops everything that has not begun to leave; returns how much that was.
    QueueDrops clear();

    bool empty() const { return head_ == kNone; }
    /// Partials and finals that wait.
    std::size_t size() const { return size_; }

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
    unsigned removePartialsOf(Frame::UtteranceKey utterance);
    void pushControl(FrameRef frame);
    bool dropOne(QueueDrops &drops);
    Index firstDroppable() const { return headWritten_ == 0 || empty() ? head_ : nodes_[head_].next; }

    std::vector<Node> nodes_;
    std::size_t limit_;
    std::size_t size_ = 0;
    std::size_t headWritten_ = 0; // bytes of the first frame that are on the wire; above 0 it is pinned
    Index head_ = kNone, tail_ = kNone;
    Index firstPartial_ = kNone, lastPartial_ = kNone; // a pinned partial is not in this list
    Index free_ = kNone;
};

} // namespace lt::broadcast
