// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/batch.h"
#include "tests/support/process.h"
#include "tests/unit/store_rig.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

using namespace lt::store;
using namespace store_test;
using namespace std::chrono_literals;
using lt::support::TemporaryDirectory;
using Kind = StoreNews::Kind;

namespace {

/// What a database may do, as the test says.
struct Script {
    std::atomic<Verdict> connect = Verdict::Done;
    std::atomic<Verdict> store = Verdict::Done;
    std::atomic<bool> hangs = false; ///< until patience is over
    std::string refused;             ///< utterance id it never takes

    std::mutex mutex; // guards what follows
    std::condition_variable changed;
    std::vector<StoredMessage> rows;
    std::vector<std::size_t> batches;
    int calls = 0;

    void waitForCalls(int wanted) {
        std::unique_lock lock(mutex);
        g_assert_true(changed.wait_for(lock, 60s, [&] { return calls >= wanted; }));
    }
    std::string ids() {
        const std::lock_guard lock(mutex);
        std::string text;
        for (const auto &row : rows)
            text += row.transcript.utteranceId + " ";
        return text;
    }
};

class ScriptedDatabase : public Database {
public:
    explicit ScriptedDatabase(std::shared_ptr<Script> script) : script_(std::move(script)) {}

    Answer connect(const Patience &) override {
        const Answer answer = say(script_->connect);
        connected_ = answer.done();
        return answer;
    }
    bool connected() const override { return connected_; }
    void disconnect() override { connected_ = false; }
    Answer store(std::span<const StoredMessage> messages, const Patience &patience) override {
        while (script_->hangs && !patience.over())
            std::this_thread::yield();
        const std::lock_guard lock(script_->mutex);
        script_->calls++;
        script_->changed.notify_all();
        if (script_->hangs || script_->store != Verdict::Done)
            return say(script_->hangs ? Verdict::Unavailable : script_->store.load());
        for (const auto &message : messages)
            if (message.transcript.utteranceId == script_->refused)
                return say(Verdict::Refused);
        script_->batches.push_back(messages.size());
        for (const auto &message : messages)
            keep(message);
        return {};
    }
    Answer read(const Selection &, const std::function<bool(const StoredMessage &)> &,
                const Patience &) override {
        return {};
    }
    Answer sessions(const std::function<void(const std::string &)> &, const Patience &) override {
        return {};
    }

private:
    static Answer say(Verdict verdict) {
        return verdict == Verdict::Done ? Answer{} : Answer{verdict, "The scripted database says no."};
    }
    void keep(const StoredMessage &message) {
        for (auto &row : script_->rows)
            if (identityOf(row) == identityOf(message)) {
                if (supersedes(message.transcript, row.transcript))
                    row = message;
                return;
            }
        script_->rows.push_back(message);
    }

