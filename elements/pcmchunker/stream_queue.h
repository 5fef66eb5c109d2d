// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace lt::chunker {

/// A moment the consumer of a StreamQueue waits for, on whatever clock.
class Alarm {
public:
    virtual ~Alarm() = default;
    /// Returns true when the moment has come, false when it was cancelled. Called without any lock.
    virtual bool wait() = 0;
    /// Ends a wait that is going on, or the one that is about to begin. Any thread, must not block.
    virtual void cancel() = 0;
    /// As cancel() is called: from now on the wait that is going on ends when `when` has come, or earlier; it
    /// need not end while that is nothing. False when that cannot be arranged without ending it.
    virtual bool move(std::optional<std::uint64_t> when) = 0;
};

/// Hands a stream from the thread that produces it to the one thread that consumes it, in order, bounded in
/// time and in items: who puts in waits while it is full. Stopping it drops what waits and lets everybody go
/// at once; closing it turns data away but still carries what is not data.
///
/// Where the consumer has nothing to do, the producer may do its work for it instead of waking it: between
/// enter() and leave() it is the consumer's turn that the producer has, and no item is handed out.
///
/// Items that are not data (events) have no duration, so only the number of items bounds them.
template <typename Payload>
class StreamQueue {
public:
    enum class Fate { Taken, Stopped, Closed };
    enum class Turn { Item, Deadline, Woken, Restarted, Stopped };

    StreamQueue(std::uint64_t maxNs, std::size_t maxItems) : maxNs_(maxNs), ring_(maxItems) {}
    StreamQueue(const StreamQueue &) = delete;
    StreamQueue &operator=(const StreamQueue &) = delete;

    // Producer.

    /// Data. Waits while there is no room; an item longer than the whole queue finds room when it is empty.
    Fate push(Payload payload, std::uint64_t durationNs) {
        std::unique_lock lock(mutex_);
        while (!stopped_ && !closed_ && !hasRoom(durationNs))
            producer_.wait(lock);
        if (stopped_ || closed_)
            return stopped_ ? Fate::Stopped : Fate::Closed;
        append({std::move(payload), durationNs, false});
        wakeConsumer(lock);
        return Fate::Taken;
    }

    /// Not data: taken also when closed. False when stopped.
    bool post(Payload payload) { return appendWhenRoom(std::move(payload), false); }

    /// As post(), then waits for the consumer's answer(). False also when stopped before the consumer came to
    /// it. What the payload points to is not used any more after the return.
    bool ask(Payload payload) {
        if (!appendWhenRoom(std::move(payload), true))
            return false;
        std::unique_lock lock(mutex_);
        producer_.wait(lock, [&] { return answer_.has_value(); });
        return *std::exchange(answer_, std::nullopt);
    }

    /// Whether it is the producer's turn, until leave(): the consumer waits, and there is nothing for it to
    /// do. The consumer's next() returns only after that, but for Turn::Stopped.
    bool enter() {
        std::lock_guard lock(mutex_);
        if (!asleep_ || closed_)
            return false;
        entered_ = true;
        return true;
    }
    /// The end of the turn. The consumer is to wake at the moment `alarm` and need not wake where there is
    /// none; where its wait cannot be moved there, it is told Turn::Woken.
    void leave(std::optional<std::uint64_t> alarm) {
        std::unique_lock lock(mutex_);
        entered_ = false;
        if (!asleep_) { // it was woken meanwhile
            lock.unlock();
            consumer_.notify_one();
        } else if (waiting_ ? !waiting_->move(alarm) : alarm.has_value()) {
            woken_ = true;
            wakeConsumer(lock);
        }
    }

    // Any thread.

    /// Takes data again, as after a fresh start; the consumer is told Turn::Restarted, once.
    void start() {
        std::vector<Entry> dropped; // goes when the lock is gone
        std::unique_lock lock(mutex_);
        dropped = takeAll();
        stopped_ = closed_ = false;
        restarted_ = true;
        wakeConsumer(lock);
    }
    /// Drops everything and lets both sides go, until start().
    void stop() {
        std::vector<Entry> dropped;
        std::unique_lock lock(mutex_);
        stopped_ = true;
        dropped = takeAll();
        wakeConsumer(lock);
    }
    /// Data is turned away from now on; what waits remains for the consumer.
    void close() { setClosed(true); }
    void open() { setClosed(false); }
    /// The consumer gets Turn::Woken: something it depends on has changed.
    void wake() {
        std::unique_lock lock(mutex_);
        woken_ = true;
        wakeConsumer(lock);
    }
    std::uint64_t queuedNs() const {
        std::lock_guard lock(mutex_);
        return queuedNs_;
    }

