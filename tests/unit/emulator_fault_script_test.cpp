// SPDX-License-Identifier: LGPL-2.1-or-later
// The fault script and the emulator's own HTTP routes.
#include "tests/support/gladia_client.h"
#include "tests/support/gladia_emulator/fault_script.h"

#include <cstring>
#include <string>
#include <vector>

#include <glib.h>

using namespace lt::emulator;
using namespace lt::support;

static FaultScript read(const std::string &text, std::uint64_t seed = 1) {
    Draws draws(seed, 0);
    return parseFaultScript(text, draws);
}

static FaultScript readOne(const std::string &entry) {
    return read(R"({"faults":[)" + entry + "]}");
}

static void every_kind_of_fault_can_be_written_down() {
    const FaultScript script = read(R"({"faults":[
        {"do":"drop","atByte":64000}, {"do":"reset","afterMs":5000}, {"do":"drop","connectedMs":0,"times":5},
        {"do":"close","code":1011,"reason":"internal","atStop":true},
        {"do":"send","text":"not json"}, {"do":"send","payload":"malformed"},
        {"do":"send","payload":"oversized","bytes":1000}, {"do":"send","payload":"not-utf8"},
        {"do":"send","payload":"deep","bytes":1000}, {"do":"send","payload":"no-object"},
        {"do":"send","payload":"no-type"},
        {"do":"restart","forMs":500,"sessions":"forgotten"}, {"do":"outage","forMs":3000},
        {"do":"outage","forMs":3000,"how":"silent"},
        {"do":"refuse-post","status":429,"retryAfterS":2,"times":3}, {"do":"ignore-post"},
        {"do":"refuse-upgrade","status":403,"message":"gone"}, {"do":"ignore-upgrade","times":0},
        {"do":"stop-reading","connections":"open"}, {"do":"hold-acknowledgements","forMs":9000},
        {"do":"mute"}, {"do":"delay","delayMs":300}, {"do":"throttle","bytesPerSecond":16000},
        {"do":"lose-acknowledgement"}, {"do":"refuse-chunk"}, {"do":"repeat-final"},
        {"do":"reorder-finals","times":2}]})");
    assertText(script.problem, "");
    g_assert_cmpuint(script.faults.size(), ==, 27);
    g_assert_cmpuint(script.faults[0].atByte.value(), ==, 64000);
    g_assert_true(script.faults[3].atStop);
    g_assert_true(script.faults[11].forgetSessions);
    g_assert_true(script.faults[13].silent);
    g_assert_cmpint(script.faults[14].retryAfterS, ==, 2);
    g_assert_true(script.faults[18].openConnections);
}

static void what_is_drawn_depends_on_the_seed_alone() {
    const char text[] = R"({"faults":[{"do":"outage","atByte":[0,19200000],"forMs":[1,30000],"copies":20}]})";
    const FaultScript one = read(text, 7);
    const FaultScript same = read(text, 7);
    const FaultScript other = read(text, 8);
    g_assert_cmpuint(one.faults.size(), ==, 20);
    std::size_t equal = 0;
    for (std::size_t i = 0; i < one.faults.size(); i++) {
        g_assert_true(one.faults[i].atByte == same.faults[i].atByte);
        g_assert_cmpint(one.faults[i].forMs, ==, same.faults[i].forMs);
        g_assert_cmpint(one.faults[i].forMs, <=, 30000);
        equal += one.faults[i].atByte == other.faults[i].atByte ? 1 : 0;
    }
    g_assert_cmpuint(equal, <, 3);
}

static void what_is_wrong_with_a_script_is_said_in_a_sentence() {
    const std::vector<std::pair<const char *, const char *>> entries = {
        {R"(7)", "Fault 1: is no object"},
        {R"({})", "Fault 1: needs a 'do'"},
        {R"({"do":"explode"})", "Fault 1: knows no fault 'explode'"},
        {R"({"do":"drop","atbyte":5})", "Fault 1: does not take 'atbyte'"},
        {R"({"do":"drop","status":500})", "Fault 1: does not take 'status'"},
        {R"({"do":"drop","atByte":-5})", "Fault 1: wants 'atByte' as a whole number that is not negative"},
        {R"({"do":"drop","atByte":"5"})", "Fault 1: wants 'atByte' as a whole number"},
        {R"({"do":"drop","atByte":[5,4]})", "Fault 1: wants 'atByte' as a whole number"},
        {R"({"do":"drop","atByte":5,"afterMs":5})", "takes one of atByte, afterMs, connectedMs and atStop"},
        {R"({"do":"drop","times":2})", "'drop' cannot happen several times"},
        {R"({"do":"drop","atStop":1})", "wants 'atStop' as true or false"},
        {R"({"do":"close"})", "'close' needs a 'code'"},
        {R"({"do":"close","code":1006})", "'close' needs a 'code'"},
        {R"({"do":"send"})", "'send' needs a 'text' or a 'payload'"},
        {R"({"do":"send","payload":"poem"})", "knows no payload 'poem'"},
        {R"({"do":"refuse-post","status":200})", "'refuse-post' needs a 'status' of 300 to 599"},
        {R"({"do":"outage"})", "'outage' needs a 'forMs'"},
        {R"({"do":"outage","forMs":5,"how":"loud"})", "knows 'refused' and 'silent' as 'how', not 'loud'"},
        {R"({"do":"delay"})", "'delay' needs a 'delayMs'"},
        {R"({"do":"throttle"})", "'throttle' needs 'bytesPerSecond'"},
        {R"({"do":"mute","forMs":100000000})", "takes times of 0 to 86400000 ms"},
        {R"({"do":"mute","copies":0})", "wants 'copies' of 1 to 1000"},
        {R"({"do":"repeat-final","forMs":5})", "'repeat-final' does not last"},
        {R"({"do":"drop","connections":"open"})", "'drop' is no state of a connection"},
    };
    for (const auto &[entry, sentence] : entries) {
        const FaultScript script = readOne(entry);
        g_test_message("%s: %s", entry, script.problem.c_str());
        g_assert_nonnull(strstr(script.problem.c_str(), sentence));
        g_assert_true(script.faults.empty());
    }
    g_assert_true(read(R"({"fault":[]})").problem.starts_with("A fault script is an object"));
    g_assert_true(read("[").problem.starts_with("the text is not JSON"));
    g_assert_true(read(R"({"faults":[{"do":"mute"},{"do":"x"}]})").problem.starts_with("Fault 2:"));
}

