// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/batch.h"
#include "elements/transcriptstore/database_location.h"
#include "tests/unit/store_samples.h"

#include <string>

using namespace lt::store;
using namespace store_test;

static void a_spool_line_brings_everything_back() {
    lt::Transcript entities = spoken("u2", "");
    entities.kind = GST_TRANSCRIPT_KIND_ENTITIES;
    entities.findings = {{"NAME_GIVEN", "", "Zoë", 1500000000, lt::kNoTime}};
    for (const auto &message : {stored(everything()), stored(entities)}) {
        const std::string line = toSpoolLine(message);
        g_assert_true(line.ends_with('\n'));
        g_assert_cmpuint(line.find('\n'), ==, line.size() - 1);
        std::string error;
        const auto back = fromSpoolLine(std::string_view(line).substr(0, line.size() - 1), error);
        expectText(error, "");
        g_assert_true(back && *back == message);
    }
}

static void words_and_findings_survive_as_json() {
    const lt::Transcript all = everything();
    lt::Transcript back;
    readWords(back, wordsJson(all));
    g_assert_true(back.words == all.words);
    expectText(wordsJson(spoken("u", "no words")), "");
    readWords(back, "[{\"text\":");
    readFindings(back, "nonsense");
    g_assert_true(back.words.empty() && back.findings.empty());
}

static void a_damaged_spool_line_is_an_error_with_a_reason() {
    const std::string whole = toSpoolLine(stored("u1", "a"));
    for (const std::string &line :
         {whole.substr(0, whole.size() / 2), std::string("[]"), std::string(),
          std::string("{\"text\":\"a\"}"), std::string(R"({"session":"no slug","run":"r","text":"a"})")}) {
        std::string error;
        g_assert_false(fromSpoolLine(line, error).has_value());
        g_assert_cmpuint(error.size(), >, 0);
    }
}

static void what_has_no_identity_gets_one() {
    lt::Transcript plain = spoken("", "a");
    plain.epoch.clear();
    const Origin another{"demo", "run-2", 0};
    expectText(makeMessage(plain, kOrigin, 0, 1).transcript.epoch, "run-1");
    expectText(makeMessage(plain, kOrigin, 0, 1).transcript.utteranceId, "@1500000000");
    g_assert_true(identityOf(makeMessage(plain, kOrigin, 0, 1)) !=
                  identityOf(makeMessage(plain, another, 0, 1)));
    plain.startNs = lt::kNoTime;
    g_assert_true(identityOf(makeMessage(plain, kOrigin, 0, 1)) !=
                  identityOf(makeMessage(plain, kOrigin, 0, 2)));
}

static void hostile_text_is_made_harmless_and_stays_distinct() {
    lt::Transcript hostile = spoken(std::string(100000, 'x') + "1", std::string("a\0b\xff", 4));
    const StoredMessage one = stored(hostile);
    expectText(one.transcript.text, "a\xEF\xBF\xBD"
                                    "b\xEF\xBF\xBD");
    g_assert_cmpuint(one.transcript.utteranceId.size(), <=, 256);
    hostile.utteranceId.back() = '2';
    g_assert_true(identityOf(one) != identityOf(stored(hostile)));
}

static void a_batch_holds_each_identity_once_in_its_best_revision() {
    Batch batch;
    batch.add(stored("u1", "partial", 5, false));
    batch.add(stored("u2", "two", 2));
    batch.add(stored("u1", "final", 3));
    batch.add(stored("u1", "late partial", 9, false));
    batch.add(stored("u2", "older", 1));
    batch.add(stored("u2", "again", 2));
    g_assert_cmpuint(batch.size(), ==, 2);
    expectText(batch.messages()[0].transcript.text, "final");
    expectText(batch.messages()[1].transcript.text, "two");
}

