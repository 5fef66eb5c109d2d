// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptstore/store_news.h"
#include "lib/metrics/registry.h"
#include "lib/transcript/transcript.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace lt::store {

/// One element's share in a writer. Made by the writer.
struct StoreClient {
    StoreClient(Origin from, std::weak_ptr<StoreListener> whom)
        : origin(std::move(from)),
          listener(std::move(whom)),
          series(metrics::registry().session(origin.session)),
          queueGauge(series.gauge(metrics::names::kStoreQueueSize)) {}

    const Origin origin;
    const std::weak_ptr<StoreListener> listener;
    const metrics::SessionSeries series;
    metrics::Gauge &queueGauge;
    StoreCounts counts;
};

/// A message as it came from the streaming thread.
struct QueuedMessage {
    std::shared_ptr<StoreClient> client;
    TranscriptRef transcript;
    std::int64_t receivedMs;
    TimePoint queuedAt;
    std::uint64_t sequence = 0; ///< rises by one per message, from 1
};

/// What waits in memory, first in, first out, bounded by what it takes. Under its owner's lock.
class MessageQueue {
public:
    /// Days of speech. Reached only when neither database nor spool takes anything.
    static constexpr std::size_t kMostBytes = 256 * 1024 * 1024;

    /// False, and nothing queued, when the memory is used up.
    bool push(QueuedMessage message);
    /// The first ones, at most `limit`. They stay where they are, whatever is pushed meanwhile.
    std::vector<const QueuedMessage *> front(std::size_t limit) const;
    void pop(std::size_t count);

    bool empty() const { return messages_.empty(); }
    std::size_t size() const { return messages_.size(); }
    TimePoint oldest() const { return messages_.empty() ? TimePoint{} : messages_.front().queuedAt; }
    std::uint64_t lastPushed() const { return pushed_; }
    std::uint64_t lastPopped() const { return pushed_ - messages_.size(); }

private:
    static std::size_t costOf(const QueuedMessage &message);

    std::deque<QueuedMessage> messages_;
    std::size_t bytes_ = 0;
    std::uint64_t pushed_ = 0;
};

} // namespace lt::store