    // Consumer.

    /// Waits for something to do; with an alarm no longer than until its moment.
    Turn next(Payload &payload, Alarm *alarm) {
        std::unique_lock lock(mutex_);
        for (bool waited = false, due = false;;) {
            if (stopped_)
                return Turn::Stopped;
            if (entered_) {
                consumer_.wait(lock);
                continue;
            }
            if (std::exchange(restarted_, false))
                return Turn::Restarted;
            if (std::exchange(woken_, false))
                return Turn::Woken;
            if (count_ > 0) {
                payload = takeFirst();
                return Turn::Item;
            }
            if (alarm && waited)
                return due ? Turn::Deadline : Turn::Woken;
            waited = asleep_ = true;
            if (alarm)
                due = waitFor(*alarm, lock);
            else
                consumer_.wait(lock, [&] { return !asleep_; });
            asleep_ = false;
        }
    }
    /// Answers ask() for the item taken last; nothing when it was not asked.
    void answer(bool result) {
        std::lock_guard lock(mutex_);
        if (!std::exchange(unanswered_, false))
            return;
        answer_ = result;
        producer_.notify_all();
    }
    bool empty() const {
        std::lock_guard lock(mutex_);
        return count_ == 0;
    }

private:
    struct Entry {
        Payload payload{};
        std::uint64_t durationNs = 0;
        bool asked = false;
    };

    // All below with mutex_ held.

    bool hasRoom(std::uint64_t durationNs) const {
        return count_ < ring_.size() && (queuedNs_ == 0 || queuedNs_ + durationNs <= maxNs_);
    }
    void append(Entry entry) {
        queuedNs_ += entry.durationNs;
        ring_[(first_ + count_++) % ring_.size()] = std::move(entry);
    }
    Payload takeFirst() {
        Entry entry = std::exchange(ring_[first_], Entry{});
        first_ = (first_ + 1) % ring_.size();
        count_--;
        queuedNs_ -= entry.durationNs;
        unanswered_ = entry.asked;
        producer_.notify_all();
        return std::move(entry.payload);
    }
    std::vector<Entry> takeAll() {
        std::vector<Entry> all;
        for (; count_ > 0; count_--, first_ = (first_ + 1) % ring_.size()) {
            all.push_back(std::exchange(ring_[first_], Entry{}));
            if (all.back().asked)
                answer_ = false;
        }
        queuedNs_ = 0;
        producer_.notify_all();
        return all;
    }
    /// What the caller does last. The lock goes first: a thread woken under it would only wait for it. An
    /// alarm is cancelled under it, so that it is surely the one that is waited for.
    void wakeConsumer(std::unique_lock<std::mutex> &lock) {
        if (!std::exchange(asleep_, false)) {
            if (entered_)
                consumer_.notify_one();
            return; // else it looks by itself before it waits
        }
        if (waiting_) {
            waiting_->cancel();
            return;
        }
        lock.unlock();
        consumer_.notify_one();
    }
    bool waitFor(Alarm &alarm, std::unique_lock<std::mutex> &lock) {
        waiting_ = &alarm;
        lock.unlock();
        const bool due = alarm.wait();
        lock.lock();
        waiting_ = nullptr;
        return due;
    }
    bool appendWhenRoom(Payload payload, bool asked) {
        std::unique_lock lock(mutex_);
        while (!stopped_ && count_ == ring_.size())
            producer_.wait(lock);
        if (stopped_)
            return false;
        append({std::move(payload), 0, asked});
        wakeConsumer(lock);
        return true;
    }
    void setClosed(bool closed) {
        std::lock_guard lock(mutex_);
        closed_ = closed;
        producer_.notify_all();
    }

    const std::uint64_t maxNs_;

    // One lock for all of it, the innermost one: nothing is called with it held but Alarm::cancel(), move().
    mutable std::mutex mutex_;
    std::condition_variable producer_, consumer_;
    std::vector<Entry> ring_; // of fixed size: nothing is allocated once it runs
    std::size_t first_ = 0, count_ = 0;
    std::uint64_t queuedNs_ = 0;
    bool stopped_ = true, closed_ = false, restarted_ = false, woken_ = false;
    bool unanswered_ = false; // the item taken last was asked
    std::optional<bool> answer_;
    bool asleep_ = false;      // the consumer waits, and nobody has woken it yet
    bool entered_ = false;     // it is the producer's turn
    Alarm *waiting_ = nullptr; // set while the consumer waits on it
};

} // namespace lt::chunker
