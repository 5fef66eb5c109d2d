// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/livetranscript/livetranscript.h"
#include "tests/elements/broadcast_rig.h"
#include "tests/support/http_client.h"
#include "tests/support/raw_viewer.h"

#include <string>
#include <thread>
#include <utility>

#include <glib.h>
#include <sys/socket.h>

using namespace broadcast_test;
using lt::support::httpRequest;
using lt::test::RawViewer;

namespace {

void expectText(const std::string &got, const std::string &wanted) {
    g_assert_cmpstr(got.c_str(), ==, wanted.c_str());
}

/// The message with T for its time, which must be milliseconds since 1970.
std::string withoutStamp(std::string message) {
    const std::string key = "\"serverTimestamp\":";
    const auto from = message.find(key) + key.size();
    const auto end = message.find_first_not_of("0123456789", from);
    g_assert_cmpuint(end - from, ==, 13);
    return message.replace(from, end - from, "T");
}

void a_viewer_receives_partials_and_finals_in_the_first_form_exactly() {
    Rig rig;
    WebSocketClient viewer(rig.at("/ws?session=demo"));
    g_assert_true(viewer.connected());
    rig.waitForClient("viewer-added");
    rig.push(transcript("u1", "good", false));
    rig.push(transcript("u1", "good morning"));
    g_assert_true(viewer.waitForFrames([](const auto &frames) { return frames.size() == 2; }));
    const auto frames = viewer.frames();
    const auto shown = [&](std::size_t i) {
        return withoutStamp(frames[i].data);
    };
    g_assert_true(frames[0].text);
    expectText(shown(0),
               R"({"type":"transcript","sessionSlug":"demo","text":"good","isFinal":false,)"
               R"("utteranceId":"u1","transcriptType":"partial","seq":1,"epoch":"e1","language":"en",)"
               R"("start":1.5,"end":2,"serverTimestamp":T})");
    expectText(shown(1),
               R"({"type":"transcript","sessionSlug":"demo","text":"good morning","isFinal":true,)"
               R"("utteranceId":"u1","transcriptType":"final","seq":2,"epoch":"e1","language":"en",)"
               R"("start":1.5,"end":2,"serverTimestamp":T})");
    g_assert_cmpuint(rig.stat("finals"), ==, 1);
    g_assert_cmpuint(rig.stat("partials"), ==, 1);
    g_assert_cmpuint(rig.stat("delivered"), ==, 2);
    g_assert_cmpuint(rig.stat("viewers"), ==, 1);
}

void the_session_may_stand_in_the_path_and_types_may_be_split() {
    Rig rig;
    WebSocketClient viewer(rig.at("/ws/demo?types=split"));
    g_assert_true(viewer.connected());
    rig.waitForClient("viewer-added");
    rig.push(transcript("u1", "a", false));
    rig.push(transcript("u1", "b"));
    g_assert_true(viewer.waitForFrames([](const auto &frames) {
        return frames.size() == 2 && frames[0].data.starts_with(R"({"type":"transcript_partial")") &&
               frames[1].data.starts_with(R"({"type":"transcript_final")");
    }));
}

void what_cannot_be_served_is_refused_before_the_upgrade() {
    Rig rig;
    const struct {
        const char *path;
        int status;
        const char *word;
    } table[] = {
        {"/ws?session=nobody", 404, "UNAVAILABLE"},
        {"/ws/nobody", 404, "UNAVAILABLE"},
        {"/ws", 400, "INVALID_ARGUMENT"},
        {"/ws/", 400, "INVALID_ARGUMENT"},
        {"/ws?session=a%20b", 400, "INVALID_ARGUMENT"},
        {"/ws/a/b", 400, "INVALID_ARGUMENT"},
        {"/ws?session=demo&types=all", 400, "INVALID_ARGUMENT"},
        {"/ws?session=demo", 426, "INVALID_ARGUMENT"},
    };
    for (const auto &row : table) {
        const auto answer = httpRequest("GET", rig.http(row.path));
        g_test_message("%s: %d %s", row.path, answer.status, answer.body.c_str());
        g_assert_cmpint(answer.status, ==, row.status);
        g_assert_true(answer.body.find(std::string("\"error\":\"") + row.word + '"') != answer.body.npos);
        expectText(answer.headers.at("content-type"), "application/json");
    }
    const auto handshake = httpRequest("GET", rig.http("/ws/demo"),
                                       {{"Connection", "Upgrade"},
                                        {"Upgrade", "websocket"},
                                        {"Sec-WebSocket-Version", "8"},
                                        {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}});
    g_assert_cmpint(handshake.status, ==, 400);
    expectText(handshake.headers.at("content-type"), "application/json");
    WebSocketClient stranger(rig.at("/ws?session=nobody"));
    g_assert_false(stranger.connected());
    g_assert_cmpint(stranger.status(), ==, 404);
}

void no_extension_is_negotiated_and_the_accept_key_is_right() {
    Rig rig;
    RawViewer viewer(rig.port(), "/ws/demo");
    const std::string &head = viewer.handshake();
    g_assert_true(head.starts_with("HTTP/1.1 101 "));
    g_assert_true(head.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != head.npos);
    g_assert_true(head.find("permessage-deflate") == head.npos);
    g_assert_true(head.find("Extensions") == head.npos);
}

void a_final_that_comes_again_is_sent_once() {
    Rig rig;
    WebSocketClient viewer(rig.at("/ws/demo"));
    rig.waitForClient("viewer-added");
    rig.push(transcript("u1", "one"));
    rig.push(transcript("u1", "one"));
    rig.push(transcript("u2", "two"));
    g_assert_true(waitForTexts(viewer, "one two"));
    g_assert_cmpuint(rig.stat("duplicates"), ==, 1);
}

void plain_text_is_broadcast_as_finals() {
    Rig rig("demo", 0, "text/x-raw,format=utf8");
    WebSocketClient viewer(rig.at("/ws/demo"));
    rig.waitForClient("viewer-added");
    rig.push("Grüße");
    g_assert_true(waitForTexts(viewer, "Grüße"));
}

void eos_closes_with_1000_after_the_last_final_and_before_its_message() {
    Rig rig;
    WebSocketClient viewer(rig.at("/ws/demo"));
    rig.waitForClient("viewer-added");
    rig.push(transcript("u1", "last words"));
    g_assert_true(gst_harness_push_event(rig.h, gst_event_new_eos()));
    // The element's part is done when the EOS message is there: the room is closed.
    bool removed = false;
    for (;;) {
        const auto message =
            waitFor(rig.bus.get(), static_cast<GstMessageType>(GST_MESSAGE_ELEMENT | GST_MESSAGE_EOS));
        if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS)
            break;
        const GstStructure *structure = gst_message_get_structure(message.get());
        removed |= gst_structure_has_name(structure, "transcriptbroadcast/viewer-removed");
        g_assert_cmpstr(gst_structure_get_string(structure, "reason"), ==, "session-ended");
    }
    g_assert_true(removed);
    g_assert_true(viewer.waitForClose());
    g_assert_cmpint(viewer.closeCode(), ==, 1000);
    expectText(textsOf(viewer.frames()), "last words");
    g_assert_cmpint(httpRequest("GET", rig.http("/ws/demo")).status, ==, 404);
    // A new stream is a new session.
    g_assert_true(gst_harness_push_event(rig.h, gst_event_new_flush_start()));
    g_assert_true(gst_harness_push_event(rig.h, gst_event_new_flush_stop(TRUE)));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    g_assert_true(gst_harness_push_event(rig.h, gst_event_new_segment(&segment)));
    rig.push(transcript("u1", "again"));
    WebSocketClient second(rig.at("/ws/demo"));
    g_assert_true(second.connected());
    rig.waitForClient("viewer-added");
    rig.push(transcript("u2", "first"));
    g_assert_true(second.waitForFrames([](const auto &frames) {
        return frames.size() == 1 && frames[0].data.find("\"seq\":2,") != frames[0].data.npos;
    }));
}

