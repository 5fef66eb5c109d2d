// SPDX-License-Identifier: LGPL-2.1-or-later
// Peers that misbehave, peers by the thousand, and counters that are exact whatever they do.
#include "tests/bench/broadcast/load_client.h"
#include "tests/bench/support/monotonic.h"
#include "tests/elements/broadcast_rig.h"
#include "tests/support/http_client.h"
#include "tests/support/raw_viewer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <utility>

#include <gst/gst.h>
#include <malloc.h>
#include <sys/resource.h>

using namespace broadcast_test;
using lt::bench::LoadClient;
using lt::support::httpRequest;
using lt::test::RawViewer;

namespace {

lt::ObjectRef<GstElement> makeWith(std::initializer_list<std::pair<const char *, guint>> properties) {
    auto element = makeBroadcast("demo");
    for (const auto &[name, value] : properties)
        g_object_set(element.get(), name, value, nullptr);
    return element;
}

bool becomesTrue(const std::function<bool()> &holds) {
    const gint64 end = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;
    while (!holds() && g_get_monotonic_time() < end)
        g_usleep(10000);
    return holds();
}

void a_handshake_byte_by_byte_has_no_more_time_than_another() {
    Rig rig(makeWith({{"handshake-timeout-ms", 200}}));
    RawViewer slow(rig.port());
    const std::string endless = "GET /ws/demo HTTP/1.1\r\nX: " + std::string(100000, 'x');
    std::size_t sent = 0;
    while (sent < endless.size() && !slow.hasEnded(5))
        slow.sendBytes(endless.substr(sent++, 1));
    g_assert_cmpuint(sent, <, endless.size());
}

void a_frame_byte_by_byte_is_understood() {
    Rig rig;
    RawViewer viewer(rig.port(), "/ws/demo");
    const std::string ping{'\x89', '\x83', '\1', '\2', '\3', '\4', '\1' ^ 'a', '\2' ^ 'b', '\3' ^ 'c'};
    for (const char byte : ping)
        viewer.sendBytes(std::string(1, byte));
    const auto pong = viewer.next();
    g_assert_true(pong && pong->opcode == 10 && pong->payload == "abc");
}

void an_announced_gigabyte_is_refused_before_it_comes() {
    Rig rig;
    RawViewer viewer(rig.port(), "/ws/demo");
    viewer.sendBytes(std::string{'\x81', '\xff', 0, 0, 0, 0, '\x40', 0, 0, 0, 'm', 'a', 's', 'k'});
    const auto close = viewer.next();
    g_assert_true(close && close->opcode == 8);
    g_assert_cmpint(static_cast<std::uint8_t>(close->payload[0]) << 8 |
                        static_cast<std::uint8_t>(close->payload[1]),
                    ==, 1009);
    g_assert_true(rig.waitForClient("viewer-removed") == "protocol-error");
}

void who_never_reads_is_closed_and_costs_the_others_nothing() {
    Rig rig(makeWith({{"write-timeout-ms", 300}, {"max-queue-bytes", 64 << 20}}));
    RawViewer deaf(rig.port(), "/ws/demo");
    WebSocketClient quick(rig.at("/ws/demo"));
    for (int i = 0; i < 2; i++)
        rig.waitForClient("viewer-added");
    const std::string text(100 * 1024, 'x'); // much more than both sockets hold
    for (int i = 0; i < 20; i++)
        rig.push(transcript("u" + std::to_string(i), text));
    g_assert_true(quick.waitForFrames([](const auto &frames) { return frames.size() == 20; }));
    g_assert_true(rig.waitForClient("viewer-removed") == "too-slow");
    g_assert_false(quick.closed());
}

void a_reset_connection_is_gone() {
    Rig rig;
    {
        LoadClient client({rig.port(), "/ws/demo"});
        client.connect(1);
        rig.waitForClient("viewer-added");
        client.cut();
    }
    g_assert_true(rig.waitForClient("viewer-removed") == "lost");
    rig.push(transcript("u1", "to nobody"));
    g_assert_cmpuint(rig.stat("viewers"), ==, 0);
}

std::size_t descriptors() {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

/// As many as this process may have, both ends of each, up to 5,000.
std::size_t manyViewers() {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    return std::min<std::size_t>(5000, (files.rlim_cur - 200) / 3); // an accepted one has two for a moment
}

void thousands_of_viewers_connect_receive_leave_and_nothing_stays() {
    Rig rig;
    const std::size_t count = manyViewers();
    const auto round = [&](const std::string &id) {
        LoadClient client({rig.port(), "/ws/demo"});
        client.connect(count);
        g_assert_true(becomesTrue([&] { return rig.stat("viewers") == count; }));
        rig.push(transcript(id, "hello all"));
        while (client.complete() < 1)
            client.turn(lt::bench::monotonicNs() + 100'000'000);
        client.cut();
        g_assert_true(becomesTrue([&] { return rig.stat("viewers") == 0; }));
        gst_bus_set_flushing(rig.bus.get(), TRUE); // 10,000 messages
        gst_bus_set_flushing(rig.bus.get(), FALSE);
    };
    // What is made once, is made now; and a queue that is longer than ever before keeps its room.
    round("first");
    round("second");
    const std::size_t open = descriptors();
    const std::size_t used = mallinfo2().uordblks;
    round("third");
    g_assert_true(becomesTrue([&] { return descriptors() <= open; }));
    g_test_message("%zu viewers: %zu bytes in use before, %zu after", count, used,
                   static_cast<std::size_t>(mallinfo2().uordblks));
    // 50 bytes a viewer would be a leak of anything.
    g_assert_true(becomesTrue([&] { return mallinfo2().uordblks <= used + 50 * count; }));
}

/// Every plain series of the process: "name{labels}" and its value.
std::map<std::string, double> series(const Rig &rig) {
    std::map<std::string, double> values;
    std::istringstream text(httpRequest("GET", rig.http("/metrics?format=prometheus")).body);
    for (std::string line; std::getline(text, line);) {
        const auto space = line.rfind(' ');
        if (!line.starts_with('#') && space != line.npos)
            values[line.substr(0, space)] = std::strtod(line.c_str() + space, nullptr);
    }
    return values;
}

double countOf(const WebSocketClient &client) {
    const auto frames = client.frames();
    return static_cast<double>(std::count_if(frames.begin(), frames.end(), [](const auto &frame) {
        return frame.data.starts_with("{\"type\":\"transcript");
    }));
}

void the_counters_are_exactly_what_was_sent() {
    Rig rig;
    const auto before = series(rig);
    const auto grown = [&](const char *name) {
        auto now = series(rig);
        const auto old = before.find(name);
        return now.at(name) - (old == before.end() ? 0 : old->second);
    };
    WebSocketClient v1(rig.at("/ws/demo")), split(rig.at("/ws/demo?types=split")), v2(rig.at("/ws/demo?v=2")),
        finals(rig.at("/ws/demo?finals=1"));
    for (int i = 0; i < 4; i++)
        rig.waitForClient("viewer-added");
    constexpr int kUtterances = 200, kPartials = 3;
    const auto haveAll = [&](int utterances) {
        const double all = utterances * (kPartials + 1);
        return countOf(v1) == all && countOf(split) == all && countOf(v2) == all &&
               countOf(finals) == utterances;
    };
    for (int i = 0; i < kUtterances; i++) {
        for (int j = 0; j < kPartials; j++)
            rig.push(transcript("u" + std::to_string(i), "partial", false));
        for (int j = 0; j < 2; j++) // the second one is known
            rig.push(transcript("u" + std::to_string(i), "final"));
        if (i % 10 == 9) // never so many that one must wait, and is replaced
            g_assert_true(becomesTrue([&] { return haveAll(i + 1); }));
    }
    const double all = kUtterances * (kPartials + 1);
    const double delivered = 3 * all + kUtterances, finalsDelivered = 4 * kUtterances;
    // The last viewer has its message a moment before it is counted.
    g_assert_true(becomesTrue([&] { return grown("ws_viewer_delivery_ms_count") == delivered; }));
    g_assert_cmpfloat(grown("ws_viewer_delivery_ms_final_count"), ==, finalsDelivered);
    g_assert_cmpfloat(grown("ws_viewer_delivery_ms_partial_count"), ==, delivered - finalsDelivered);
    g_assert_cmpfloat(grown("ws_session_broadcast_lag_ms_count{session=\"demo\"}"), ==,
                      all + kUtterances); // those that were known had their turn as well
    g_assert_cmpfloat(grown("ws_session_clients{session=\"demo\"}"), ==, 4);
    g_assert_cmpfloat(grown("ws_session_queue_size{session=\"demo\"}"), ==, 0);
    g_assert_cmpfloat(grown("ws_queue_drops_total"), ==, 0);
    g_assert_cmpfloat(grown("ws_broadcast_errors_total"), ==, 0);
    g_assert_cmpuint(rig.stat("delivered"), ==, static_cast<guint64>(delivered));
    g_assert_cmpuint(rig.stat("finals"), ==, kUtterances);
    g_assert_cmpuint(rig.stat("partials"), ==, kUtterances * kPartials);
    g_assert_cmpuint(rig.stat("duplicates"), ==, kUtterances);
}

void what_a_slow_viewer_does_not_get_is_counted_to_the_last_message() {
    Rig rig(makeWith({{"max-queue", 5}, {"max-partial-age-ms", 0}, {"write-timeout-ms", 0}}));
    const auto before = series(rig);
    RawViewer slow(rig.port(), "/ws/demo");
    rig.waitForClient("viewer-added");
    constexpr int kMessages = 300;
    const std::string text(20 * 1024, 'x');
    for (int i = 0; i < kMessages; i++)
        rig.push(transcript("u" + std::to_string(i), text));
    rig.push(transcript("end", "the end"));
    int got = 0;
    for (bool last = false; !last;) {
        const auto frame = slow.next();
        g_assert_true(frame.has_value());
        got += frame->opcode == 1;
        last = frame->payload.find("the end") != frame->payload.npos;
    }
    const auto now = series(rig);
    const double drops = now.at("ws_queue_drops_total") - before.at("ws_queue_drops_total");
    g_assert_cmpfloat(drops, >, 0);
    g_assert_cmpfloat(got + drops, ==, kMessages + 1);
    g_assert_true(becomesTrue([&] { return rig.stat("delivered") == static_cast<guint64>(got); }));
    g_assert_cmpuint(rig.stat("dropped-finals"), ==, static_cast<guint64>(drops));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    const std::string prefix = "/broadcast-peers/";
    const std::pair<const char *, void (*)()> tests[] = {
        {"slow-handshake", a_handshake_byte_by_byte_has_no_more_time_than_another},
        {"slow-frame", a_frame_byte_by_byte_is_understood},
        {"gigabyte", an_announced_gigabyte_is_refused_before_it_comes},
        {"deaf", who_never_reads_is_closed_and_costs_the_others_nothing},
        {"reset", a_reset_connection_is_gone},
        {"exact", the_counters_are_exactly_what_was_sent},
        {"exact-drops", what_a_slow_viewer_does_not_get_is_counted_to_the_last_message},
        {"thousands", thousands_of_viewers_connect_receive_leave_and_nothing_stays},
    };
    for (const auto &[name, test] : tests)
        g_test_add_func((prefix + name).c_str(), test);
    const int status = g_test_run();
    gst_deinit();
    return status;
}
