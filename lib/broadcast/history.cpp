// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/history.h"

#include "lib/broadcast/viewer_messages.h"

#include <algorithm>
#include <utility>

namespace lt::broadcast {

namespace {

constexpr std::size_t kMaxChannels = 64;

bool isPartial(const Frame &frame) {
    return frame.frameClass() == FrameClass::Partial;
}

bool takes(const ViewerFilter &filter, const Frame &frame) {
    return filter.takes(isPartial(frame), frame.label().language);
}

void appendMessage(std::string &out, const Frame &frame, bool split) {
    if (!out.empty())
        out += ',';
    if (split)
        out += splitPayload(frame);
    else
        out += frame.payload();
}

} // namespace

std::string splitPayload(const Frame &frame) {
    return splitMessage(frame.payload(), !isPartial(frame));
}

void History::add(FrameRef frame, std::uint64_t channel) {
    if (isPartial(*frame)) {
        if (partials_.contains(channel) || partials_.size() < kMaxChannels)
            partials_[channel] = std::move(frame);
        return;
    }
    if (const auto key = frame->label().key; key != 0)
        std::erase_if(partials_, [key](const auto &entry) { return entry.second->label().key == key; });
    bytes_ += frame->bytes().size();
    finals_.push_back(std::move(frame));
    while (finals_.size() > limits_.finals || (bytes_ > limits_.bytes && finals_.size() > 1)) {
        forgottenUpTo_ = finals_.front()->label().seq;
        bytes_ -= finals_.front()->bytes().size();
        finals_.pop_front();
    }
}

void History::clear() {
    *this = History(limits_);
}

/// In order of seq.
std::vector<FrameRef> History::currentPartials(std::uint64_t afterSeq) const {
    std::vector<FrameRef> found;
    for (const auto &[channel, frame] : partials_)
        if (frame->label().seq > afterSeq)
            found.push_back(frame);
    std::sort(found.begin(), found.end(),
              [](const FrameRef &a, const FrameRef &b) { return a->label().seq < b->label().seq; });
    return found;
}

History::Finals::const_iterator History::firstAfter(std::uint64_t seq) const {
    return std::partition_point(finals_.begin(), finals_.end(),
                                [seq](const FrameRef &frame) { return frame->label().seq <= seq; });
}

std::string History::replay(std::uint64_t seq, const ViewerFilter &filter, bool split) const {
    std::vector<FrameRef> missed = currentPartials(seq);
    const auto middle = missed.insert(missed.end(), firstAfter(seq), finals_.end());
    std::inplace_merge(missed.begin(), middle, missed.end(),
                       [](const FrameRef &a, const FrameRef &b) { return a->label().seq < b->label().seq; });
    std::string wire;
    for (const FrameRef &frame : missed) {
        if (!takes(filter, *frame))
            continue;
        if (split)
            wire += Frame(frame->opcode(), splitPayload(*frame), {}).bytes();
        else
            wire += frame->bytes();
    }
    return wire;
}

History::Range History::range(std::uint64_t fromSeq, std::uint64_t toSeq, const ViewerFilter &filter,
                              bool split) const {
    Range range{toSeq, std::max(fromSeq - 1, std::min(forgottenUpTo_, toSeq)), {}};
    const auto end = firstAfter(toSeq);
    for (auto final = firstAfter(fromSeq - 1); final != end; ++final) {
        if (!takes(filter, **final))
            continue;
        if (!range.messages.empty() && range.messages.size() + (*final)->bytes().size() > kMaxExcerpt) {
            range.toSeq = (*final)->label().seq - 1;
            break;
        }
        appendMessage(range.messages, **final, split);
    }
    return range;
}

History::Excerpt History::excerpt(std::size_t finals, const ViewerFilter &filter, bool split) const {
    Excerpt excerpt{forgottenUpTo_, {}};
    std::size_t bytes = 0, count = 0;
    auto first = finals_.end();
    while (first != finals_.begin()) {
        const Frame &older = **std::prev(first);
        if (takes(filter, older)) {
            bytes += older.bytes().size();
            if (++count > finals || (bytes > kMaxExcerpt && count > 1)) {
                excerpt.afterSeq = older.label().seq;
                break;
            }
        }
        --first;
    }
    for (; first != finals_.end(); ++first)
        if (takes(filter, **first))
            appendMessage(excerpt.messages, **first, split);
    for (const FrameRef &frame : currentPartials(0))
        if (takes(filter, *frame))
            appendMessage(excerpt.messages, *frame, split);
    return excerpt;
}

} // namespace lt::broadcast
