// SPDX-License-Identifier: LGPL-2.1-or-later
// The six rules of admission at the publishers' door. Runs under ThreadSanitizer.
#include "tests/unit/rtmp_server_rig.h"

#include "lib/rtmp/amf0.h"
#include "lib/rtmp/message.h"

#include <atomic>
#include <memory>
#include <thread>

using namespace rtmp_test;

namespace {

constexpr unsigned kRate = 5;

void sendCommand(RtmpPublisher &publisher) {
    Raw body;
    AmfWriter(body).string("hello").number(0).null(); // transaction 0 wants no answer
    publisher.sendMessage(kCommand, 0, body, 3);
}

void sessions_in_parallel_never_mix() {
    auto server = serverWith();
    std::vector<std::unique_ptr<Recorder>> recorders;
    std::vector<std::unique_ptr<RtmpServer::Claim>> claims;
    std::vector<std::unique_ptr<RtmpPublisher>> publishers;
    constexpr unsigned kSessions = 8;
    for (unsigned i = 0; i < kSessions; i++) {
        const std::string name = "s" + std::to_string(i);
        recorders.push_back(std::make_unique<Recorder>());
        claims.push_back(server->claim("live", name, {}, *recorders.back()));
        publishers.push_back(std::make_unique<RtmpPublisher>(server->port()));
        g_assert_true(publishers.back()->publish("live", name).accepted);
        publishers.back()->sendConfig();
    }
    for (unsigned turn = 0; turn < 20; turn++) // interleaved; each session has a number of its own
        for (unsigned i = 0; i < kSessions; i++)
            publishers[i]->sendFrames(i + 1);
    for (auto &publisher : publishers)
        publisher->unpublish();
    for (unsigned i = 0; i < kSessions; i++) {
        recorders[i]->ends(1);
        g_assert_cmpuint(recorders[i]->now().frames, ==, 20 * (i + 1));
        g_assert_cmpuint(recorders[i]->now().publishers.size(), ==, 1);
    }
}

void a_second_stream_of_a_session_is_refused_at_once_and_of_32_simultaneous_exactly_one_wins() {
    auto server = serverWith();
    Recorder recorder;
    auto claim = server->claim("live", "demo", {}, recorder);
    constexpr unsigned kContenders = 32;
    std::vector<std::unique_ptr<RtmpPublisher>> publishers;
    for (unsigned i = 0; i < kContenders; i++) {
        publishers.push_back(std::make_unique<RtmpPublisher>(server->port()));
        g_assert_true(publishers.back()->handshake());
        g_assert_true(publishers.back()->connect("live"));
    }
    std::atomic<unsigned> winners = 0;
    std::atomic<bool> go = false;
    std::vector<std::thread> threads;
    for (auto &publisher : publishers)
        threads.emplace_back([&] {
            while (!go)
                std::this_thread::yield();
            publisher->requestPublish("demo");
            const auto verdict = publisher->awaitVerdict();
            if (verdict.accepted)
                winners++;
            else
                assertRefused(verdict, "NetStream.Publish.BadName", "RESOURCE_EXHAUSTED: ");
        });
    go = true;
    for (auto &thread : threads)
        thread.join();
    g_assert_cmpuint(winners, ==, 1);
    g_assert_cmpuint(recorder.now().publishers.size(), ==, 1);
}

void the_stream_over_the_limit_is_refused_and_a_freed_slot_is_usable_at_once() {
    ServerLimits limits;
    limits.publishers = 2;
    auto server = serverWith(limits);
    Recorder one, two, three;
    auto first = server->claim("live", "one", {}, one);
    auto second = server->claim("live", "two", {}, two);
    auto third = server->claim("live", "three", {}, three);
    RtmpPublisher a(server->port()), b(server->port()), late(server->port()), again(server->port());
    g_assert_true(a.publish("live", "one").accepted);
    g_assert_true(b.publish("live", "two").accepted);
    assertRefused(late.publish("live", "three"), "NetStream.Publish.Denied",
                  "RESOURCE_EXHAUSTED: No more than 2 publishers at a time");
    a.unpublish();
    one.ends(1);
    g_assert_true(again.publish("live", "three").accepted);
}

/// Frames that got through of those before and of those after the sixth command.
unsigned framesAroundTheSixthCommand(RtmpServer &server) {
    Recorder recorder;
    ClaimOptions options;
    options.commandsPerSecond = kRate;
    auto claim = server.claim("live", "demo", options, recorder);
    RtmpPublisher publisher(server.port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    for (unsigned i = 0; i < kRate; i++)
        sendCommand(publisher);
    publisher.sendFrames(100); // far more than the rate: media is not counted
    sendCommand(publisher);
    publisher.sendFrames(50);
    publisher.unpublish(); // one command more, should the sixth have been let through
    const auto seen = recorder.ends(1);
    if (seen.frames == 100)
        g_assert_cmpstr(seen.ends[0].reason.c_str(), ==,
                        "RESOURCE_EXHAUSTED: Too many commands in a second.");
    return seen.frames;
}

void at_rate_5_the_sixth_message_in_a_second_is_refused() {
    auto server = serverWith();
    // On a machine that stands still for a second the sixth one comes in another second.
    for (int attempt = 0; attempt < 10; attempt++)
        if (framesAroundTheSixthCommand(*server) == 100)
            return;
    g_error("the sixth command in a second was never the one that is refused");
}

void after_an_error_the_stream_ends_and_nothing_follows() {
    auto server = serverWith();
    Recorder recorder;
    ClaimOptions options;
    options.commandsPerSecond = 1;
    auto claim = server->claim("live", "demo", options, recorder);
    RtmpPublisher publisher(server->port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    publisher.sendFrames(3);
    PublishVerdict verdict;
    for (int i = 0; i < 100; i++) // whatever the time this takes, two are in one second
        sendCommand(publisher);
    publisher.sendFrames(7);
    verdict = publisher.awaitVerdict(); // reads until the server closes
    assertRefused(verdict, "NetStream.Publish.Denied", "RESOURCE_EXHAUSTED: Too many commands in a second.");
    const auto seen = recorder.ends(1);
    g_assert_cmpuint(seen.frames, ==, 3);
    g_assert_cmpuint(seen.ends.size(), ==, 1);
    RtmpPublisher next(server->port());
    g_assert_true(next.publish("live", "demo").accepted);
}

void a_normal_stream_delivers_everything_and_a_command_at_most_once() {
    auto server = serverWith();
    Recorder recorder;
    auto claim = server->claim("live", "demo", {}, recorder);
    RtmpPublisher publisher(server->port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    constexpr unsigned kFrames = 2000;
    publisher.sendFrames(kFrames);
    publisher.unpublish();
    const auto seen = recorder.ends(1);
    g_assert_cmpuint(seen.frames, ==, kFrames);
    g_assert_cmpuint(seen.publishers.size(), ==, 1);
    g_assert_true(seen.ends[0].kind == PublishEnd::Kind::Clean);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
#define T(name) g_test_add_func("/admission/rtmp/" #name, name)
    T(sessions_in_parallel_never_mix);
    T(a_second_stream_of_a_session_is_refused_at_once_and_of_32_simultaneous_exactly_one_wins);
    T(the_stream_over_the_limit_is_refused_and_a_freed_slot_is_usable_at_once);
    T(at_rate_5_the_sixth_message_in_a_second_is_refused);
    T(after_an_error_the_stream_ends_and_nothing_follows);
    T(a_normal_stream_delivers_everything_and_a_command_at_most_once);
    return g_test_run();
}
