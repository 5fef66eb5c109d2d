// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/postgres_database.h"
#include "elements/transcriptstore/schema.h"
#include "tests/support/postgres_cluster.h"
#include "tests/unit/store_database_cases.h"
#include "tests/unit/store_rig.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace lt::store;
using namespace store_test;
using namespace std::chrono_literals;
using lt::support::PostgresCluster;
using lt::support::TemporaryDirectory;
using Kind = StoreNews::Kind;

namespace {

PostgresCluster *cluster; // one for all tests: making it takes seconds

/// A new database in it.
std::string newDatabase() {
    static int count = 0;
    const std::string name = "test" + std::to_string(count++);
    cluster->query("CREATE DATABASE " + name);
    return name;
}

DatabaseLocation at(const std::string &uri) {
    std::string error;
    return *DatabaseLocation::parse(uri, error);
}

std::unique_ptr<PostgresDatabase> databaseOf(const std::string &name) {
    return std::make_unique<PostgresDatabase>(at(cluster->uri(name)));
}

void onEmptyDatabase(gconstpointer data) {
    const auto database = databaseOf(newDatabase());
    assertDone(database->connect(patience()));
    static_cast<const DatabaseCase *>(data)->run(*database);
}

void the_view_reads_as_a_transcript() {
    const std::string name = newDatabase();
    const auto database = databaseOf(name);
    assertDone(database->connect(patience()));
    storeConversation(*database);
    expectText(cluster->query("SELECT string_agg(position || ' ' || speaker || ': ' || text, '; ') FROM "
                              "lt_transcript",
                              name),
               "00:00:01.000 Zoë: Good morning.; 01:02:03.456 p-2: Good evening.");
}

void a_database_of_the_first_schema_is_migrated_and_keeps_its_rows() {
    const std::string name = newDatabase();
    cluster->query(
        std::string(kPostgresqlMigrations[0]) +
            "UPDATE lt_schema SET version = 1; INSERT INTO lt_sessions (name) VALUES ('demo');"
            "INSERT INTO lt_runs (session_id, name, started_at) VALUES (1, 'old', to_timestamp(1));"
            "INSERT INTO lt_messages (session_id, epoch, kind, utterance_id, language, revision, "
            "is_final, run_id, speaker, text, reason, received_at) VALUES (1, 'e', 'transcript', 'u', "
            "'en', 1, true, 1, '', 'old words', '', to_timestamp(1))",
        name);
    std::vector<std::thread> threads; // several processes may start at once
    for (int i = 0; i < 3; i++)
        threads.emplace_back([&] { assertDone(databaseOf(name)->connect(patience())); });
    for (auto &thread : threads)
        thread.join();
    const auto database = databaseOf(name);
    assertDone(database->connect(patience()));
    assertDone(database->store(std::vector{stored("u1", "new words")}, patience()));
    g_assert_cmpuint(readAll(*database).size(), ==, 2);
    expectText(cluster->query("SELECT count(*) FROM lt_transcript", name), "2");
    expectText(cluster->query("SELECT version FROM lt_schema", name), std::to_string(kSchemaVersion));
}

void expectRefusal(const std::string &uri, Verdict verdict, const char *words) {
    PostgresDatabase database(at(uri));
    const Answer answer = database.connect(patience());
    g_test_message("%s", answer.sentence.c_str());
    g_assert_true(answer.verdict == verdict);
    g_assert_true(answer.sentence.find(words) != answer.sentence.npos);
    g_assert_true(answer.sentence.find(PostgresCluster::kPassword) == answer.sentence.npos);
    g_assert_false(database.connected());
}

void what_cannot_be_used_is_told_apart_and_no_password_is_told() {
    const std::string name = newDatabase();
    expectRefusal(cluster->uri(name, "s3cret-but-wrong"), Verdict::NotAllowed, "authentication failed");
    expectRefusal(cluster->uri("nosuch"), Verdict::Unusable, "does not exist");
    expectRefusal("postgresql://me:s3cret@127.0.0.1:1/db", Verdict::Unavailable, "refused");
    expectRefusal("postgresql://me:s3cret@127.0.0.1:port/db", Verdict::Unusable, "port");
    expectRefusal("postgresql://me@host/db?no_such=s3cret&password=s3cret", Verdict::Unusable, "no_such");
    assertDone(databaseOf(name)->connect(patience()));
    cluster->query("UPDATE lt_schema SET version = 99", name);
    expectRefusal(cluster->uri(name), Verdict::Unusable, "update it");
}

void an_account_needs_no_more_than_the_documented_rights() {
    const std::string name = newDatabase();
    assertDone(databaseOf(name)->connect(patience()));
    cluster->query(
        "CREATE ROLE captions LOGIN PASSWORD 's3cret';"
        "GRANT SELECT ON lt_schema TO captions;"
        "GRANT SELECT, INSERT, UPDATE ON lt_sessions, lt_runs, lt_participants, lt_messages TO captions",
        name);
    std::string uri = cluster->uri(name);
    uri.replace(uri.find("postgres:s3cret"), 8, "captions");
    PostgresDatabase database(at(uri));
    assertDone(database.connect(patience()));
    storeConversation(database);
    cluster->query("REVOKE INSERT ON lt_messages FROM captions", name);
    g_assert_true(database.store(std::vector{stored("u9", "x")}, patience()).verdict == Verdict::NotAllowed);
}

void what_a_constraint_refuses_costs_only_itself() {
    const std::string name = newDatabase();
    const auto database = databaseOf(name);
    assertDone(database->connect(patience()));
    cluster->query("ALTER TABLE lt_messages ADD CHECK (text <> 'forbidden')", name);
    const std::vector messages = {stored("u1", "a"), stored("u2", "forbidden")};
    g_assert_true(database->store(messages, patience()).verdict == Verdict::Refused);
    g_assert_cmpuint(readAll(*database).size(), ==, 0);
    assertDone(database->store(std::span(messages).first(1), patience()));
    g_assert_cmpuint(readAll(*database).size(), ==, 1);
}

void a_database_that_hangs_costs_no_more_than_the_patience() {
    const std::string name = newDatabase();
    const auto one = databaseOf(name), two = databaseOf(name);
    assertDone(one->connect(patience()));
    PqConnection holder(at(cluster->uri(name)));
    assertDone(holder.open(patience()));
    assertDone(holder.run("BEGIN; LOCK TABLE lt_messages", patience()));
    const std::atomic<TimePoint::rep> soon = (TimePoint::clock::now() + 200ms).time_since_epoch().count();
    const Answer answer = one->store(std::vector{stored("u1", "a")}, Patience(TimePoint::max(), soon));
    g_assert_true(answer.verdict == Verdict::Unavailable);
    g_assert_false(one->connected());
    assertDone(holder.run("ROLLBACK", patience()));
    assertDone(one->connect(patience()));
    assertDone(one->store(std::vector{stored("u1", "a")}, patience()));
    g_assert_cmpuint(readAll(*one).size(), ==, 1);
}

void expectAllOnce(const std::string &name, int count) {
    expectText(cluster->query("SELECT count(*), count(DISTINCT utterance_id) FROM lt_messages", name),
               std::to_string(count) + "|" + std::to_string(count));
    // In the order they were spoken, though most came from the disk.
    expectText(
        cluster->query("SELECT count(*) FROM (SELECT id, lag(id) OVER (ORDER BY "
                       "substr(utterance_id, 2)::int) AS before FROM lt_messages) AS m WHERE id < before",
                       name),
        "0");
}

void a_server_that_is_away_for_minutes_gets_everything_afterwards() {
    TemporaryDirectory directory;
    const std::string name = newDatabase();
    WriterRig rig(databaseOf(name), directory.file("spool"));
    rig.pushFinals(0, 50);
    rig.pass(300ms);
    rig.listener->waitForFinals(50);
    cluster->crash();
    for (int minute = 0; minute < 10; minute++) {
        rig.pushFinals(50 + minute * 50, 50);
        rig.pass(60000ms);
    }
    rig.listener->waitFor(Kind::Unavailable);
    while (rig.writer->counts().spool < 500) {
        rig.pass(1000ms); // until the writer has seen that two seconds have passed
        std::this_thread::yield();
    }
    cluster->start();
    rig.pass(60000ms);
    rig.listener->waitForFinals(550);
    rig.listener->waitFor(Kind::Available);
    expectAllOnce(name, 550);
}

void a_server_that_is_killed_in_mid_transaction_has_everything_once() {
    TemporaryDirectory directory;
    const std::string name = newDatabase();
    WriterRig rig(databaseOf(name), directory.file("spool"));
    rig.pushFinals(0, 20);
    rig.pass(300ms);
    rig.listener->waitForFinals(20);
    // The writer's transaction has begun and waits for the lock when the server dies.
    PqConnection holder(at(cluster->uri(name)));
    assertDone(holder.open(patience()));
    assertDone(holder.run("BEGIN; LOCK TABLE lt_messages", patience()));
    rig.pushFinals(20, 100);
    while (cluster->query("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
                          "postgres") != "1")
        ;
    cluster->crash();
    rig.listener->waitFor(Kind::Unavailable);
    cluster->start();
    rig.pass(60000ms);
    rig.listener->waitForFinals(120);
    expectAllOnce(name, 120);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    if (!PostgresCluster::isPossible()) {
        g_print("1..0 # SKIP there is no PostgreSQL server here\n");
        return 0;
    }
    PostgresCluster own;
    own.start();
    cluster = &own;
    addDatabaseCases("/postgresql", onEmptyDatabase);
    g_test_add_func("/postgresql/view", the_view_reads_as_a_transcript);
    g_test_add_func("/postgresql/migration", a_database_of_the_first_schema_is_migrated_and_keeps_its_rows);
    g_test_add_func("/postgresql/unusable", what_cannot_be_used_is_told_apart_and_no_password_is_told);
    g_test_add_func("/postgresql/rights", an_account_needs_no_more_than_the_documented_rights);
    g_test_add_func("/postgresql/constraint", what_a_constraint_refuses_costs_only_itself);
    g_test_add_func("/postgresql/hangs", a_database_that_hangs_costs_no_more_than_the_patience);
    g_test_add_func("/postgresql/minutes", a_server_that_is_away_for_minutes_gets_everything_afterwards);
    g_test_add_func("/postgresql/killed", a_server_that_is_killed_in_mid_transaction_has_everything_once);
    return g_test_run();
}
