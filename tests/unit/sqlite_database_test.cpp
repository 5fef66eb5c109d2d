// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/schema.h"
#include "elements/transcriptstore/sqlite_database.h"
#include "tests/support/process.h"
#include "tests/unit/store_database_cases.h"

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <sys/resource.h>

using namespace lt::store;
using namespace store_test;
using lt::support::TemporaryDirectory;

namespace {

void onEmptyDatabase(gconstpointer data) {
    TemporaryDirectory directory;
    SqliteDatabase database(directory.file("a.db"));
    assertDone(database.connect(patience()));
    static_cast<const DatabaseCase *>(data)->run(database);
}

std::string oneValue(const std::string &path, const std::string &sql) {
    sqlite3 *raw = nullptr;
    g_assert_cmpint(sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr), ==, SQLITE_OK);
    const SqliteHandle handle(raw);
    SqliteStatement statement(raw, sql);
    g_assert_true(statement.ok());
    return statement.step() == SQLITE_ROW ? statement.text(0) : "";
}

void the_view_reads_as_a_transcript() {
    TemporaryDirectory directory;
    SqliteDatabase database(directory.file("a.db"));
    assertDone(database.connect(patience()));
    storeConversation(database);
    const std::string line =
        "SELECT group_concat(position || ' ' || speaker || ': ' || text, '; ') FROM lt_transcript";
    expectText(oneValue(directory.file("a.db"), line),
               "00:00:01.000 Zoë: Good morning.; 01:02:03.456 p-2: Good evening.");
}

void a_file_of_the_first_schema_is_migrated_and_keeps_its_rows() {
    TemporaryDirectory directory;
    const std::string path = directory.file("old.db");
    {
        sqlite3 *raw = nullptr;
        g_assert_cmpint(sqlite3_open(path.c_str(), &raw), ==, SQLITE_OK);
        const SqliteHandle handle(raw);
        const std::string sql =
            std::string(kSqliteMigrations[0]) +
            "INSERT INTO lt_sessions VALUES (1, 'demo');"
            "INSERT INTO lt_runs VALUES (1, 1, 'old', 1000);"
            "INSERT INTO lt_messages VALUES (1, 1, 'e', 'transcript', 'u', 'en', 1, 1, 1, "
            "NULL, NULL, '', 'old words', 0, 1, NULL, NULL, NULL, '', 1000);"
            "PRAGMA user_version = 1;";
        g_assert_cmpint(sqlite3_exec(raw, sql.c_str(), nullptr, nullptr, nullptr), ==, SQLITE_OK);
    }
    SqliteDatabase database(path);
    assertDone(database.connect(patience()));
    assertDone(database.store(std::vector{stored("u1", "new words")}, patience()));
    g_assert_cmpuint(readAll(database).size(), ==, 2);
    expectText(oneValue(path, "SELECT count(*) FROM lt_transcript"), "2");
    expectText(oneValue(path, "PRAGMA user_version"), std::to_string(kSchemaVersion));
}

void expectRefusal(const std::string &path, Verdict verdict, const char *words) {
    SqliteDatabase database(path);
    const Answer answer = database.connect(patience());
    g_test_message("%s", answer.sentence.c_str());
    g_assert_true(answer.verdict == verdict);
    g_assert_true(answer.sentence.find(words) != answer.sentence.npos);
    g_assert_false(database.connected());
}

void a_file_that_cannot_be_used_is_told_apart_from_one_that_is_busy() {
    TemporaryDirectory directory;
    std::ofstream(directory.file("text")) << std::string(5000, 'x');
    expectRefusal(directory.file("text"), Verdict::Unusable, "not a database");
    expectRefusal(directory.file("no/such/folder.db"), Verdict::Unusable, "unable to open");
    SqliteDatabase(directory.file("new.db")).connect(patience());
    oneValue(directory.file("new.db"), "PRAGMA user_version = 99");
    expectRefusal(directory.file("new.db"), Verdict::Unusable, "update it");
}

void a_writer_that_finds_it_locked_waits_no_longer_than_its_patience() {
    TemporaryDirectory directory;
    SqliteDatabase one(directory.file("a.db")), two(directory.file("a.db"));
    assertDone(one.connect(patience()));
    assertDone(two.connect(patience()));
    sqlite3 *raw = nullptr;
    g_assert_cmpint(sqlite3_open(directory.file("a.db").c_str(), &raw), ==, SQLITE_OK);
    const SqliteHandle holder(raw);
    g_assert_cmpint(sqlite3_exec(raw, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), ==, SQLITE_OK);
    // Shortened from outside: the time is over as soon as the call begins.
    const std::atomic<TimePoint::rep> past = 0;
    const Answer answer = two.store(std::vector{stored("u1", "a")}, Patience(TimePoint::max(), past));
    g_assert_true(answer.verdict == Verdict::Unavailable);
    g_assert_cmpint(sqlite3_exec(raw, "ROLLBACK", nullptr, nullptr, nullptr), ==, SQLITE_OK);
    assertDone(two.store(std::vector{stored("u1", "a")}, patience()));
    assertDone(one.store(std::vector{stored("u2", "b")}, patience()));
    g_assert_cmpuint(readAll(one).size(), ==, 2);
}

void a_file_that_was_moved_away_is_noticed() {
    TemporaryDirectory directory;
    SqliteDatabase database(directory.file("a.db"));
    assertDone(database.connect(patience()));
    assertDone(database.store(std::vector{stored("u1", "a")}, patience()));
    std::filesystem::rename(directory.file("a.db"), directory.file("b.db"));
    g_assert_true(database.store(std::vector{stored("u2", "b")}, patience()).verdict == Verdict::Unavailable);
    assertDone(database.connect(patience()));
    assertDone(database.store(std::vector{stored("u2", "b")}, patience()));
    g_assert_cmpuint(readAll(database).size(), ==, 1);
}

/// See spool_test.cpp: a file size limit stands in for the full disk.
void a_full_disk_is_an_outage_and_nothing_is_half_stored() {
    TemporaryDirectory directory;
    SqliteDatabase database(directory.file("a.db"));
    assertDone(database.connect(patience()));
    assertDone(database.store(std::vector{stored("u1", "a")}, patience()));
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
    const rlimit full{128 * 1024, before.rlim_max};
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &full), ==, 0);
    std::vector<StoredMessage> many;
    for (int i = 0; i < 50; i++)
        many.push_back(stored("m" + std::to_string(i), std::string(10000, 'x')));
    const Answer answer = database.store(many, patience());
    g_test_message("%s", answer.sentence.c_str());
    g_assert_true(answer.verdict == Verdict::Unavailable);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &before), ==, 0);
    if (!database.connected())
        assertDone(database.connect(patience()));
    g_assert_cmpuint(readAll(database).size(), ==, 1);
    assertDone(database.store(many, patience()));
    g_assert_cmpuint(readAll(database).size(), ==, 51);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    addDatabaseCases("/sqlite", onEmptyDatabase);
    g_test_add_func("/sqlite/view", the_view_reads_as_a_transcript);
    g_test_add_func("/sqlite/migration", a_file_of_the_first_schema_is_migrated_and_keeps_its_rows);
    g_test_add_func("/sqlite/unusable", a_file_that_cannot_be_used_is_told_apart_from_one_that_is_busy);
    g_test_add_func("/sqlite/locked", a_writer_that_finds_it_locked_waits_no_longer_than_its_patience);
    g_test_add_func("/sqlite/moved", a_file_that_was_moved_away_is_noticed);
    g_test_add_func("/sqlite/full", a_full_disk_is_an_outage_and_nothing_is_half_stored);
    return g_test_run();
}