static void kinds_languages_and_sessions_are_part_of_the_identity() {
    Batch batch;
    lt::Transcript translation = spoken("u1", "Guten Morgen.");
    batch.add(stored(translation));
    translation.kind = GST_TRANSCRIPT_KIND_TRANSLATION;
    batch.add(stored(translation));
    translation.language = "de";
    batch.add(stored(translation));
    batch.add(stored(translation, {"other", "run-1", 0}));
    translation.epoch = "e2";
    batch.add(stored(translation));
    g_assert_cmpuint(batch.size(), ==, 5);
}

static void no_password_is_ever_shown() {
    const struct {
        const char *text, *shown;
    } table[] = {
        {"postgresql://host/db", "postgresql://host/db"},
        {"postgresql://me@host:5432/db", "postgresql://me@host:5432/db"},
        {"postgresql://me:s3cret@host/db", "postgresql://me:***@host/db"},
        {"postgres://me:a:b@host/db", "postgres://me:***@host/db"},
        {"postgresql://me:un/esc?ap@ed@host/db", "postgresql://me:***@host/db"},
        {"postgresql://host/db?user=me&password=s3cret&x=y", "postgresql://host/db?user=me&password=***&x=y"},
        {"postgresql:///db?host=/run/pg&sslpassword=s3cret", "postgresql:///db?host=/run/pg&sslpassword=***"},
        {"postgresql://me:one@host/db?password=two", "postgresql://me:***@host/db?password=***"},
    };
    for (const auto &row : table) {
        std::string error;
        const auto location = DatabaseLocation::parse(row.text, error);
        g_assert_true(location && location->kind() == DatabaseLocation::Kind::Postgresql);
        expectText(location->shown(), row.shown);
        expectText(location->withoutSecrets(std::string("invalid: ") + row.text),
                   std::string("invalid: ") + row.shown);
    }
    std::string error;
    const auto escaped = DatabaseLocation::parse("postgresql://me:p%40ss@host/db", error);
    expectText(escaped->withoutSecrets("\"p@ss\" and \"p%40ss\""), "\"***\" and \"***\"");
}

static void a_database_has_one_key_whatever_the_password() {
    std::string error;
    const auto key = [&](const char *text) {
        return DatabaseLocation::parse(text, error)->key();
    };
    expectText(key("postgresql://me:one@host/db"), key("postgresql://me:two@host/db"));
    g_assert_true(key("postgresql://me@host/db") != key("postgresql://me@host/db2"));
    expectText(key("a.db"), key("./a.db"));
    g_assert_true(key("a.db") != key("b.db"));
}

static void what_names_no_database_is_refused_with_a_sentence() {
    std::string error;
    g_assert_false(DatabaseLocation::parse("", error).has_value());
    g_assert_true(error.find("location") != error.npos);
    g_assert_false(DatabaseLocation::parse("mysql://me:s3cret@host/db", error).has_value());
    g_assert_true(error.find("mysql://me:***@host/db") != error.npos);
    g_assert_true(error.find("s3cret") == error.npos);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/stored-message/spool-line", a_spool_line_brings_everything_back);
    g_test_add_func("/stored-message/words", words_and_findings_survive_as_json);
    g_test_add_func("/stored-message/damaged", a_damaged_spool_line_is_an_error_with_a_reason);
    g_test_add_func("/stored-message/identity", what_has_no_identity_gets_one);
    g_test_add_func("/stored-message/hostile", hostile_text_is_made_harmless_and_stays_distinct);
    g_test_add_func("/stored-message/batch", a_batch_holds_each_identity_once_in_its_best_revision);
    g_test_add_func("/stored-message/kinds", kinds_languages_and_sessions_are_part_of_the_identity);
    g_test_add_func("/stored-message/passwords", no_password_is_ever_shown);
    g_test_add_func("/stored-message/key", a_database_has_one_key_whatever_the_password);
    g_test_add_func("/stored-message/no-database", what_names_no_database_is_refused_with_a_sentence);
    return g_test_run();
}
