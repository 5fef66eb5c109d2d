// SPDX-License-Identifier: LGPL-2.1-or-later
// The coordinator lease as viewers see it. Runs under ThreadSanitizer.
#include "tests/unit/room_rig.h"

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <glib.h>

using namespace room_test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

void ask(RawViewer &viewer, const std::string &type, std::uint64_t token) {
    viewer.send(kText, R"({"type":")" + type + R"(","token":)" + std::to_string(token) + "}");
}

void claim(RawViewer &viewer) {
    viewer.send(kText, R"({"type":"claim"})");
}

void publish(RawViewer &viewer, std::uint64_t token, const std::string &data) {
    viewer.send(kText, R"({"type":"insight","token":)" + std::to_string(token) + R"(,"data":)" + data + "}");
}

/// The next lease message of an event.
std::string leaseEvent(RawViewer &viewer, const std::string &event) {
    for (;;) {
        const std::string text = nextOf(viewer, "lease");
        if (member(text, "event") == '"' + event + '"')
            return text;
    }
}

/// What a "token" member says; every lease message has at most one.
std::uint64_t tokenOf(const std::string &message) {
    const std::string key = "\"token\":";
    const auto at = message.find(key);
    g_assert_true(at != message.npos);
    return std::stoull(message.substr(at + key.size()));
}

/// Joins n viewers that all claim; the first one is granted, which is waited for.
std::vector<RawViewer *> claimants(Rig &rig, std::size_t n) {
    std::vector<RawViewer *> viewers;
    for (std::size_t i = 0; i < n; i++) {
        viewers.push_back(&rig.join(v2()));
        claim(*viewers.back());
        leaseEvent(*viewers.back(), i == 0 ? "granted" : "queued");
    }
    return viewers;
}

void the_first_who_asks_coordinates_and_everybody_knows() {
    Rig rig;
    auto &watcher = rig.join(v2());
    ViewerProfile named = v2();
    named.userId = "ann";
    auto &first = rig.join(named);
    auto &second = rig.join(v2());
    claim(first);
    const std::string granted = leaseEvent(first, "granted");
    g_assert_true(granted.find(R"("viewerId":2,"userId":"ann","ttlMs":5000})") != granted.npos);
    g_assert_true(granted.find(R"("you":"holder")") != granted.npos);
    g_assert_cmpuint(tokenOf(granted), ==, static_cast<std::uint64_t>(kUnixMs) + 1);
    const std::string changed = leaseEvent(watcher, "changed");
    g_assert_true(changed.find(R"("viewerId":2)") != changed.npos);
    g_assert_true(changed.find("\"you\"") == changed.npos);
    claim(second);
    const std::string queued = leaseEvent(second, "queued");
    g_assert_true(queued.find(R"("you":"candidate","position":1,"candidates":1)") != queued.npos);
    auto &late = rig.join(v2());
    g_assert_true(nextText(late).find(R"("lease":{"token":)") != std::string::npos);
    g_assert_cmpint(rig.leaseChanges, ==, 1);
}

void it_passes_on_by_release_departure_and_lapse() {
    Rig rig;
    const auto viewers = claimants(rig, 4);
    const auto base = static_cast<std::uint64_t>(kUnixMs);
    ask(*viewers[0], "release", base + 1);
    g_assert_true(leaseEvent(*viewers[0], "released").find(R"("you":"none")") != std::string::npos);
    g_assert_cmpuint(tokenOf(leaseEvent(*viewers[1], "granted")), ==, base + 2);
    viewers[1]->hangUp();
    g_assert_cmpuint(tokenOf(leaseEvent(*viewers[2], "granted")), ==, base + 3);
    rig.advance(milliseconds(4999));
    ask(*viewers[2], "renew", base + 3);
    leaseEvent(*viewers[2], "renewed");
    rig.advance(milliseconds(4999));
    g_assert_cmpint(rig.leaseChanges, ==, 3);
    rig.advance(milliseconds(1));
    g_assert_cmpuint(tokenOf(leaseEvent(*viewers[3], "granted")), ==, base + 4);
    ask(*viewers[2], "renew", base + 3);
    g_assert_true(leaseEvent(*viewers[2], "lost").find(R"("you":"none")") != std::string::npos);
    ask(*viewers[3], "release", base + 4);
    leaseEvent(*viewers[3], "released");
    g_assert_true(leaseEvent(*viewers[3], "changed").find(R"("holder":null)") != std::string::npos);
    g_assert_cmpuint(rig.counts->viewers, ==, 3);
}

void insights_reach_all_of_the_second_version_in_order_and_stay() {
    Rig rig;
    auto &old = rig.join();
    const auto viewers = claimants(rig, 2);
    const auto token = static_cast<std::uint64_t>(kUnixMs) + 1;
    rig.publish({say("u1", "one")});
    publish(*viewers[0], token, R"({"summary":"a \"b\" ü","n":[1,2.5,true,null,4.12]})");
    const std::string wanted =
        R"({"type":"insight","sessionSlug":"demo","seq":2,"token":1767225600124,"viewerId":2,)"
        R"("data":{"summary":"a \"b\" ü","n":[1,2.5,true,null,4.12]},"serverTimestamp":1767225600123})";
    for (RawViewer *viewer : viewers) {
        const std::string got = nextOf(*viewer, "insight");
        g_assert_cmpstr(got.c_str(), ==, wanted.c_str());
    }
    rig.publish({say("u2", "two")});
    const auto frames = old.all();
    g_assert_cmpuint(frames.size(), ==, 2);
    g_assert_true(member(frames[1].payload, "seq") == "3");
    auto &late = rig.join(v2());
    g_assert_true(nextOf(late, "snapshot").find(wanted) != std::string::npos);
    g_assert_cmpuint(rig.counts->insights, ==, 1);
}

