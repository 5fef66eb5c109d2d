// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/result_lane.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace lt::emulator {

void ResultLane::push(Message message, const Utterance *utterance, std::int64_t nowMs) {
    std::int64_t due = nowMs;
    if (utterance) {
        Channel &channel = channels_[utterance->channel];
        if (channel.utterance != utterance->number)
            channel = {utterance->number, 0, channel.finalMs};
        if (message.kind == MessageKind::kPartial) {
            due = std::max(channel.lastMs, nowMs + draws_.of(profile_.partial));
        } else if (message.kind == MessageKind::kFinal) {
            due = std::max({channel.lastMs, channel.finalMs, nowMs + draws_.of(profile_.final)});
            channel.finalMs = due;
        } else {
            due = std::max(channel.lastMs, nowMs); // an add-on goes with its final
        }
        channel.lastMs = due;
    }
    const auto behind =
        std::upper_bound(waiting_.begin(), waiting_.end(), due,
                         [](std::int64_t ms, const Entry &waiting) { return ms < waiting.dueMs; });
    waiting_.insert(behind, {due, std::move(message)});
}

std::vector<Message> ResultLane::takeDue(std::int64_t nowMs) {
    const auto end = std::find_if(waiting_.begin(), waiting_.end(),
                                  [nowMs](const Entry &waiting) { return waiting.dueMs > nowMs; });
    std::vector<Message> due;
    std::transform(waiting_.begin(), end, std::back_inserter(due),
                   [](Entry &waiting) { return std::move(waiting.message); });
    waiting_.erase(waiting_.begin(), end);
    return due;
}

std::vector<ResultLane::Entry> ResultLane::takeAll() {
    return std::exchange(waiting_, {});
}

std::optional<std::int64_t> ResultLane::nextDueMs() const {
    return waiting_.empty() ? std::nullopt : std::optional(waiting_.front().dueMs);
}

std::int64_t ResultLane::lastDueMs() const {
    return waiting_.empty() ? 0 : waiting_.back().dueMs;
}

} // namespace lt::emulator