    const std::shared_ptr<Script> script_;
    bool connected_ = false;
};

struct Rig : TemporaryDirectory {
    explicit Rig(StorePolicy policy = {}, Verdict connect = Verdict::Done) {
        script->connect = connect;
        rig = std::make_unique<WriterRig>(std::make_unique<ScriptedDatabase>(script), file("spool"), policy);
    }
    /// The next process, so to speak, with a database that works.
    void restart() {
        rig.reset();
        script->store = Verdict::Done;
        rig = std::make_unique<WriterRig>(std::make_unique<ScriptedDatabase>(script), file("spool"));
    }
    std::shared_ptr<Script> script = std::make_shared<Script>();
    std::unique_ptr<WriterRig> rig;
};

std::string ids(int from, int count) {
    std::string text;
    for (int i = from; i < from + count; i++)
        text += "u" + std::to_string(i) + " ";
    return text;
}

void expectIds(Rig &rig, const std::string &wanted) {
    expectText(rig.script->ids(), wanted);
}

void what_comes_within_flush_ms_is_one_transaction_and_acknowledged() {
    Rig rig;
    rig.rig->pushFinals(0, 5);
    rig.rig->pass(300ms);
    const StoreNews news = rig.rig->listener->waitFor(Kind::Stored);
    g_assert_cmpuint(news.messages, ==, 5);
    g_assert_cmpuint(news.finals, ==, 5);
    expectText(news.last->utteranceId, "u4");
    g_assert_cmpuint(rig.script->batches.at(0), ==, 5);
    g_assert_cmpuint(rig.rig->client->counts.storedFinals, ==, 5);
    g_assert_cmpuint(rig.rig->writer->counts().commits, ==, 1);
}

void a_full_batch_does_not_wait() {
    Rig rig;
    rig.rig->pushFinals(0, 250);
    rig.rig->listener->waitFor(Kind::Stored, 2);
    rig.rig->pass(300ms);
    rig.rig->listener->waitForFinals(250);
    expectIds(rig, ids(0, 250));
    g_assert_cmpuint(*std::max_element(rig.script->batches.begin(), rig.script->batches.end()), ==, 100);
}

void a_short_outage_is_waited_for_in_memory() {
    Rig rig;
    rig.script->store = Verdict::Unavailable;
    rig.rig->pushFinals(0, 5);
    rig.rig->pass(300ms);
    const StoreNews news = rig.rig->listener->waitFor(Kind::Unavailable);
    g_assert_true(news.sentence.find("Transcripts are kept") != news.sentence.npos);
    rig.script->store = Verdict::Done;
    rig.rig->pass(1000ms);
    rig.rig->listener->waitForFinals(5);
    rig.rig->listener->waitFor(Kind::Available);
    expectIds(rig, ids(0, 5));
    g_assert_cmpuint(rig.rig->listener->count(Kind::Spooling), ==, 0);
    g_assert_cmpuint(rig.rig->writer->counts().retries, >=, 1);
}

void minutes_of_outage_go_to_disk_and_come_back_in_order() {
    Rig rig;
    rig.script->store = Verdict::Unavailable;
    rig.rig->pushFinals(0, 10);
    rig.rig->pass(300ms);
    rig.rig->listener->waitFor(Kind::Unavailable);
    rig.rig->pass(3000ms);
    rig.rig->listener->waitFor(Kind::Spooling);
    for (int minute = 0; minute < 5; minute++) {
        rig.rig->pushFinals(10 + minute * 10, 10);
        rig.rig->pass(60000ms);
    }
    while (rig.rig->writer->counts().spool < 60)
        std::this_thread::yield();
    g_assert_cmpuint(rig.rig->client->counts.storedFinals, ==, 0);
    g_assert_cmpuint(rig.rig->client->counts.spooled, ==, 60);
    rig.script->store = Verdict::Done;
    rig.rig->pass(20000ms);
    rig.rig->listener->waitForFinals(60);
    expectIds(rig, ids(0, 60));
    g_assert_cmpuint(rig.rig->listener->count(Kind::Spooling), ==, 1);
    g_assert_cmpuint(rig.rig->listener->count(Kind::Unavailable), ==, 1);
    g_assert_cmpuint(rig.rig->listener->count(Kind::Available), ==, 1);
}

void a_full_queue_goes_to_disk_at_once() {
    Rig rig({300ms, 100, 50});
    rig.script->store = Verdict::Unavailable;
    rig.rig->pushFinals(0, 51);
    rig.rig->listener->waitFor(Kind::Spooling);
    rig.script->store = Verdict::Done;
    rig.rig->pass(20000ms);
    rig.rig->listener->waitForFinals(51);
    expectIds(rig, ids(0, 51));
}

void partials_are_stored_replaced_and_not_spooled() {
    Rig rig;
    rig.rig->push(spoken("u1", "par", 1, false));
    rig.rig->push(spoken("u1", "partial", 2, false));
    rig.rig->pass(300ms);
    g_assert_cmpuint(rig.rig->listener->waitFor(Kind::Stored).messages, ==, 1);
    rig.script->store = Verdict::Unavailable;
    rig.rig->push(spoken("u1", "final", 3));
    rig.rig->push(spoken("u2", "next", 1, false));
    rig.rig->pass(300ms);
    rig.rig->listener->waitFor(Kind::Unavailable);
    rig.rig->pass(3000ms);
    rig.rig->listener->waitFor(Kind::Spooling);
    rig.script->store = Verdict::Done;
    rig.rig->pass(20000ms);
    rig.rig->listener->waitForFinals(1);
    expectIds(rig, "u1 ");
    expectText(rig.script->rows[0].transcript.text, "final");
    g_assert_cmpuint(rig.rig->client->counts.droppedPartials, ==, 1);
}

void what_the_database_refuses_is_put_aside_and_the_rest_is_stored() {
    Rig rig;
    rig.script->refused = "u3";
    rig.rig->pushFinals(0, 5);
    rig.rig->pass(300ms);
    rig.rig->listener->waitFor(Kind::Refused);
    rig.rig->listener->waitFor(Kind::Stored);
    expectIds(rig, "u0 u1 u2 u4 ");
    g_assert_cmpuint(rig.rig->client->counts.refused, ==, 1);
    std::ifstream kept(rig.file("spool/k-refused.jsonl"));
    const std::string text((std::istreambuf_iterator<char>(kept)), {});
    g_assert_true(text.find("\"utteranceId\":\"u3\"") != text.npos);
}

void a_database_that_was_never_usable_is_a_failure_and_nothing_is_lost() {
    Rig rig({}, Verdict::NotAllowed);
    const StoreNews news = rig.rig->listener->waitFor(Kind::Failed);
    g_assert_true(news.verdict == Verdict::NotAllowed);
    rig.rig->pushFinals(0, 3);
    rig.rig->listener->waitFor(Kind::Spooling);
    const auto late = std::make_shared<Listener>();
    const auto client = rig.rig->writer->attach({"late", "run-9", 0}, late);
    late->waitFor(Kind::Failed);
    rig.script->connect = Verdict::Done;
    rig.rig->pass(20000ms);
    rig.rig->listener->waitForFinals(3);
    expectIds(rig, ids(0, 3));
}

void settling_stores_at_once_and_tells() {
    Rig rig;
    rig.rig->pushFinals(0, 1);
    rig.rig->writer->settle(rig.rig->client, rig.rig->time->now() + 5s);
    rig.rig->listener->waitForSettled();
    expectIds(rig, ids(0, 1));
    rig.rig->writer->settle(rig.rig->client, rig.rig->time->now() + 5s);
    rig.rig->listener->waitForSettled(2); // with nothing to do
}

void settling_spools_what_a_hanging_database_does_not_take_in_time() {
    Rig rig;
    rig.script->hangs = true;
    rig.rig->pushFinals(0, 3);
    rig.rig->pass(300ms);
    rig.rig->writer->settle(rig.rig->client, TimePoint::clock::now()); // the call that hangs is cut short
    rig.rig->listener->waitForSettled();
    g_assert_cmpuint(rig.rig->client->counts.spooled, ==, 3);
    rig.script->hangs = false;
    rig.rig->pass(20000ms);
    rig.rig->listener->waitForFinals(3);
    expectIds(rig, ids(0, 3));
}

void the_end_leaves_on_disk_what_was_not_stored_and_the_next_start_stores_it() {
    Rig rig;
    rig.script->store = Verdict::Unavailable;
    rig.rig->pushFinals(0, 7);
    rig.rig->pass(300ms);
    rig.rig->listener->waitFor(Kind::Unavailable);
    rig.rig->pass(3000ms);
    rig.rig->listener->waitFor(Kind::Spooling);
    rig.restart();
    rig.rig->listener->waitForFinals(7);
    expectIds(rig, ids(0, 7));
    g_assert_true(std::filesystem::is_empty(rig.file("spool")));
}

void when_disk_and_database_fail_messages_stay_in_memory_until_one_works() {
    Rig rig;
    std::ofstream(rig.file("spool")) << "a file where the folder should be";
    rig.script->store = Verdict::Unavailable;
    rig.rig->pushFinals(0, 5);
    rig.rig->pass(300ms);
    rig.rig->listener->waitFor(Kind::Unavailable);
    rig.rig->pass(3000ms);
    rig.rig->listener->waitFor(Kind::SpoolFailed);
    rig.rig->pushFinals(5, 5);
    rig.rig->writer->settle(rig.rig->client, rig.rig->time->now());
    rig.rig->pass(1000ms);
    rig.rig->listener->waitForSettled(); // nobody waits for ever
    g_assert_cmpuint(rig.rig->client->counts.queued, ==, 10);
    rig.script->store = Verdict::Done;
    rig.rig->pass(20000ms);
    rig.rig->listener->waitForFinals(10);
    expectIds(rig, ids(0, 10));
}

void many_sessions_share_a_writer_and_each_hears_of_its_own() {
    Rig rig;
    std::vector<std::shared_ptr<Listener>> listeners;
    std::vector<std::shared_ptr<StoreClient>> clients;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
        listeners.push_back(std::make_shared<Listener>());
        clients.push_back(rig.rig->writer->attach({"s" + std::to_string(i), "run", 0}, listeners.back()));
    }
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&, i] {
            for (int n = 0; n < 200; n++)
                rig.rig->writer->push(clients[static_cast<std::size_t>(i)],
                                      lt::makeTranscript(spoken("u" + std::to_string(n), "x")), 1);
        });
    for (auto &thread : threads)
        thread.join();
    rig.rig->pass(300ms);
    for (const auto &listener : listeners)
        listener->waitForFinals(200);
    g_assert_cmpuint(rig.rig->listener->count(Kind::Stored), ==, 0);
    rig.rig->writer->detach(clients[0]);
    rig.rig->writer->push(clients[0], lt::makeTranscript(spoken("last", "x")), 1);
    rig.rig->pass(300ms);
    rig.rig->writer->settle(rig.rig->client, rig.rig->time->now() + 5s);
    rig.rig->listener->waitForSettled();
    listeners[0]->waitForFinals(200);
    const std::lock_guard lock(rig.script->mutex);
    g_assert_cmpuint(rig.script->rows.size(), ==, 801);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/store-writer/batch", what_comes_within_flush_ms_is_one_transaction_and_acknowledged);
    g_test_add_func("/store-writer/full-batch", a_full_batch_does_not_wait);
    g_test_add_func("/store-writer/short-outage", a_short_outage_is_waited_for_in_memory);
    g_test_add_func("/store-writer/outage", minutes_of_outage_go_to_disk_and_come_back_in_order);
    g_test_add_func("/store-writer/full-queue", a_full_queue_goes_to_disk_at_once);
    g_test_add_func("/store-writer/partials", partials_are_stored_replaced_and_not_spooled);
    g_test_add_func("/store-writer/refused", what_the_database_refuses_is_put_aside_and_the_rest_is_stored);
    g_test_add_func("/store-writer/failed",
                    a_database_that_was_never_usable_is_a_failure_and_nothing_is_lost);
    g_test_add_func("/store-writer/settle", settling_stores_at_once_and_tells);
    g_test_add_func("/store-writer/settle-late",
                    settling_spools_what_a_hanging_database_does_not_take_in_time);
    g_test_add_func("/store-writer/restart",
                    the_end_leaves_on_disk_what_was_not_stored_and_the_next_start_stores_it);
    g_test_add_func("/store-writer/nothing-works",
                    when_disk_and_database_fail_messages_stay_in_memory_until_one_works);
    g_test_add_func("/store-writer/sessions", many_sessions_share_a_writer_and_each_hears_of_its_own);
    return g_test_run();
}
