// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/store_database_cases.h"

#include <string>
#include <vector>

using namespace lt::store;

namespace store_test {

void storeConversation(Database &database) {
    lt::Transcript late = spoken("u2", "Good evening.");
    late.participantId = "p-2";
    late.startNs = 3723456000000;
    lt::Transcript early = spoken("u1", "Good morning.");
    early.speaker = "Zoë";
    early.participantId = "p-1";
    early.startNs = 1000000000;
    lt::Transcript translation = spoken("u1", "Guten Morgen.");
    translation.kind = GST_TRANSCRIPT_KIND_TRANSLATION;
    translation.language = "de";
    const std::vector messages = {stored(late), stored(early), stored(translation),
                                  stored("u3", "being sp", 1, false)};
    assertDone(database.store(messages, patience()));
}

namespace {

std::string textsOf(const std::vector<StoredMessage> &messages) {
    std::string texts;
    for (const auto &message : messages)
        texts += (texts.empty() ? "" : "|") + message.transcript.text;
    return texts;
}

void expectTexts(Database &database, const char *wanted) {
    expectText(textsOf(readAll(database)), wanted);
}

void everything_comes_back_as_it_was(Database &database) {
    std::vector<StoredMessage> messages = {stored(everything())};
    for (int kind = GST_TRANSCRIPT_KIND_TRANSLATION; kind <= GST_TRANSCRIPT_KIND_GAP; kind++) {
        lt::Transcript transcript = spoken("u", "");
        transcript.kind = static_cast<GstTranscriptKind>(kind);
        if (kind == GST_TRANSCRIPT_KIND_ENTITIES)
            transcript.findings = {{"NAME_GIVEN", "", "Zoë", 1500000000, 1600000000}};
        if (kind == GST_TRANSCRIPT_KIND_SENTIMENT)
            transcript.findings = {{"positive", "joy", "", lt::kNoTime, lt::kNoTime}};
        if (kind == GST_TRANSCRIPT_KIND_GAP)
            transcript.reason = "connection lost";
        messages.push_back(stored(transcript));
    }
    lt::Transcript bare = spoken("bare", "");
    bare.startNs = bare.endNs = lt::kNoTime;
    bare.confidence = -1;
    bare.language.clear();
    messages.push_back(stored(bare));
    assertDone(database.store(messages, patience()));
    const auto found = readAll(database);
    g_assert_cmpuint(found.size(), ==, messages.size());
    for (const auto &message : messages)
        g_assert_cmpint(std::count(found.begin(), found.end(), message), ==, 1);
}

void a_replay_changes_nothing_and_a_higher_revision_does(Database &database) {
    assertDone(database.store(std::vector{stored("u1", "par", 1, false)}, patience()));
    assertDone(database.store(std::vector{stored("u1", "partial", 7, false)}, patience()));
    assertDone(database.store(std::vector{stored("u1", "pa", 2, false)}, patience()));
    expectTexts(database, "partial");
    assertDone(database.store(std::vector{stored("u1", "final", 3)}, patience()));
    expectTexts(database, "final");
    assertDone(database.store(std::vector{stored("u1", "same revision", 3)}, patience()));
    assertDone(database.store(std::vector{stored("u1", "late partial", 9, false)}, patience()));
    expectTexts(database, "final");
    assertDone(database.store(std::vector{stored("u1", "corrected", 4)}, patience()));
    expectTexts(database, "corrected");
}

void batches_of_every_size_are_stored_once(Database &database) {
    std::size_t total = 0;
    for (const std::size_t size : {1u, 31u, 32u, 33u, 100u, 1000u}) {
        std::vector<StoredMessage> messages;
        for (std::size_t i = 0; i < size; i++)
            messages.push_back(stored("u" + std::to_string(size) + "-" + std::to_string(i), "x"));
        total += size;
        assertDone(database.store(messages, patience()));
        assertDone(database.store(messages, patience()));
    }
    g_assert_cmpuint(readAll(database).size(), ==, total);
}

void sessions_and_runs_stay_apart(Database &database) {
    const Origin second{"demo", "run-2", kOrigin.runStartedMs + 1000}, other{"other", "run-1", 5};
    lt::Transcript plain = spoken("t1", "one");
    plain.epoch.clear();
    std::vector messages = {stored(plain, second), stored(plain, other)};
    plain.text = "zero";
    messages.push_back(stored(plain));
    assertDone(database.store(messages, patience()));
    expectTexts(database, "zero|one");
    g_assert_cmpuint(readAll(database, "other").size(), ==, 1);
    g_assert_cmpuint(readAll(database, "nobody").size(), ==, 0);
    std::string names;
    assertDone(database.sessions([&](const std::string &name) { names += name + " "; }, patience()));
    expectText(names, "demo other ");
}

void a_selection_leaves_out_what_was_not_asked_for(Database &database) {
    storeConversation(database);
    const auto select = [&](Selection selection) {
        std::vector<StoredMessage> found;
        selection.session = "demo";
        assertDone(database.read(
            selection, [&](const StoredMessage &message) { return found.push_back(message), true; },
            patience()));
        return textsOf(found);
    };
    expectText(select({.kind = GST_TRANSCRIPT_KIND_TRANSCRIPT}).c_str(), "Good morning.|Good evening.");
    expectText(select({.kind = GST_TRANSCRIPT_KIND_TRANSLATION}), "Guten Morgen.");
    expectText(select({.language = "de"}), "Guten Morgen.");
    expectText(select({.run = "another"}), "");
    expectText(select({.kind = GST_TRANSCRIPT_KIND_TRANSCRIPT, .finalsOnly = false}),
               "Good morning.|being sp|Good evening.");
}

void a_second_connection_finds_what_the_first_has_stored(Database &database) {
    assertDone(database.store(std::vector{stored("u1", "a")}, patience()));
    database.disconnect();
    g_assert_false(database.connected());
    assertDone(database.connect(patience()));
    assertDone(database.store(std::vector{stored("u1", "a"), stored("u2", "b")}, patience()));
    expectTexts(database, "a|b");
}

void participants_are_stored_once_and_come_back(Database &database) {
    std::vector<StoredMessage> messages;
    for (int i = 0; i < 20; i++) {
        lt::Transcript transcript = spoken("u" + std::to_string(i), "x");
        transcript.participantId = "p-" + std::to_string(i % 3);
        messages.push_back(stored(transcript));
    }
    assertDone(database.store(messages, patience()));
    const auto found = readAll(database);
    for (const auto &message : messages)
        g_assert_cmpint(std::count(found.begin(), found.end(), message), ==, 1);
}

const DatabaseCase kCases[] = {
    {"everything", everything_comes_back_as_it_was},
    {"replay", a_replay_changes_nothing_and_a_higher_revision_does},
    {"sizes", batches_of_every_size_are_stored_once},
    {"sessions", sessions_and_runs_stay_apart},
    {"selection", a_selection_leaves_out_what_was_not_asked_for},
    {"reconnect", a_second_connection_finds_what_the_first_has_stored},
    {"participants", participants_are_stored_once_and_come_back},
};

} // namespace

void addDatabaseCases(const char *prefix, GTestDataFunc onEmptyDatabase) {
    for (const DatabaseCase &test : kCases)
        g_test_add_data_func((std::string(prefix) + "/" + test.name).c_str(), &test, onEmptyDatabase);
}

} // namespace store_test
