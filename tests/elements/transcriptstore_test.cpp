// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/gst/refs.h"
#include "lib/gst/session_context.h"
#include "lib/livetranscript/livetranscript.h"
#include "tests/support/process.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <gst/check/gstharness.h>
#include <gst/gst.h>
#include <sqlite3.h>

using lt::support::TemporaryDirectory;

namespace {

constexpr GstClockTime kPatience = 60 * GST_SECOND;

std::string json(const std::string &id, const std::string &text, bool isFinal = true,
                 const char *kind = "transcript") {
    return std::string(R"({"kind":")") + kind + R"(","epoch":"e1","utteranceId":")" + id +
           R"(","revision":1,"isFinal":)" + (isFinal ? "true" : "false") + R"(,"language":"en","text":")" +
           text + R"(","start":1.5,"end":2})";
}

lt::ObjectRef<GstElement> makeStore(const std::string &location, const char *session = "demo") {
    lt::ObjectRef<GstElement> element(
        GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("transcriptstore", nullptr))));
    g_object_set(element.get(), "location", location.c_str(), "session", session, "flush-ms", 10, nullptr);
    return element;
}

/// The element playing in a harness, with a bus.
class Rig {
public:
    explicit Rig(lt::ObjectRef<GstElement> made, const char *caps = GST_TRANSCRIPT_CAPS_JSON)
        : element(std::move(made)), bus(gst_bus_new()) {
        gst_element_set_bus(element.get(), bus.get());
        h = gst_harness_new_with_element(element.get(), "sink", nullptr);
        gst_harness_set_src_caps_str(h, caps);
    }
    ~Rig() {
        gst_harness_teardown(h);
        g_assert_cmpint(gst_element_set_state(element.get(), GST_STATE_NULL), ==, GST_STATE_CHANGE_SUCCESS);
        gst_element_set_bus(element.get(), nullptr);
    }
    Rig(const Rig &) = delete;
    Rig &operator=(const Rig &) = delete;

    void push(const std::string &text, GstClockTime pts = 0) {
        lt::BufferRef buffer(gst_buffer_new_allocate(nullptr, text.size(), nullptr));
        gst_buffer_fill(buffer.get(), 0, text.data(), text.size());
        GST_BUFFER_PTS(buffer.get()) = pts;
        g_assert_cmpint(gst_harness_push(h, buffer.release()), ==, GST_FLOW_OK);
    }
    lt::MiniRef<GstMessage> waitFor(GstMessageType type) {
        lt::MiniRef<GstMessage> message(gst_bus_timed_pop_filtered(bus.get(), kPatience, type));
        g_assert_nonnull(message.get());
        return message;
    }
    lt::StructureRef waitForElement(const char *name) {
        for (;;) {
            const auto message = waitFor(GST_MESSAGE_ELEMENT);
            const GstStructure *structure = gst_message_get_structure(message.get());
            if (gst_structure_has_name(structure, name))
                return lt::StructureRef(gst_structure_copy(structure));
        }
    }
    guint64 stat(const char *name) const {
        GstStructure *raw = nullptr;
        g_object_get(element.get(), "stats", &raw, nullptr);
        const lt::StructureRef stats(raw);
        guint64 value = 0;
        g_assert_true(gst_structure_get_uint64(stats.get(), name, &value));
        return value;
    }

    lt::ObjectRef<GstElement> element;
    lt::ObjectRef<GstBus> bus;
    GstHarness *h = nullptr;
};

/// First column of the first row.
std::string query(const std::string &path, const char *sql) {
    sqlite3 *database = nullptr;
    sqlite3_stmt *statement = nullptr;
    std::string value;
    g_assert_cmpint(sqlite3_open(path.c_str(), &database), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_prepare_v2(database, sql, -1, &statement, nullptr), ==, SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW)
        value = reinterpret_cast<const char *>(sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return value;
}

void expectText(const std::string &got, const std::string &wanted) {
    g_assert_cmpstr(got.c_str(), ==, wanted.c_str());
}

std::string problemOf(const lt::MiniRef<GstMessage> &message) {
    GError *raw = nullptr;
    gchar *debug = nullptr;
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR)
        gst_message_parse_error(message.get(), &raw, &debug);
    else
        gst_message_parse_warning(message.get(), &raw, &debug);
    const lt::ErrorRef error(raw);
    const lt::CharPtr details(debug);
    return std::string(g_quark_to_string(error->domain)) + " " + std::to_string(error->code) + ": " +
           error->message + " / " + (debug ? debug : "");
}

bool has(const std::string &text, const char *what) {
    return text.find(what) != text.npos;
}