void a_stalled_viewer_delays_eos_for_a_bounded_time_and_a_flush_ends_the_wait() {
    Rig rig;
    RawViewer stalled(rig.port(), "/ws/demo");
    rig.waitForClient("viewer-added");
    for (int i = 0; i < 400; i++)
        rig.push(transcript("u" + std::to_string(i), std::string(4000, 'x')));
    std::thread eos([&] { gst_harness_push_event(rig.h, gst_event_new_eos()); });
    // Once the session is over for newcomers, the element is in its wait.
    while (httpRequest("GET", rig.http("/ws/demo")).status != 404)
        ;
    g_assert_true(gst_harness_push_event(rig.h, gst_event_new_flush_start()));
    eos.join();
    g_assert_true(gst_harness_push_event(rig.h, gst_event_new_flush_stop(TRUE)));
    expectText(rig.waitForClient("viewer-removed"), "session-ended");
    g_assert_cmpuint(rig.stat("dropped-finals"), >, 0);
}

void leaving_without_eos_closes_with_1001() {
    auto rig = std::make_unique<Rig>();
    WebSocketClient viewer(rig->at("/ws/demo"));
    rig->waitForClient("viewer-added");
    rig->push(transcript("u1", "so far"));
    rig.reset();
    g_assert_true(viewer.waitForClose());
    g_assert_cmpint(viewer.closeCode(), ==, 1001);
    expectText(textsOf(viewer.frames()), "so far");
}

