// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/viewer_queue.h"

#include <utility>

#include <sys/uio.h>

namespace lt::broadcast {

namespace {

bool isControl(const Frame &frame) {
    return frame.frameClass() == FrameClass::Control;
}

} // namespace

QueueDrops ViewerQueue::push(FrameRef frame) {
    QueueDrops drops;
    if (isControl(*frame)) {
        pushControl(std::move(frame));
        return drops;
    }
    if (frame->utterance() != 0)
        drops.conflated = removePartialsOf(frame->utterance());
    const bool partial = frame->frameClass() == FrameClass::Partial;
    const Index index = insertAfter(tail_, std::move(frame));
    if (partial)
        addPartial(index);
    while (size_ > limit_ && dropOne(drops))
        ;
    return drops;
}

void ViewerQueue::pushStarted(FrameRef frame, std::size_t written) {
    insertAfter(tail_, std::move(frame));
    headWritten_ = written;
}

QueueDrops ViewerQueue::clear() {
    QueueDrops drops;
    for (Index index = firstDroppable(); index != kNone;) {
        const Index next = nodes_[index].next;
        const FrameClass frameClass = nodes_[index].frame->frameClass();
        drops.partials += frameClass == FrameClass::Partial;
        drops.finals += frameClass == FrameClass::Final;
        remove(index);
        index = next;
    }
    return drops;
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
    size_ += !isControl(*frame);
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
    size_ -= !isControl(*node.frame);
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
unsigned ViewerQueue::removePartialsOf(Frame::UtteranceKey utterance) {
    unsigned count = 0;
    for (Index index = firstPartial_; index != kNone;) {
        const Index next = nodes_[index].nextPartial;
        if (nodes_[index].frame->utterance() == utterance) {
            remove(index);
            count++;
            if (nodes_.empty())
                break;
        }
        index = next;
    }
    return count;
}

void ViewerQueue::pushControl(FrameRef frame) {
    if (frame->opcode() == Opcode::Close) { // the last word
        insertAfter(tail_, std::move(frame));
        return;
    }
    // Those that wait stand at the front, behind a pinned frame.
    Index place = headWritten_ > 0 ? head_ : kNone;
    for (Index index = firstDroppable(); index != kNone && isControl(*nodes_[index].frame);
         index = nodes_[index].next) {
        if (nodes_[index].frame->opcode() == frame->opcode()) {
            nodes_[index].frame = std::move(frame);
            return;
        }
        if (nodes_[index].frame->opcode() != Opcode::Close)
            place = index;
    }
    insertAfter(place, std::move(frame));
}

bool ViewerQueue::dropOne(QueueDrops &drops) {
    if (firstPartial_ != kNone) {
        remove(firstPartial_);
        drops.partials++;
        return true;
    }
    Index index = firstDroppable();
    while (index != kNone && isControl(*nodes_[index].frame))
        index = nodes_[index].next;
    if (index == kNone)
        return false;
    remove(index);
    drops.finals++;
    return true;
}

} // namespace lt::broadcast