void a_stored_final_is_acknowledged_by_a_message_and_in_the_stats() {
    TemporaryDirectory directory;
    Rig rig(makeStore(directory.file("a.db")));
    rig.push(json("u1", "Good morning."));
    const auto stored = rig.waitForElement("transcriptstore/stored");
    g_assert_cmpstr(gst_structure_get_string(stored.get(), "session"), ==, "demo");
    g_assert_cmpstr(gst_structure_get_string(stored.get(), "last-utterance-id"), ==, "u1");
    g_assert_cmpstr(gst_structure_get_string(stored.get(), "last-epoch"), ==, "e1");
    g_assert_cmpuint(rig.stat("stored-finals"), ==, 1);
    g_assert_cmpuint(rig.stat("commits"), ==, 1);
    expectText(query(directory.file("a.db"), "SELECT text FROM lt_transcript"), "Good morning.");
}

void every_kind_is_stored_and_partials_only_when_asked_for() {
    TemporaryDirectory directory;
    for (const bool partials : {false, true}) {
        auto element = makeStore(directory.file(partials ? "b.db" : "a.db"));
        g_object_set(element.get(), "store-partials", partials, nullptr);
        Rig rig(std::move(element));
        rig.push(json("u1", "being", false));
        for (const char *kind : {"transcript", "translation", "entities", "sentiment", "summary", "gap"})
            rig.push(json("u2", "x", true, kind));
        g_assert_true(gst_harness_push_event(rig.h, gst_event_new_eos()));
        g_assert_cmpuint(rig.stat("skipped-partials"), ==, partials ? 0 : 1);
        g_assert_cmpuint(rig.stat("stored"), ==, partials ? 7 : 6);
        g_assert_cmpuint(rig.stat("stored-finals"), ==, 6);
    }
    expectText(query(directory.file("a.db"), "SELECT count(*) FROM lt_messages"), "6");
    expectText(query(directory.file("b.db"), "SELECT count(*) FROM lt_messages WHERE NOT is_final"), "1");
}

void eos_means_that_everything_is_stored() {
    TemporaryDirectory directory;
    auto element = makeStore(directory.file("a.db"));
    g_object_set(element.get(), "flush-ms", 5000, nullptr);
    Rig rig(std::move(element));
    for (int i = 0; i < 250; i++)
        rig.push(json("u" + std::to_string(i), "x"));
    g_assert_true(gst_harness_push_event(rig.h, gst_event_new_eos()));
    rig.waitFor(GST_MESSAGE_EOS);
    g_assert_cmpuint(rig.stat("stored-finals"), ==, 250);
    g_assert_cmpuint(rig.stat("queue"), ==, 0);
}

void stopping_without_eos_loses_nothing() {
    TemporaryDirectory directory;
    auto element = makeStore(directory.file("a.db"));
    g_object_set(element.get(), "flush-ms", 5000, nullptr);
    {
        Rig rig(std::move(element));
        rig.push(json("u1", "last words"));
    }
    expectText(query(directory.file("a.db"), "SELECT text FROM lt_transcript"), "last words");
}

void plain_text_is_stored_and_two_runs_of_it_stay_apart() {
    TemporaryDirectory directory;
    for (int run = 0; run < 2; run++) {
        Rig rig(makeStore(directory.file("a.db")), "text/x-raw,format=utf8");
        rig.push("Grüße", GST_SECOND);
        rig.push("Grüße", GST_SECOND); // the same once more is the same
    }
    expectText(query(directory.file("a.db"), "SELECT count(*) FROM lt_transcript"), "2");
    expectText(query(directory.file("a.db"), "SELECT count(*) FROM lt_runs"), "2");
}

void a_password_is_shown_nowhere() {
    const char *location = "postgresql://me:s3cret@127.0.0.1:1/db?sslpassword=s3cret";
    TemporaryDirectory directory;
    auto element = makeStore(location);
    g_object_set(element.get(), "spool-dir", directory.file("spool").c_str(), "shutdown-timeout-ms", 100,
                 nullptr);
    const auto shown = [&] {
        gchar *raw = nullptr;
        g_object_get(element.get(), "location", &raw, nullptr);
        const lt::CharPtr text(raw);
        return std::string(text.get());
    };
    expectText(shown(), "postgresql://me:***@127.0.0.1:1/db?sslpassword=***");
    g_object_set(element.get(), "location", shown().c_str(), nullptr); // as a tool that copies settings does
    std::unique_ptr<Rig> rig = std::make_unique<Rig>(lt::retainObject(element.get()));
    lt::ObjectRef<GstElement> pipeline(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr))));
    const auto message = rig->waitFor(static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_WARNING));
    const std::string problem = problemOf(message);
    g_test_message("%s", problem.c_str());
    g_assert_false(has(problem, "s3cret"));
    rig.reset();
    gst_bin_add(GST_BIN(pipeline.get()), element.get());
    const lt::CharPtr dot(gst_debug_bin_to_dot_data(GST_BIN(pipeline.get()), GST_DEBUG_GRAPH_SHOW_ALL));
    g_assert_true(has(dot.get(), "transcriptstore"));
    g_assert_false(has(dot.get(), "s3cret"));
}