void a_dead_peer_is_removed() {
    Rig rig;
    WebSocketClient staying(rig.at("/ws/demo")), dying(rig.at("/ws/demo"));
    rig.waitForClient("viewer-added");
    rig.waitForClient("viewer-added");
    dying.breakOff();
    const std::string reason = rig.waitForClient("viewer-removed");
    g_assert_true(reason == "lost" || reason == "send-failed");
    g_assert_cmpuint(rig.stat("viewers"), ==, 1);
    staying.close(1000);
    expectText(rig.waitForClient("viewer-removed"), "closed");
}

void a_silent_peer_is_closed_with_1008_and_one_that_answers_pings_stays() {
    Rig rig;
    WebSocketClient answering(rig.at("/ws/demo"));
    rig.waitForClient("viewer-added");
    g_assert_true(gst_harness_push_event(rig.h, gst_event_new_livetranscript_heartbeat("test", 100, 3)));
    RawViewer silent(rig.port(), "/ws/demo");
    rig.waitForClient("viewer-added");
    expectText(rig.waitForClient("viewer-removed"), "heartbeat-timeout");
    for (;;) {
        const auto frame = silent.next();
        g_assert_true(frame.has_value());
        if (frame->opcode == 9)
            continue;
        g_assert_cmpuint(frame->opcode, ==, 8);
        expectText(frame->payload, "\x03\xf0Heartbeat timeout");
        break;
    }
    g_assert_cmpuint(rig.stat("heartbeat-timeouts"), ==, 1);
    rig.push(transcript("u1", "still here"));
    g_assert_true(waitForTexts(answering, "still here"));
}

void without_a_heartbeat_one_warning_is_posted_and_with_one_none() {
    Rig rig;
    rig.push(transcript("u1", "a"));
    rig.push(transcript("u2", "b"));
    g_assert_true(rig.waitForProblem(GST_MESSAGE_WARNING).find("No heartbeat is set") != std::string::npos);
    g_assert_null(gst_bus_pop_filtered(rig.bus.get(), GST_MESSAGE_WARNING));
    Rig told("told");
    g_assert_true(gst_harness_push_event(told.h, gst_event_new_livetranscript_heartbeat("test", 15000, 3)));
    told.push(transcript("u1", "a"));
    g_assert_null(gst_bus_pop_filtered(told.bus.get(), GST_MESSAGE_WARNING));
}

