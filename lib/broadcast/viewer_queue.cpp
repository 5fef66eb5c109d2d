// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/viewer_queue.h"

#include <algorithm>
#include <utility>

#include <sys/uio.h>

namespace lt::broadcast {

namespace {

/// Counts against the limits, and may be dropped.
bool isMessage(const Frame &frame) {
    return frame.frameClass() == FrameClass::Partial || frame.frameClass() == FrameClass::Final;
}

bool isControl(const Frame &frame) {
    return frame.frameClass() == FrameClass::Control;
}

} // namespace

QueueDrops ViewerQueue::push(FrameRef frame, net::TimePoint now) {
    QueueDrops drops;
    if (!isMessage(*frame)) {
        isControl(*frame) ? pushControl(std::move(frame)) : pushNotice(std::move(frame));
        return drops;
    }
    if (frame->label().key != 0)
        drops.conflated = removePartialsOf(frame->label().key);
    expireInto(now, drops);
    const bool partial = frame->frameClass() == FrameClass::Partial;
    const Index index = insertAfter(tail_, std::move(frame));
    if (partial)
        addPartial(index);
    while (size_ > limits_->messages && dropOne(DropReason::Count, drops))
        ;
    while (bytes_ > limits_->bytes && dropOne(DropReason::Bytes, drops))
        ;
    return drops;
}

void ViewerQueue::pushStarted(FrameRef frame, std::size_t written) {
    insertAfter(tail_, std::move(frame));
    headWritten_ = written;
}

void ViewerQueue::pushFirst(FrameRef notice) {
    insertAfter(lastOvertaker(), std::move(notice));
}

QueueDrops ViewerQueue::expire(net::TimePoint now) {
    QueueDrops drops;
    expireInto(now, drops);
    return drops;
}

/// The list of partials is in the order they were queued, but for the stamps' own jitter.
void ViewerQueue::expireInto(net::TimePoint now, QueueDrops &drops) {
    if (limits_->partialAge == net::Duration::zero())
        return;
    while (firstPartial_ != kNone &&
           now - nodes_[firstPartial_].frame->label().queuedAt > limits_->partialAge)
        drop(firstPartial_, DropReason::Age, drops);
}

QueueDrops ViewerQueue::clear() {
    QueueDrops drops;
    for (Index index = firstDroppable(); index != kNone;) {
        const Index next = nodes_[index].next;
        // What was told last, such as when to come back, is small and still of use.
        const Frame &frame = *nodes_[index].frame;
        if (frame.frameClass() != FrameClass::Notice || frame.label().key == 0)
            drop(index, DropReason::Closed, drops);
        index = next;
    }
    return drops;
}

double ViewerQueue::fill() const {
    const auto share = [](std::size_t used, std::size_t limit) {
        return static_cast<double>(used) / static_cast<double>(std::max<std::size_t>(limit, 1));
    };
    return std::max(share(size_, limits_->messages), share(bytes_, limits_->bytes));
}

std::size_t ViewerQueue::gather(iovec *entries, std::size_t max) const {
    std::size_t count = 0;
    for (Index index = head_; index != kNone && count < max; index = nodes_[index].next) {
        const auto bytes = nodes_[index].frame->bytes().substr(count == 0 ? headWritten_ : 0);
        entries[count++] = {const_cast<char *>(bytes.data()), bytes.size()};
    }
    return count;
}

void ViewerQueue::consume(std::size_t bytes, const std::function<void(const Frame &)> &done) {
    while (bytes > 0 && head_ != kNone) {
        const std::size_t left = nodes_[head_].frame->bytes().size() - headWritten_;
        if (bytes < left) {
            if (headWritten_ == 0 && nodes_[head_].frame->frameClass() == FrameClass::Partial)
                removePartial(head_);
            headWritten_ += bytes;
            return;
        }
        bytes -= left;
        const FrameRef frame = nodes_[head_].frame;
        remove(head_);
        done(*frame);
    }
}

/// kNone as place: at the front.
ViewerQueue::Index ViewerQueue::insertAfter(Index place, FrameRef frame) {
    Index index = free_;
    if (index == kNone) {
        index = static_cast<Index>(nodes_.size());
        nodes_.emplace_back();
    } else {
        free_ = nodes_[index].nextPartial;
    }
    Node &node = nodes_[index];
    if (isMessage(*frame)) {
        size_++;
        bytes_ += frame->bytes().size();
    }
    node = {std::move(frame), place, place == kNone ? head_ : nodes_[place].next, kNone, kNone};
    (node.previous == kNone ? head_ : nodes_[node.previous].next) = index;
    (node.next == kNone ? tail_ : nodes_[node.next].previous) = index;
    return index;
}

void ViewerQueue::remove(Index index) {
    Node &node = nodes_[index];
    const bool pinned = index == head_ && headWritten_ > 0;
    if (node.frame->frameClass() == FrameClass::Partial && !pinned)
        removePartial(index);
    if (index == head_)
        headWritten_ = 0;
    if (isMessage(*node.frame)) {
        size_--;
        bytes_ -= node.frame->bytes().size();
    }
    (node.previous == kNone ? head_ : nodes_[node.previous].next) = node.next;
    (node.next == kNone ? tail_ : nodes_[node.next].previous) = node.previous;
    node = {nullptr, kNone, kNone, kNone, free_};
    free_ = index;
    if (head_ == kNone) { // back to a viewer that keeps up, and costs nothing
        nodes_ = {};
        free_ = kNone;
    }
}

void ViewerQueue::addPartial(Index index) {
    nodes_[index].previousPartial = lastPartial_;
    (lastPartial_ == kNone ? firstPartial_ : nodes_[lastPartial_].nextPartial) = index;
    lastPartial_ = index;
}

void ViewerQueue::removePartial(Index index) {
    Node &node = nodes_[index];
    (node.previousPartial == kNone ? firstPartial_ : nodes_[node.previousPartial].nextPartial) =
        node.nextPartial;
    (node.nextPartial == kNone ? lastPartial_ : nodes_[node.nextPartial].previousPartial) =
        node.previousPartial;
    node.previousPartial = node.nextPartial = kNone;
}

/// The list is short: one partial per utterance that is being spoken.
unsigned ViewerQueue::removePartialsOf(FrameLabel::Key utterance) {
    unsigned count = 0;
    for (Index index = firstPartial_; index != kNone;) {
        const Index next = nodes_[index].nextPartial;
        if (nodes_[index].frame->label().key == utterance) {
            remove(index);
            count++;
            if (nodes_.empty())
                break;
        }
        index = next;
    }
    return count;
}

/// Where those that overtake end: a pinned frame, then pings and pongs. kNone: there are none.
ViewerQueue::Index ViewerQueue::lastOvertaker() const {
    Index place = headWritten_ > 0 ? head_ : kNone;
    for (Index index = firstDroppable(); index != kNone; index = nodes_[index].next) {
        const Frame &frame = *nodes_[index].frame;
        if (!isControl(frame) || frame.opcode() == Opcode::Close)
            break;
        place = index;
    }
    return place;
}

void ViewerQueue::pushControl(FrameRef frame) {
    if (frame->opcode() == Opcode::Close) { // the last word
        insertAfter(tail_, std::move(frame));
        return;
    }
    for (Index index = firstDroppable(); index != kNone && isControl(*nodes_[index].frame);
         index = nodes_[index].next) {
        if (nodes_[index].frame->opcode() == frame->opcode()) {
            nodes_[index].frame = std::move(frame);
            return;
        }
    }
    insertAfter(lastOvertaker(), std::move(frame));
}

/// Notices are few: one of each key at most.
bool ViewerQueue::takeBack(FrameLabel::Key key) {
    for (Index index = firstDroppable(); index != kNone; index = nodes_[index].next) {
        const Frame &waiting = *nodes_[index].frame;
        if (waiting.frameClass() == FrameClass::Notice && waiting.label().key == key) {
            remove(index);
            return true;
        }
    }
    return false;
}

void ViewerQueue::pushNotice(FrameRef frame) {
    if (frame->label().key != 0)
        takeBack(frame->label().key);
    insertAfter(tail_, std::move(frame));
}

void ViewerQueue::drop(Index index, DropReason reason, QueueDrops &drops) {
    const FrameRef frame = nodes_[index].frame;
    remove(index);
    if (!isMessage(*frame))
        return;
    ClassCount &count = drops.counts[static_cast<std::size_t>(reason)];
    (frame->frameClass() == FrameClass::Partial ? count.partials : count.finals)++;
    if (frame->label().seq != 0)
        drops.include(frame->label().seq, frame->label().seq);
}

bool ViewerQueue::dropOne(DropReason reason, QueueDrops &drops) {
    Index index = firstPartial_;
    if (index == kNone) {
        index = firstDroppable();
        while (index != kNone && !isMessage(*nodes_[index].frame))
            index = nodes_[index].next;
    }
    if (index == kNone)
        return false;
    drop(index, reason, drops);
    return true;
}

} // namespace lt::broadcast