void nonsense_in_the_properties_is_refused_with_a_sentence() {
    const struct {
        const char *location, *session, *words;
    } table[] = {
        {"", "demo", "set location"},
        {"mysql://me:s3cret@host/db", "demo", "mysql://me:***@host/db"},
        {"a.db", "no slug", "cannot be a session's name"},
    };
    for (const auto &row : table) {
        auto element = makeStore(row.location, row.session);
        const lt::ObjectRef<GstBus> bus(gst_bus_new());
        gst_element_set_bus(element.get(), bus.get());
        g_assert_cmpint(gst_element_set_state(element.get(), GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
        const lt::MiniRef<GstMessage> message(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR));
        g_assert_true(has(problemOf(message), row.words));
        gst_element_set_bus(element.get(), nullptr);
        gst_element_set_state(element.get(), GST_STATE_NULL);
    }
}

void the_location_may_come_from_the_environment() {
    TemporaryDirectory directory;
    g_setenv("DATABASE_URL", directory.file("env.db").c_str(), TRUE);
    {
        Rig rig(makeStore(""));
        rig.push(json("u1", "x"));
    }
    g_unsetenv("DATABASE_URL");
    expectText(query(directory.file("env.db"), "SELECT count(*) FROM lt_transcript"), "1");
}

void a_file_that_is_no_database_is_an_error_and_what_came_is_spooled() {
    TemporaryDirectory directory;
    std::ofstream(directory.file("a.db")) << std::string(5000, 'x');
    {
        Rig rig(makeStore(directory.file("a.db")));
        const std::string problem = problemOf(rig.waitFor(GST_MESSAGE_ERROR));
        g_assert_true(has(problem, "not a database") && has(problem, "gst-resource-error-quark"));
        rig.push(json("u1", "saved"));
    }
    std::filesystem::remove(directory.file("a.db"));
    Rig rig(makeStore(directory.file("a.db")));
    rig.waitForElement("transcriptstore/stored");
    expectText(query(directory.file("a.db"), "SELECT text FROM lt_transcript"), "saved");
}

void a_locked_database_holds_up_neither_buffers_nor_state_changes() {
    TemporaryDirectory directory;
    query(directory.file("a.db"), "PRAGMA journal_mode=WAL");
    sqlite3 *holder = nullptr;
    g_assert_cmpint(sqlite3_open(directory.file("a.db").c_str(), &holder), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(holder, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), ==, SQLITE_OK);
    auto element = makeStore(directory.file("a.db"));
    g_object_set(element.get(), "shutdown-timeout-ms", 200, nullptr);
    {
        Rig rig(std::move(element));
        for (int i = 0; i < 20; i++)
            rig.push(json("u" + std::to_string(i), "x"));
        g_assert_true(gst_harness_push_event(rig.h, gst_event_new_eos()));
        rig.waitFor(GST_MESSAGE_EOS);
        g_assert_cmpuint(rig.stat("spooled"), ==, 20);
    }
    g_assert_cmpint(sqlite3_exec(holder, "ROLLBACK", nullptr, nullptr, nullptr), ==, SQLITE_OK);
    sqlite3_close(holder);
    Rig rig(makeStore(directory.file("a.db")));
    rig.waitForElement("transcriptstore/stored");
    expectText(query(directory.file("a.db"), "SELECT count(*) FROM lt_transcript"), "20");
}

void a_flush_ends_the_wait_at_eos() {
    TemporaryDirectory directory;
    query(directory.file("a.db"), "PRAGMA journal_mode=WAL");
    sqlite3 *holder = nullptr;
    g_assert_cmpint(sqlite3_open(directory.file("a.db").c_str(), &holder), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(holder, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), ==, SQLITE_OK);
    auto element = makeStore(directory.file("a.db"));
    g_object_set(element.get(), "shutdown-timeout-ms", 60000, nullptr);
    Rig rig(std::move(element));
    rig.push(json("u1", "x"));
    std::thread eos([&] { gst_harness_push_event(rig.h, gst_event_new_eos()); });
    g_assert_true(gst_harness_push_event(rig.h, gst_event_new_flush_start()));
    eos.join();
    g_assert_true(gst_harness_push_event(rig.h, gst_event_new_flush_stop(TRUE)));
    g_assert_cmpint(sqlite3_exec(holder, "ROLLBACK", nullptr, nullptr, nullptr), ==, SQLITE_OK);
    sqlite3_close(holder);
    rig.waitForElement("transcriptstore/stored");
}

void a_buffer_that_cannot_be_read_is_counted_and_announced() {
    TemporaryDirectory directory;
    Rig rig(makeStore(directory.file("a.db")));
    for (int i = 0; i < 5; i++)
        rig.push("{\"kind\":");
    g_assert_cmpuint(rig.stat("malformed"), ==, 5);
    for (int i = 0; i < 3; i++)
        rig.waitFor(GST_MESSAGE_WARNING);
    g_assert_null(gst_bus_pop_filtered(rig.bus.get(), GST_MESSAGE_WARNING));
    rig.push(json("u1", "x"));
    rig.waitForElement("transcriptstore/stored");
}

void sessions_share_a_connection_and_name_themselves_to_others() {
    TemporaryDirectory directory;
    Rig one(makeStore(directory.file("a.db"), "one")), two(makeStore(directory.file("a.db"), "two"));
    one.push(json("u1", "x"));
    two.push(json("u1", "y"));
    const auto first = one.waitForElement("transcriptstore/stored");
    const auto second = two.waitForElement("transcriptstore/stored");
    g_assert_cmpstr(gst_structure_get_string(first.get(), "session"), ==, "one");
    g_assert_cmpstr(gst_structure_get_string(second.get(), "session"), ==, "two");
    const lt::QueryRef asked(gst_query_new_context(lt::kSessionContextType));
    g_assert_true(gst_pad_peer_query(one.h->srcpad, asked.get()));
    expectText(query(directory.file("a.db"), "SELECT group_concat(text) FROM lt_transcript"), "x,y");
}

std::size_t entries(const char *directory) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory), {}));
}