void a_buffer_that_cannot_be_read_is_counted_and_announced_but_not_too_often() {
    Rig rig;
    WebSocketClient viewer(rig.at("/ws/demo"));
    rig.waitForClient("viewer-added");
    g_assert_true(gst_harness_push_event(rig.h, gst_event_new_livetranscript_heartbeat("test", 15000, 3)));
    const char *garbage[] = {
        "", "{", "[]", "\xff\xfe", "{\"kind\":\"transcript\"}", "{\"kind\":\"x\",\"text\":\"a\"}", "null"};
    for (const char *text : garbage)
        rig.push(text);
    rig.push(transcript("u1", "fine"));
    g_assert_true(waitForTexts(viewer, "fine"));
    g_assert_cmpuint(rig.stat("malformed"), ==, 6); // an empty buffer is nothing
    int warnings = 0;
    while (lt::MiniRef<GstMessage> message{gst_bus_pop_filtered(rig.bus.get(), GST_MESSAGE_WARNING)})
        warnings++;
    g_assert_cmpint(warnings, ==, 3); // the 1st, 2nd and 4th
}

void a_slow_viewer_costs_only_itself() {
    auto element = makeBroadcast("demo");
    g_object_set(element.get(), "max-queue", 20, nullptr);
    Rig rig(std::move(element));
    RawViewer slow(rig.port(), "/ws/demo");
    rig.waitForClient("viewer-added");
    WebSocketClient quick(rig.at("/ws/demo"));
    rig.waitForClient("viewer-added");
    const std::string padding(2000, 'x');
    for (std::size_t i = 1; i <= 500; i++) {
        rig.push(transcript("u" + std::to_string(i), padding));
        g_assert_true(quick.waitForFrames([i](const auto &frames) { return frames.size() == i; }));
    }
    g_assert_cmpuint(rig.stat("dropped-finals"), >, 0);
    g_assert_cmpuint(rig.stat("viewers"), ==, 2);
    // It gets the newest when it reads on.
    for (;;) {
        const auto frame = slow.next();
        g_assert_true(frame.has_value());
        if (frame->payload.find("\"utteranceId\":\"u500\"") != frame->payload.npos)
            break;
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    const std::string prefix = "/transcriptbroadcast/";
    const std::pair<const char *, void (*)()> tests[] = {
        {"v1", a_viewer_receives_partials_and_finals_in_the_first_form_exactly},
        {"path", the_session_may_stand_in_the_path_and_types_may_be_split},
        {"refusals", what_cannot_be_served_is_refused_before_the_upgrade},
        {"handshake", no_extension_is_negotiated_and_the_accept_key_is_right},
        {"once", a_final_that_comes_again_is_sent_once},
        {"text", plain_text_is_broadcast_as_finals},
        {"eos", eos_closes_with_1000_after_the_last_final_and_before_its_message},
        {"eos-stalled", a_stalled_viewer_delays_eos_for_a_bounded_time_and_a_flush_ends_the_wait},
        {"shutdown", leaving_without_eos_closes_with_1001},
        {"dead", a_dead_peer_is_removed},
        {"silent", a_silent_peer_is_closed_with_1008_and_one_that_answers_pings_stays},
        {"no-heartbeat", without_a_heartbeat_one_warning_is_posted_and_with_one_none},
        {"malformed", a_buffer_that_cannot_be_read_is_counted_and_announced_but_not_too_often},
        {"slow", a_slow_viewer_costs_only_itself},
    };
    for (const auto &[name, test] : tests)
        g_test_add_func((prefix + name).c_str(), test);
    const int status = g_test_run();
    gst_deinit();
    return status;
}
