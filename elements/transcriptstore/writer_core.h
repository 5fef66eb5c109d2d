// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptstore/batch.h"
#include "elements/transcriptstore/store_writer.h"

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace lt::store {

/// What the thread and its users share.
class StoreWriter::Core {
public:
    Core(std::unique_ptr<Database> database, WriterSettings settings, std::shared_ptr<TimeSource> time);

    // Any thread.
    std::shared_ptr<StoreClient> attach(Origin origin, std::weak_ptr<StoreListener> listener);
    void detach(const std::shared_ptr<StoreClient> &client);
    bool push(const std::shared_ptr<StoreClient> &client, TranscriptRef transcript, std::int64_t receivedMs);
    void settle(const std::shared_ptr<StoreClient> &client, TimePoint by);
    void wake();
    void finish(TimePoint by);
    bool waitForExit(Milliseconds longest);
    TimePoint now() const { return time_->now(); }

    /// The thread.
    void run();

    WriterCounts counts;

private:
    struct Waiter {
        std::shared_ptr<StoreClient> client;
        std::uint64_t sequence;
        TimePoint by;
    };

    // Under mutex_.
    Situation situation() const;
    void capPatience();
    std::vector<std::shared_ptr<StoreListener>> settledListeners();
    void dropLateWaiters();

    // The thread, without locks.
    Answer connect();
    void welcomeNewcomers();
    void take(Step step);
    void commitQueue();
    void replaySpool();
    void spoolQueue();
    void giveUp();
    Answer write(const Batch &batch);
    Answer writeOneByOne(const Batch &batch);
    Answer writeTimed(std::span<const StoredMessage> messages);
    Answer putAside(const StoredMessage &message, const std::string &why);
    void worked(const Batch &batch);
    void failed(const Answer &answer);
    void popQueue(std::size_t count);
    void countSpool();
    void tellAll(const StoreNews &news);
    static void tell(const StoreClient &client, const StoreNews &news);
    void tellStored(const Batch &batch);
    void tellSession(const std::string &session, const StoreNews &news);
    std::vector<std::shared_ptr<StoreClient>> clientsOf(const std::string &session);

    const WriterSettings settings_;
    const std::shared_ptr<TimeSource> time_;

    mutable std::mutex mutex_; // guards what follows, up to the empty line; nothing is called under it
    std::condition_variable changed_;
    MessageQueue queue_;
    std::vector<std::shared_ptr<StoreClient>> clients_;
    std::vector<std::shared_ptr<StoreClient>> newcomers_; // who have not been told yet how things stand
    std::vector<Waiter> waiters_;
    std::vector<std::shared_ptr<StoreListener>>
        disappointed_; // who waited, and neither disk nor database worked
    std::optional<TimePoint> finishBy_;
    bool exited_ = false;
    std::size_t spooled_ = 0; // what the spool's size was, for situation()

    std::atomic<TimePoint::rep> patienceCap_; // see Patience
    // The thread's own.
    std::unique_ptr<Database> database_;
    Spool spool_;
    StorePlanner planner_;
    std::minstd_rand random_{std::random_device{}()};
    bool everStored_ = false;
    std::optional<StoreNews> trouble_; // what has been told of the database, while it lasts
    bool toldSpooling_ = false;
    bool toldSpoolFailed_ = false;
    metrics::Histogram &batchSizes_;
    metrics::Histogram &commitTimes_;
    metrics::Counter &retries_;
    metrics::Gauge &spoolSize_;
};

} // namespace lt::store
