// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/store_writer.h"

#include "elements/transcriptstore/writer_core.h"

#include <algorithm>
#include <utility>

#include <pthread.h>

namespace lt::store {

namespace {

constexpr Milliseconds kFinishWithin{250};
constexpr Milliseconds kLongestJoin{1000};

} // namespace

StoreWriter::StoreWriter(std::unique_ptr<Database> database, WriterSettings settings,
                         std::shared_ptr<TimeSource> time)
    : core_(std::make_shared<Core>(std::move(database), std::move(settings), std::move(time))),
      thread_([core = core_] {
          pthread_setname_np(pthread_self(), "lt-store");
          core->run();
      }) {}

StoreWriter::~StoreWriter() {
    core_->finish(core_->now() + kFinishWithin);
    if (core_->waitForExit(kLongestJoin))
        thread_.join();
    else
        thread_.detach(); // it holds what it needs
}

std::shared_ptr<StoreClient> StoreWriter::attach(Origin origin, std::weak_ptr<StoreListener> listener) {
    return core_->attach(std::move(origin), std::move(listener));
}

void StoreWriter::detach(const std::shared_ptr<StoreClient> &client) {
    core_->detach(client);
}

bool StoreWriter::push(const std::shared_ptr<StoreClient> &client, TranscriptRef transcript,
                       std::int64_t receivedMs) {
    return core_->push(client, std::move(transcript), receivedMs);
}

void StoreWriter::settle(const std::shared_ptr<StoreClient> &client, TimePoint by) {
    core_->settle(client, by);
}

const WriterCounts &StoreWriter::counts() const {
    return core_->counts;
}

void StoreWriter::timeHasPassed() {
    core_->wake();
}

std::shared_ptr<StoreClient> StoreWriter::Core::attach(Origin origin, std::weak_ptr<StoreListener> listener) {
    auto client = std::make_shared<StoreClient>(std::move(origin), std::move(listener));
    std::lock_guard lock(mutex_);
    newcomers_.push_back(client);
    changed_.notify_all();
    return client;
}

void StoreWriter::Core::detach(const std::shared_ptr<StoreClient> &client) {
    std::lock_guard lock(mutex_);
    std::erase(clients_, client);
    std::erase(newcomers_, client);
    std::erase_if(waiters_, [&](const Waiter &waiter) { return waiter.client == client; });
    capPatience();
}

bool StoreWriter::Core::push(const std::shared_ptr<StoreClient> &client, TranscriptRef transcript,
                             std::int64_t receivedMs) {
    std::lock_guard lock(mutex_);
    if (!queue_.push({client, std::move(transcript), receivedMs, time_->now()}))
        return false;
    client->counts.received++;
    const std::size_t size = queue_.size();
    if (size == 1 || size == settings_.policy.maxBatch || size > settings_.policy.maxQueue)
        changed_.notify_all();
    return true;
}

void StoreWriter::Core::settle(const std::shared_ptr<StoreClient> &client, TimePoint by) {
    std::lock_guard lock(mutex_);
    waiters_.push_back({client, queue_.lastPushed(), by});
    capPatience();
    changed_.notify_all();
}

void StoreWriter::Core::wake() {
    std::lock_guard lock(mutex_);
    changed_.notify_all();
}

void StoreWriter::Core::finish(TimePoint by) {
    std::lock_guard lock(mutex_);
    finishBy_ = by;
    capPatience();
    changed_.notify_all();
}

bool StoreWriter::Core::waitForExit(Milliseconds longest) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, longest, [this] { return exited_; });
}

Situation StoreWriter::Core::situation() const {
    Situation now;
    now.queued = queue_.size();
    now.oldest = queue_.oldest();
    now.spooled = spooled_;
    now.finishing = finishBy_.has_value();
    now.settleBy = finishBy_;
    for (const Waiter &waiter : waiters_)
        now.settleBy = std::min(now.settleBy.value_or(waiter.by), waiter.by);
    return now;
}

void StoreWriter::Core::capPatience() {
    patienceCap_ = situation().settleBy.value_or(TimePoint::max()).time_since_epoch().count();
}

/// Takes those out who have nothing to wait for any more.
std::vector<std::shared_ptr<StoreListener>> StoreWriter::Core::settledListeners() {
    std::vector<std::shared_ptr<StoreListener>> settled = std::move(disappointed_);
    disappointed_.clear();
    std::erase_if(waiters_, [&](const Waiter &waiter) {
        const bool done = queue_.lastPopped() >= waiter.sequence;
        if (done)
            settled.push_back(waiter.client->listener.lock());
        return done;
    });
    capPatience();
    return settled;
}

/// Their time is over and the disk takes nothing: they must not hold up what the database may still take.
void StoreWriter::Core::dropLateWaiters() {
    std::lock_guard lock(mutex_);
    std::erase_if(waiters_, [&](const Waiter &waiter) {
        const bool late = waiter.by <= time_->now();
        if (late)
            disappointed_.push_back(waiter.client->listener.lock());
        return late;
    });
    capPatience();
}

} // namespace lt::store
