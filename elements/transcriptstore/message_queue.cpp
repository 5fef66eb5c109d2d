// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/message_queue.h"

#include <algorithm>
#include <utility>

namespace lt::store {

std::size_t MessageQueue::costOf(const QueuedMessage &message) {
    const Transcript &transcript = valueOf(message.transcript.get());
    std::size_t bytes = sizeof(QueuedMessage) + sizeof(Transcript) + transcript.text.size();
    for (const Word &word : transcript.words)
        bytes += sizeof(Word) + word.text.size();
    for (const Finding &finding : transcript.findings)
        bytes += sizeof(Finding) + finding.text.size();
    return bytes;
}

bool MessageQueue::push(QueuedMessage message) {
    const std::size_t cost = costOf(message);
    if (bytes_ + cost > kMostBytes)
        return false;
    bytes_ += cost;
    message.sequence = ++pushed_;
    message.client->counts.queued++;
    message.client->queueGauge.add(1);
    messages_.push_back(std::move(message));
    return true;
}

std::vector<const QueuedMessage *> MessageQueue::front(std::size_t limit) const {
    std::vector<const QueuedMessage *> found;
    const std::size_t count = std::min(limit, messages_.size());
    found.reserve(count);
    for (std::size_t i = 0; i < count; i++)
        found.push_back(&messages_[i]); // a deque moves nothing when it grows
    return found;
}

void MessageQueue::pop(std::size_t count) {
    for (; count > 0; count--) {
        const QueuedMessage &message = messages_.front();
        bytes_ -= costOf(message);
        message.client->counts.queued--;
        message.client->queueGauge.add(-1);
        messages_.pop_front();
    }
}

} // namespace lt::store