void an_insight_without_the_lease_closes_with_4409() {
    Rig rig;
    const auto viewers = claimants(rig, 2);
    const auto base = static_cast<std::uint64_t>(kUnixMs);
    publish(*viewers[1], base + 1, "{}"); // the token is good, but not this viewer's
    expectClose(*viewers[1], 4409, "Lease lost");
    rig.advance(seconds(5));
    publish(*viewers[0], base + 1, "{}"); // lapsed meanwhile
    expectClose(*viewers[0], 4409, "Lease lost");
    rig.waitUntil([&] { return rig.counts->viewers == 0; });
    rig.expectDepartures("stale-lease stale-lease");
    g_assert_cmpuint(rig.counts->staleInsights, ==, 2);
    g_assert_cmpuint(rig.counts->insights, ==, 0);
}

void of_five_viewers_one_calls_and_of_a_hundred_sessions_a_hundred() {
    const auto calls = [](std::size_t n) {
        Rig rig;
        std::vector<RawViewer *> viewers;
        for (std::size_t i = 0; i < n; i++)
            claim(*viewers.emplace_back(&rig.join(v2())));
        rig.waitUntil([&] { return rig.counts->leaseChanges == 1; });
        // Everybody has been answered when the pong is there.
        std::size_t granted = 0;
        for (RawViewer *viewer : viewers) {
            viewer->send(kText, R"({"type":"ping"})");
            for (std::string text; !text.starts_with(R"({"type":"pong")"); text = nextText(*viewer))
                granted += text.find(R"("event":"granted")") != text.npos;
        }
        return granted;
    };
    g_assert_cmpuint(calls(5), ==, 1);
    std::size_t all = 0;
    for (int session = 0; session < 100; session++)
        all += calls(3);
    g_assert_cmpuint(all, ==, 100);
}

/// Clients that claim, publish with whatever token they know, and are killed. What is accepted must come from
/// one holder at a time: tokens never go back, and each belongs to one viewer.
void two_holders_are_never_seen_while_connections_are_killed() {
    Rig rig({}, 2);
    auto &judge = rig.join(v2());
    std::mt19937 random(11);
    std::uint64_t highest = 0, holder = 0, insights = 0;
    bool over = false;
    const auto check = [&](const std::string &text) {
        over = text.find("\"end\"") != text.npos;
        if (!text.starts_with(R"({"type":"insight")"))
            return;
        insights++;
        const std::uint64_t token = tokenOf(text), viewer = std::stoull(member(text, "viewerId"));
        g_assert_cmpuint(token, >=, highest);
        if (token == highest)
            g_assert_cmpuint(viewer, ==, holder);
        highest = token;
        holder = viewer;
    };
    struct Client {
        RawViewer *viewer;
        std::uint64_t token = 0;
    };
    std::vector<Client> clients;
    for (int step = 0; step < 2000; step++) {
        if (clients.size() < 6) {
            clients.push_back({&rig.join(v2())});
            claim(*clients.back().viewer);
        }
        for (const auto &frame : judge.all())
            check(frame.payload);
        const std::size_t i = random() % clients.size();
        Client &client = clients[i];
        for (const auto &frame : client.viewer->all())
            if (frame.payload.find(R"("event":"granted")") != std::string::npos)
                client.token = tokenOf(frame.payload);
        switch (random() % 4) {
        case 0:
            client.viewer->hangUp();
            clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(i));
            break;
        case 1:
            rig.advance(milliseconds(random() % 2000));
            break;
        default:
            if (client.token == 0)
                break;
            publish(*client.viewer, client.token, R"({"by":1})");
            if (client.viewer->all().empty() && random() % 2) { // it may have been closed for that
                client.viewer->hangUp();
                clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(i));
            }
        }
    }
    rig.publish({say("end", "end")});
    while (!over)
        check(nextText(judge));
    g_assert_cmpuint(insights, >, 0);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/room-lease/first", the_first_who_asks_coordinates_and_everybody_knows);
    g_test_add_func("/room-lease/passes-on", it_passes_on_by_release_departure_and_lapse);
    g_test_add_func("/room-lease/insights", insights_reach_all_of_the_second_version_in_order_and_stay);
    g_test_add_func("/room-lease/stale", an_insight_without_the_lease_closes_with_4409);
    g_test_add_func("/room-lease/calls", of_five_viewers_one_calls_and_of_a_hundred_sessions_a_hundred);
    g_test_add_func("/room-lease/kills", two_holders_are_never_seen_while_connections_are_killed);
    return g_test_run();
}