static void faults_are_given_listed_and_removed_over_http() {
    const GladiaEmulator emulator;
    const std::string url = emulator.url() + "/emulator/faults";
    const HttpAnswer given = httpRequest("POST", url, {}, R"({"faults":[
        {"do":"refuse-post","status":503},{"do":"drop","atByte":10}]})");
    g_assert_cmpint(given.status, ==, 201);
    g_assert_cmpint(postLive(emulator, "{}").status, ==, 503);
    const auto listed = parsed(httpRequest("GET", url).body);
    JsonArray *faults = json_object_get_array_member(listed.get(), "faults");
    g_assert_cmpuint(json_array_get_length(faults), ==, 2);
    JsonObject *first = json_array_get_object_element(faults, 0);
    assertText(textOf(first, "do"), "refuse-post");
    assertText(textOf(first, "phase"), "over");
    g_assert_cmpint(json_object_get_int_member(first, "happened"), ==, 1);
    JsonObject *second = json_array_get_object_element(faults, 1);
    assertText(textOf(second, "phase"), "waiting");
    const std::string id = std::to_string(json_object_get_int_member(second, "id"));
    g_assert_cmpint(httpRequest("DELETE", url + "/" + id).status, ==, 204);
    g_assert_cmpint(httpRequest("DELETE", url + "/" + id).status, ==, 404);
    GladiaClient client(emulator, kPlainRequest);
    client.send(Bytes(3200), 3200);
    g_assert_true(client.waitFor("audio_chunk"));
    g_assert_cmpint(httpRequest("POST", url, {}, R"({"faults":[{"do":"close","code":1012}]})").status, ==,
                    201);
    g_assert_true(client.socket->waitForClose());
    g_assert_cmpint(client.socket->closeCode(), ==, 1012);
    g_assert_cmpint(httpRequest("DELETE", url).status, ==, 204);
    const auto empty = parsed(httpRequest("GET", url).body);
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(empty.get(), "faults")), ==, 0);
}

static void a_bad_script_is_answered_400_with_the_sentence() {
    const GladiaEmulator emulator;
    const std::string url = emulator.url() + "/emulator/faults";
    const HttpAnswer answer = httpRequest("POST", url, {}, R"({"faults":[{"do":"mute"},{"do":"explode"}]})");
    g_assert_cmpint(answer.status, ==, 400);
    assertText(textOf(parsed(answer.body).get(), "message"), "Fault 2: knows no fault 'explode'");
    const auto listed = parsed(httpRequest("GET", url).body); // none of them is in force
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(listed.get(), "faults")), ==, 0);
    g_assert_cmpint(httpRequest("PUT", url).status, ==, 405);
    g_assert_cmpint(httpRequest("GET", emulator.url() + "/emulator/else").status, ==, 404);
}

static void the_report_tells_what_was_received() {
    const GladiaEmulator emulator;
    GladiaClient client(emulator, kPlainRequest);
    client.send(toneBytes("31"), 1000);
    g_assert_true(client.waitFor("transcript"));
    const auto report = parsed(httpRequest("GET", emulator.url() + "/emulator/report").body);
    g_assert_cmpint(json_object_get_int_member(report.get(), "posts"), ==, 1);
    JsonObject *session =
        json_array_get_object_element(json_object_get_array_member(report.get(), "sessions"), 0);
    assertText(textOf(session, "text"), "3 1");
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
#define ADD(function) g_test_add_func("/fault-script/" #function, function)
    ADD(every_kind_of_fault_can_be_written_down);
    ADD(what_is_drawn_depends_on_the_seed_alone);
    ADD(what_is_wrong_with_a_script_is_said_in_a_sentence);
    ADD(faults_are_given_listed_and_removed_over_http);
    ADD(a_bad_script_is_answered_400_with_the_sentence);
    ADD(the_report_tells_what_was_received);
#undef ADD
    return g_test_run();
}
