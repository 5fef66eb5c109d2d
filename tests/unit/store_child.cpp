// SPDX-License-Identifier: LGPL-2.1-or-later
// A process that stores finals until it is killed. Arguments: location, spool folder, seed, first number, how
// many. "stored N" says that all finals up to number N are acknowledged as stored, "spooled N" that N of this
// process are on the disk. With 0 finals it stores what it finds in the spool, says "done", and ends.
#include "elements/transcriptstore/databases.h"
#include "elements/transcriptstore/store_writer.h"
#include "tests/unit/store_samples.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>

using namespace lt::store;
using namespace store_test;

namespace {

/// A database with outages, at places that the seed chooses.
class MoodyDatabase : public Database {
public:
    MoodyDatabase(std::unique_ptr<Database> real, unsigned seed, bool moody)
        : real_(std::move(real)), random_(seed), moody_(moody) {}

    Answer connect(const Patience &patience) override { return real_->connect(patience); }
    bool connected() const override { return real_->connected(); }
    void disconnect() override { real_->disconnect(); }
    Answer store(std::span<const StoredMessage> messages, const Patience &patience) override {
        if (moody_ && left_ == 0 && random_() % 16 == 0)
            left_ = random_() % 3;
        if (left_ > 0) {
            left_--;
            return {Verdict::Unavailable, "It is in a mood."};
        }
        return real_->store(messages, patience);
    }
    Answer read(const Selection &selection, const std::function<bool(const StoredMessage &)> &take,
                const Patience &patience) override {
        return real_->read(selection, take, patience);
    }
    Answer sessions(const std::function<void(const std::string &)> &take, const Patience &patience) override {
        return real_->sessions(take, patience);
    }

private:
    const std::unique_ptr<Database> real_;
    std::minstd_rand random_;
    const bool moody_;
    unsigned left_ = 0;
};

class Reporter : public StoreListener {
public:
    void onStoreNews(const StoreNews &news) override {
        if (news.kind == StoreNews::Kind::Stored && news.last)
            std::printf("stored %s\n", news.last->utteranceId.c_str() + 1);
        if (news.kind == StoreNews::Kind::Spooling)
            std::printf("spooled %llu\n", static_cast<unsigned long long>(news.finals));
        std::fflush(stdout);
    }
    void onSettled() override {}
};

} // namespace

int main(int argc, char **argv) {
    g_assert_cmpint(argc, ==, 6);
    const auto seed = static_cast<unsigned>(std::atoi(argv[3]));
    const int first = std::atoi(argv[4]), count = std::atoi(argv[5]);
    std::string error;
    const auto location = DatabaseLocation::parse(argv[1], error);
    auto database = std::make_unique<MoodyDatabase>(makeDatabase(*location, error), seed, count > 0);
    const StorePolicy policy{Milliseconds(10), 20, count > 0 ? std::size_t{40} : std::size_t{1000}};
    StoreWriter writer(std::move(database), {policy, argv[2], "k"});
    const auto reporter = std::make_shared<Reporter>();
    const auto client = writer.attach(kOrigin, reporter);
    std::minstd_rand random(seed);
    std::uint64_t most = 0;
    for (int i = first; i < first + count; i++) {
        writer.push(client, lt::makeTranscript(spoken("u" + std::to_string(i), "text")), 1);
        if (i % 64 == 0)
            most = random() % 120; // now and then more than the queue may hold
        while (client->counts.queued > most)
            std::this_thread::yield();
    }
    while (client->counts.queued > 0 || writer.counts().spool > 0 || !writer.counts().connected)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::printf("done\n");
    return 0;
}
