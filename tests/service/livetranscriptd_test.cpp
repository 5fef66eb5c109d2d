// SPDX-License-Identifier: LGPL-2.1-or-later
// The service as an operator runs it: its own process, real publishers, viewers, the recogniser's protocol.
// The audio carries DTMF digits and the emulator writes down the digits it hears. Arguments: livetranscriptd,
// pipelines/session.launch, livetranscript-export where there is one, and "postgresql" where that is known.
#include "tests/service/running_service.h"
#include "tests/support/live_publisher.h"
#include "tests/support/old_rule_viewer.h"
#include "tests/support/rtmp_publishers.h"

#include "tests/support/dtmf_tone.h"
#include "tests/support/raw_viewer.h"

#include <csignal>

#include <glib.h>

using namespace lt::support;
using namespace lt::service::test;

namespace {

std::string exporter;

void expectFinals(OldRuleViewer &viewer, const std::string &digits) {
    if (!viewer.waitForFinalText(digits, kPatience))
        g_error("heard \"%s\" instead of \"%s\"", viewer.finalText().c_str(), digits.c_str());
}

/// Status and words of a service that does not start.
void expectRefusal(const Texts &settings, const std::string &said) {
    Process process(commandLine(), settings);
    g_assert_true(process.waitForEnd() == 2);
    if (process.output().find(said) == std::string::npos)
        g_error("\"%s\" is not in: %s", said.c_str(), process.output().c_str());
}

void sessions_in_parallel_never_mix() {
    RunningService service;
    const std::string digits[] = {"1111", "2222", "3333"};
    std::vector<std::unique_ptr<OldRuleViewer>> viewers; // there before their publishers
    for (const auto &each : digits)
        viewers.push_back(std::make_unique<OldRuleViewer>(service.port(), "s" + each));
    std::vector<std::unique_ptr<LivePublisher>> publishers;
    for (const auto &each : digits)
        publishers.push_back(std::make_unique<LivePublisher>(service.url("s" + each)));
    for (const auto &each : digits)
        service.waitFor("event=published session=s" + each);
    for (std::size_t i = 0; i < 3; i++)
        publishers[i]->play(makeDtmf(digits[i]));
    for (std::size_t i = 0; i < 3; i++)
        expectFinals(*viewers[i], digits[i]);
    for (auto &publisher : publishers)
        g_assert_cmpint(publisher->finish(), ==, 0);
    for (auto &viewer : viewers) {
        g_assert_true(viewer->waitForClose(kPatience));
        g_assert_cmpint(viewer->closeCode(), ==, 1000);
    }
    g_assert_cmpint(service.end(), ==, 0);
}

void a_second_stream_of_a_session_is_refused_at_once() {
    RunningService service;
    LivePublisher first(service.url("s"));
    service.waitFor("event=published session=s");
    LivePublisher second(service.url("s"));
    g_assert_true(second.process().waitFor("RESOURCE_EXHAUSTED"));
    g_assert_true(second.process().waitForEnd().has_value());
    OldRuleViewer viewer(service.port(), "s");
    first.play(makeDtmf("42"));
    expectFinals(viewer, "42");
    g_assert_cmpint(first.finish(), ==, 0);
    g_assert_cmpint(service.end(), ==, 0);
}

void the_stream_over_the_limit_is_refused_and_a_freed_slot_is_usable_at_once() {
    RunningService service({"BACKPRESSURE_MAX_STREAMS=1"});
    LivePublisher first(service.url("first"));
    service.waitFor("event=published session=first");
    LivePublisher second(service.url("second"));
    g_assert_true(second.process().waitFor("RESOURCE_EXHAUSTED: No more than 1 session at a time"));
    g_assert_cmpint(first.finish(), ==, 0);
    service.waitFor("event=over session=first");
    LivePublisher third(service.url("third"));
    service.waitFor("event=published session=third");
    g_assert_cmpint(third.finish(), ==, 0);
    g_assert_cmpint(service.end(), ==, 0);
}

void limits_are_read_again_for_sessions_to_come() {
    const TemporaryDirectory directory;
    const auto file = directory.file("config.env");
    const auto write = [&file](const char *text) {
        g_assert_true(g_file_set_contents(file.c_str(), text, -1, nullptr));
    };
    write("BACKPRESSURE_MAX_STREAMS=1\n");
    RunningService service({}, {"--config=" + file});
    LivePublisher first(service.url("first"));
    service.waitFor("event=published session=first");
    LivePublisher second(service.url("second"));
    g_assert_true(second.process().waitFor("RESOURCE_EXHAUSTED: No more than 1 session at a time"));

    write("BACKPRESSURE_MAX_STREAMS=none\n");
    kill(service.pid(), SIGHUP);
    service.waitFor("event=reload-refused");
    LivePublisher third(service.url("third")); // by the limits from before
    g_assert_true(third.process().waitFor("RESOURCE_EXHAUSTED: No more than 1 session at a time"));

    write("BACKPRESSURE_MAX_STREAMS=2\nBACKPRESSURE_MAX_RATE=5\n");
    kill(service.pid(), SIGHUP);
    service.waitFor("event=reloaded");
    LivePublisher fourth(service.url("fourth"));
    service.waitFor("event=published session=fourth");
    LivePublisher fifth(service.url("fifth"));
    g_assert_true(fifth.process().waitFor("RESOURCE_EXHAUSTED: No more than 2 sessions at a time"));
    g_assert_cmpuint(service.timesSaid("event=over"), ==, 0); // the first one goes on
    g_assert_cmpint(first.finish(), ==, 0);
    g_assert_cmpint(fourth.finish(), ==, 0);
    g_assert_cmpint(service.end(), ==, 0);
}

/// Tones take three times as much, of which ten seconds' worth comes through at once; in the silence behind
/// them it catches up.
void a_publisher_above_its_bitrate_is_slowed_down_and_heard() {
    RunningService service({"PUBLISHER_MAX_BITRATE=32000"});
    OldRuleViewer viewer(service.port(), "s");
    LivePublisher publisher(service.url("s"));
    service.waitFor("event=published session=s");
    publisher.play(makeDtmf("12345678901234567890123456789012345678901234567890"));
    service.waitFor("sends more than max-bitrate, 32000 bits per second");
    g_assert_cmpfloat(service.metric("rtmp.throttled_ms_total"), >, 0);
    expectFinals(viewer, "12345678901234567890123456789012345678901234567890");
    g_assert_cmpint(publisher.finish(), ==, 0);
    g_assert_cmpint(service.end(), ==, 0);
}

void a_wrong_application_is_refused() {
    RunningService service;
    auto url = service.url("s");
    url.replace(url.find("/live/"), 6, "/other/");
    LivePublisher publisher(url);
    g_assert_true(publisher.process().waitFor("INVALID_ARGUMENT: Publish to /live/SESSION."));
    g_assert_cmpint(service.end(), ==, 0);
}

/// Reads until the close frame, which has code 1008.
void expectClose(lt::test::RawViewer &viewer, const char *reason) {
    auto frame = viewer.next();
    while (frame && frame->opcode != 8)
        frame = viewer.next();
    g_assert_true(frame.has_value());
    const auto payload = std::string("\x03\xf0") + reason;
    g_assert_cmpstr(frame->payload.c_str(), ==, payload.c_str());
}

void who_waits_for_a_session_is_held_to_the_service_s_limits() {
    RunningService service({"BACKPRESSURE_MAX_RATE=5", "PING_INTERVAL_MS=100"});
    const auto port = static_cast<std::uint16_t>(service.port());
    lt::test::RawViewer eager(port, "/ws/later?v=2");
    for (int i = 0; i < 100; i++) // whatever the time this takes, six are in one second
        eager.send(1, R"({"type":"ping"})");
    expectClose(eager, "RESOURCE_EXHAUSTED: Too many messages");
    lt::test::RawViewer dead(port, "/ws/later"); // answers no ping
    expectClose(dead, "Heartbeat timeout");
    g_assert_cmpint(service.end(), ==, 0);
}

void the_last_words_are_sent_when_the_service_is_stopped() {
    RunningService service;
    OldRuleViewer viewer(service.port(), "s");
    LivePublisher publisher(service.url("s"));
    service.waitFor("event=published session=s");
    DtmfTiming slow;
    slow.digitMs = 300; // one utterance of a second or two
    publisher.play(makeDtmf("7777777777", slow));
    g_assert_true(recogniser->waitFor([](const auto &report) { return report.connections == 1; }));
    while (viewer.lines().empty()) // a partial: the utterance is under way
        g_assert_false(viewer.waitForClose(std::chrono::milliseconds(5)));
    g_assert_cmpint(service.end(), ==, 0);
    g_assert_true(viewer.waitForClose(kPatience));
    g_assert_cmpint(viewer.closeCode(), ==, 1001); // come back: it is not over
    const auto text = viewer.finalText();
    g_assert_cmpuint(text.find_first_not_of('7'), ==, std::string::npos);
    g_assert_cmpuint(text.size(), >=, 1);
}

void an_error_of_one_session_leaves_the_others_alone() {
    RunningService service({"BACKPRESSURE_MAX_STREAMS=10"});
    OldRuleViewer viewer(service.port(), "good");
    LivePublisher good(service.url("good"));
    g_assert_true(recogniser->waitFor([](const auto &report) { return report.connections == 1; }));
    recogniser->addFaults(R"({"faults": [{"do": "refuse-post", "status": 401, "times": 1000}]})");
    LivePublisher bad(service.url("bad"));
    service.waitFor("event=restarting session=bad");
    recogniser->faults().clear();
    good.play(makeDtmf("55"));
    expectFinals(viewer, "55");
    g_assert_cmpint(good.finish(), ==, 0);
    g_assert_cmpint(service.end(), ==, 0);
}

void transcripts_are_stored_where_the_setting_says() {
    if (exporter.empty())
        return g_test_skip("this build has no transcriptstore");
    const TemporaryDirectory directory;
    const auto database = directory.file("captions.sqlite");
    RunningService service({"DATABASE_URL=" + database});
    {
        OldRuleViewer viewer(service.port(), "s");
        LivePublisher publisher(service.url("s"));
        g_assert_true(recogniser->waitFor([](const auto &report) { return report.connections == 1; }));
        publisher.play(makeDtmf("314"));
        expectFinals(viewer, "314");
        g_assert_cmpint(publisher.finish(), ==, 0);
    }
    g_assert_cmpint(service.end(), ==, 0);
    Process exported({exporter, "--location", database, "--session", "s", "--format", "text"});
    if (exported.waitForEnd() != 0)
        g_error("livetranscript-export failed: %s", exported.output().c_str());
    std::string digits;
    for (const char c : exported.output())
        if (g_ascii_isdigit(c))
            digits += c;
    g_assert_cmpstr(digits.c_str(), ==, "314");
}

void a_wrong_setting_is_refused_at_start() {
    expectRefusal(
        {"GLADIA_API_KEY=k", "PORT=x", "BACKPRESSURE_MAX_STREAMS=0"},
        "environment: BACKPRESSURE_MAX_STREAMS is \"0\", it must be a whole number from 1 to 100000");
    expectRefusal({"GLADIA_API_KEY="}, "no GLADIA_API_KEY is set");
}

void the_start_is_told_in_one_line() {
    RunningService service;
    const auto output = service.output();
    g_assert_true(output.find("APP_START {\"version\":\"") != std::string::npos);
    g_assert_true(output.find("only this machine gets in") != std::string::npos);
    g_assert_true(output.find("a-key-of-the-test") == std::string::npos);
    g_assert_cmpint(service.end(), ==, 0);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    const auto arguments = begin(argc, argv);
    exporter = arguments.empty() || arguments.front() == "postgresql" ? "" : arguments.front();
    g_test_add_func("/livetranscriptd/sessions_in_parallel_never_mix", sessions_in_parallel_never_mix);
    g_test_add_func("/livetranscriptd/a_second_stream_of_a_session_is_refused_at_once",
                    a_second_stream_of_a_session_is_refused_at_once);
    g_test_add_func(
        "/livetranscriptd/the_stream_over_the_limit_is_refused_and_a_freed_slot_is_usable_at_once",
        the_stream_over_the_limit_is_refused_and_a_freed_slot_is_usable_at_once);
    g_test_add_func("/livetranscriptd/limits_are_read_again_for_sessions_to_come",
                    limits_are_read_again_for_sessions_to_come);
    g_test_add_func("/livetranscriptd/a_publisher_above_its_bitrate_is_slowed_down_and_heard",
                    a_publisher_above_its_bitrate_is_slowed_down_and_heard);
    g_test_add_func("/livetranscriptd/a_wrong_application_is_refused", a_wrong_application_is_refused);
    g_test_add_func("/livetranscriptd/who_waits_for_a_session_is_held_to_the_service_s_limits",
                    who_waits_for_a_session_is_held_to_the_service_s_limits);
    g_test_add_func("/livetranscriptd/the_last_words_are_sent_when_the_service_is_stopped",
                    the_last_words_are_sent_when_the_service_is_stopped);
    g_test_add_func("/livetranscriptd/an_error_of_one_session_leaves_the_others_alone",
                    an_error_of_one_session_leaves_the_others_alone);
    g_test_add_func("/livetranscriptd/transcripts_are_stored_where_the_setting_says",
                    transcripts_are_stored_where_the_setting_says);
    g_test_add_func("/livetranscriptd/a_wrong_setting_is_refused_at_start",
                    a_wrong_setting_is_refused_at_start);
    g_test_add_func("/livetranscriptd/the_start_is_told_in_one_line", the_start_is_told_in_one_line);
    const int result = g_test_run();
    recogniser.reset();
    return result;
}
