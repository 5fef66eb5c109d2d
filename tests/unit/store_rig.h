// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptstore/store_writer.h"
#include "tests/unit/store_samples.h"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

/// A writer with a clock that only the test moves, and somebody who listens.
namespace store_test {

class FakeTime : public lt::store::TimeSource {
public:
    lt::store::TimePoint now() const override { return start_ + lt::store::Milliseconds(passed_.load()); }
    void wait(std::unique_lock<std::mutex> &lock, std::condition_variable &changed,
              lt::store::TimePoint until) override {
        if (until > now())
            changed.wait(lock);
    }
    void pass(lt::store::Milliseconds time) { passed_ += time.count(); }

private:
    const lt::store::TimePoint start_ = lt::store::TimePoint::clock::now();
    std::atomic<lt::store::Milliseconds::rep> passed_ = 0;
};

class Listener : public lt::store::StoreListener {
public:
    using Kind = lt::store::StoreNews::Kind;

    void onStoreNews(const lt::store::StoreNews &news) override {
        const std::lock_guard lock(mutex_);
        news_.push_back(news);
        changed_.notify_all();
    }
    void onSettled() override {
        const std::lock_guard lock(mutex_);
        settled_++;
        changed_.notify_all();
    }
    /// The test fails without it.
    lt::store::StoreNews waitFor(Kind kind, std::size_t count = 1) {
        std::unique_lock lock(mutex_);
        const lt::store::StoreNews *found = nullptr;
        g_assert_true(changed_.wait_for(lock, kPatience, [&] {
            std::size_t seen = 0;
            found = nullptr;
            for (const auto &news : news_)
                if (news.kind == kind && ++seen == count)
                    found = &news;
            return found != nullptr;
        }));
        return *found;
    }
    void waitForFinals(std::uint64_t finals) {
        std::unique_lock lock(mutex_);
        g_assert_true(changed_.wait_for(lock, kPatience, [&] { return storedFinals() >= finals; }));
        g_assert_cmpuint(storedFinals(), ==, finals);
    }
    void waitForSettled(int times = 1) {
        std::unique_lock lock(mutex_);
        g_assert_true(changed_.wait_for(lock, kPatience, [&] { return settled_ >= times; }));
    }
    std::size_t count(Kind kind) const {
        const std::lock_guard lock(mutex_);
        std::size_t seen = 0;
        for (const auto &news : news_)
            seen += news.kind == kind;
        return seen;
    }

private:
    static constexpr std::chrono::seconds kPatience{20};
    std::uint64_t storedFinals() const {
        std::uint64_t finals = 0;
        for (const auto &news : news_)
            finals += news.kind == Kind::Stored ? news.finals : 0;
        return finals;
    }

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<lt::store::StoreNews> news_;
    int settled_ = 0;
};

class WriterRig {
public:
    WriterRig(std::unique_ptr<lt::store::Database> database, const std::string &folder,
              lt::store::StorePolicy policy = {})
        : writer(std::make_unique<lt::store::StoreWriter>(
              std::move(database),
              lt::store::WriterSettings{policy, folder, "k", lt::store::Milliseconds(60000)}, time)),
          client(writer->attach(kOrigin, listener)) {}

    void push(const lt::Transcript &transcript) {
        g_assert_true(writer->push(client, lt::makeTranscript(transcript), 1));
    }
    void pushFinals(int from, int count) {
        for (int i = from; i < from + count; i++)
            push(spoken("u" + std::to_string(i), "text " + std::to_string(i)));
    }
    void pass(lt::store::Milliseconds elapsed) {
        time->pass(elapsed);
        writer->timeHasPassed();
    }

    const std::shared_ptr<FakeTime> time = std::make_shared<FakeTime>();
    const std::shared_ptr<Listener> listener = std::make_shared<Listener>();
    std::unique_ptr<lt::store::StoreWriter> writer;
    const std::shared_ptr<lt::store::StoreClient> client;
};

} // namespace store_test