void fifty_rounds_give_everything_back() {
    TemporaryDirectory directory;
    const auto round = [&](int i) {
        auto element = makeStore(directory.file("a.db"));
        const auto state = i % 3 == 0 ? GST_STATE_READY : i % 3 == 1 ? GST_STATE_PAUSED : GST_STATE_PLAYING;
        gst_element_set_state(element.get(), state);
        gst_element_set_state(element.get(), GST_STATE_NULL);
        Rig rig(makeStore(directory.file("a.db")));
        rig.push(json("u" + std::to_string(i), "x"));
    };
    round(0);
    const auto descriptors = entries("/proc/self/fd"), threads = entries("/proc/self/task");
    for (int i = 1; i <= 50; i++)
        round(i);
    g_assert_cmpuint(entries("/proc/self/fd"), <=, descriptors);
    g_assert_cmpuint(entries("/proc/self/task"), <=, threads);
    expectText(query(directory.file("a.db"), "SELECT count(*) FROM lt_transcript"), "51");
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    g_unsetenv("DATABASE_URL");
    const std::string prefix = "/transcriptstore/";
    const std::pair<const char *, void (*)()> tests[] = {
        {"stored", a_stored_final_is_acknowledged_by_a_message_and_in_the_stats},
        {"kinds", every_kind_is_stored_and_partials_only_when_asked_for},
        {"eos", eos_means_that_everything_is_stored},
        {"stop", stopping_without_eos_loses_nothing},
        {"text", plain_text_is_stored_and_two_runs_of_it_stay_apart},
        {"password", a_password_is_shown_nowhere},
        {"nonsense", nonsense_in_the_properties_is_refused_with_a_sentence},
        {"environment", the_location_may_come_from_the_environment},
        {"no-database", a_file_that_is_no_database_is_an_error_and_what_came_is_spooled},
        {"locked", a_locked_database_holds_up_neither_buffers_nor_state_changes},
        {"eos-flush", a_flush_ends_the_wait_at_eos},
        {"malformed", a_buffer_that_cannot_be_read_is_counted_and_announced},
        {"sessions", sessions_share_a_connection_and_name_themselves_to_others},
        {"rounds", fifty_rounds_give_everything_back},
    };
    for (const auto &[name, test] : tests)
        g_test_add_func((prefix + name).c_str(), test);
    const int status = g_test_run();
    gst_deinit();
    return status;
}
