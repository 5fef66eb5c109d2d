// SPDX-License-Identifier: LGPL-2.1-or-later
// Publishers that are lost, come back, or fight for a stream.
#include "lib/metrics/registry.h"
#include "tests/unit/rtmp_server_rig.h"

using namespace rtmp_test;
using Decision = PublisherGate::Decision;
using End = PublishEnd::Kind;

static void a_living_publisher_is_refused_or_replaced_as_the_policy_says() {
    const TimePoint now{1h};
    PublisherGate gate;
    g_assert_true(gate.decide(PublisherPolicy::Refuse, 1999ms, 2s, now) == Decision::Refuse);
    g_assert_true(gate.decide(PublisherPolicy::Refuse, 2s, 2s, now) == Decision::Replace);
    g_assert_true(gate.decide(PublisherPolicy::Takeover, 0s, 2s, now) == Decision::Replace);
}

static void three_takeovers_in_ten_seconds_are_enough() {
    const TimePoint now{1h};
    PublisherGate gate;
    const auto takeover = [&](std::chrono::milliseconds after, std::chrono::milliseconds silent = 0ms) {
        return gate.decide(PublisherPolicy::Takeover, silent, 2s, now + after);
    };
    for (const auto after : {0ms, 100ms, 200ms})
        g_assert_true(takeover(after) == Decision::Replace);
    g_assert_true(takeover(300ms) == Decision::TooOften);
    g_assert_true(takeover(300ms, 2s) == Decision::Replace); // a dead one is no opponent
    g_assert_true(takeover(9999ms) == Decision::TooOften);
    g_assert_true(takeover(10000ms) == Decision::Replace);
    g_assert_true(takeover(10000ms) == Decision::TooOften);
}

static void a_lost_publisher_goes_on_with_its_stream() {
    auto server = serverWith();
    Recorder recorder(AfterEnd::Wait);
    auto claim = server->claim("live", "demo", {}, recorder);
    for (std::size_t round = 1; round <= 3; round++) {
        RtmpPublisher publisher(server->port());
        g_assert_true(publisher.publish("live", "demo").accepted);
        publisher.sendConfig();
        publisher.sendFrames(5);
        recorder.frames(static_cast<unsigned>(5 * round));
        publisher.drop();
        const Seen seen = recorder.ends(round);
        g_assert_true(seen.ends.back().kind == End::Lost);
        g_assert_cmpuint(seen.gone, ==, 0);
    }
    auto &metrics = lt::metrics::registry();
    g_assert_cmpint(metrics.gauge(lt::metrics::names::kPublishers).value(), ==, 0);
    g_assert_cmpuint(metrics.counter(lt::metrics::names::kPublishes).value(), ==, 3);
    g_assert_cmpuint(metrics.counter(lt::metrics::names::kPublishersLost).value(), ==, 3);
    g_assert_cmpuint(metrics.counter(lt::metrics::names::kPublisherReturns).value(), ==, 2);
    g_assert_cmpuint(metrics.counter(lt::metrics::names::kPublishedBytes).value(), >, 100);
    const auto stats = claim->stats()->get();
    g_assert_true(stats.awaited && !stats.publishing);
    g_assert_cmpuint(stats.publishers, ==, 3);
    g_assert_cmpuint(stats.reconnects, ==, 2);
}

static void who_does_not_come_back_is_gone_and_the_claim_with_it() {
    auto server = serverWith();
    Recorder recorder(AfterEnd::Wait), next;
    ClaimOptions options;
    options.reconnectGrace = 1ms;
    auto claim = server->claim("live", "demo", options, recorder);
    RtmpPublisher publisher(server->port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    publisher.sendFrames(1);
    publisher.drop();
    recorder.goneOnce();
    g_assert_false(claim->stats()->get().awaited);
    g_assert_nonnull(server->claim("live", "demo", {}, next).get());
}

static void an_idle_publisher_is_lost() {
    auto server = serverWith();
    Recorder recorder(AfterEnd::Wait);
    ClaimOptions options;
    options.idleTimeout = 1ms;
    auto claim = server->claim("live", "demo", options, recorder);
    RtmpPublisher publisher(server->port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    publisher.sendFrames(1);
    const Seen seen = recorder.ends(1);
    g_assert_true(seen.ends[0].kind == End::Lost);
    g_assert_true(seen.ends[0].reason == "The publisher has been silent for too long.");
    const auto verdict = publisher.awaitVerdict(); // it is told
    g_assert_true(verdict.code == "NetStream.Publish.Denied");
}

static void two_encoders_that_fight_do_not_flap() {
    auto server = serverWith();
    Recorder recorder(AfterEnd::Wait);
    ClaimOptions options;
    options.policy = PublisherPolicy::Takeover;
    auto claim = server->claim("live", "demo", options, recorder);
    std::vector<std::unique_ptr<RtmpPublisher>> publishers;
    unsigned accepted = 0;
    for (int i = 0; i < 20; i++) {
        publishers.push_back(std::make_unique<RtmpPublisher>(server->port()));
        const auto verdict = publishers.back()->publish("live", "demo");
        accepted += verdict.accepted;
        if (!verdict.accepted)
            assertRefused(verdict, "NetStream.Publish.BadName", "taken over too often");
    }
    g_assert_cmpuint(accepted, ==, 1 + PublisherGate::kTakeovers);
    auto &winner = *publishers[PublisherGate::kTakeovers];
    winner.sendConfig();
    winner.sendFrames(4);
    const Seen seen = recorder.frames(4);
    g_assert_cmpuint(seen.ends.size(), ==, PublisherGate::kTakeovers);
    g_assert_cmpuint(claim->stats()->get().takeovers, ==, PublisherGate::kTakeovers);
    g_assert_cmpuint(claim->stats()->get().refused, ==, 20 - accepted);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp/gate/policy", a_living_publisher_is_refused_or_replaced_as_the_policy_says);
    g_test_add_func("/rtmp/gate/takeovers", three_takeovers_in_ten_seconds_are_enough);
    g_test_add_func("/rtmp/return/again", a_lost_publisher_goes_on_with_its_stream);
    g_test_add_func("/rtmp/return/gone", who_does_not_come_back_is_gone_and_the_claim_with_it);
    g_test_add_func("/rtmp/return/idle", an_idle_publisher_is_lost);
    g_test_add_func("/rtmp/return/fight", two_encoders_that_fight_do_not_flap);
    return g_test_run();
}
