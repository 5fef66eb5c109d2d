// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/rtmp_server_rig.h"

#include <thread>

#include <sys/resource.h>
#include <unistd.h>

using namespace rtmp_test;

static void a_publisher_reaches_the_claim_of_its_stream() {
    auto server = serverWith();
    Recorder recorder, other;
    auto claim = server->claim("live", "demo", {}, recorder);
    auto otherClaim = server->claim("live", "other", {}, other);
    RtmpPublisher publisher(server->port()), second(server->port());
    g_assert_true(publisher.publish("live", "demo?token=x").accepted);
    g_assert_true(second.publish("live/other", "").accepted);
    publisher.sendConfig();
    publisher.sendFrames(100);
    second.sendConfig();
    second.sendFrames(7);
    publisher.unpublish();
    second.drop();
    const Seen seen = recorder.ends(1), seenOther = other.ends(1);
    g_assert_cmpuint(seen.frames, ==, 100);
    g_assert_cmpuint(seen.tags, ==, 101);
    g_assert_cmpuint(seenOther.frames, ==, 7);
    g_assert_true(seen.ends[0].kind == PublishEnd::Kind::Clean);
    g_assert_true(seenOther.ends[0].kind == PublishEnd::Kind::Lost);
    g_assert_true(seen.publishers.at(0).software == "test publisher");
    const auto stats = claim->stats()->get();
    g_assert_false(stats.publishing);
    g_assert_cmpuint(stats.publishers, ==, 1);
    g_assert_cmpuint(stats.counters.audioFrames, ==, 100);
    g_assert_cmpuint(stats.audio.rate, ==, 44100);
}

static void of_many_at_once_exactly_one_is_accepted() {
    constexpr std::size_t kMany = 32;
    auto server = serverWith();
    Recorder recorder;
    auto claim = server->claim("live", "demo", {}, recorder);
    std::vector<std::unique_ptr<RtmpPublisher>> publishers;
    for (std::size_t i = 0; i < kMany; i++) {
        publishers.push_back(std::make_unique<RtmpPublisher>(server->port()));
        g_assert_true(publishers.back()->handshake() && publishers.back()->connect("live"));
    }
    for (auto &publisher : publishers)
        publisher->requestPublish("demo");
    unsigned accepted = 0;
    for (auto &publisher : publishers) {
        const auto verdict = publisher->awaitVerdict();
        accepted += verdict.accepted;
        if (!verdict.accepted)
            assertRefused(verdict, "NetStream.Publish.BadName", "already being published");
    }
    g_assert_cmpuint(accepted, ==, 1);
    g_assert_cmpuint(recorder.now().publishers.size(), ==, 1);
    g_assert_cmpuint(claim->stats()->get().refused, ==, kMany - 1);
}

static void a_publisher_waits_for_its_claim() {
    auto server = serverWith();
    RtmpPublisher publisher(server->port()), rival(server->port());
    g_assert_true(publisher.handshake() && publisher.connect("live"));
    publisher.requestPublish("demo");
    // Whoever comes second is refused though nobody publishes yet: the place is taken.
    g_assert_true(rival.handshake() && rival.connect("live"));
    rival.requestPublish("demo");
    assertRefused(rival.awaitVerdict(), "NetStream.Publish.BadName", "already being published");
    Recorder recorder;
    auto claim = server->claim("live", "demo", {}, recorder);
    g_assert_true(publisher.awaitVerdict().accepted);
    g_assert_cmpuint(recorder.now().publishers.size(), ==, 1);
}

static void a_publisher_nobody_wants_is_refused_politely() {
    ServerLimits limits;
    limits.claimTimeout = 1ms;
    auto server = serverWith(limits);
    RtmpPublisher publisher(server->port());
    assertRefused(publisher.publish("live", "demo?token=geheim"), "NetStream.Publish.Denied",
                  "UNAVAILABLE: Nobody is receiving /live/demo");
    RtmpPublisher lost(server->port());
    assertRefused(lost.publish("live", "a/b/c"), "NetStream.Publish.Denied",
                  "INVALID_ARGUMENT: The address has too many parts");
}

static void a_silent_publisher_is_replaced() {
    auto server = serverWith();
    Recorder recorder;
    ClaimOptions options;
    options.staleAfter = 0ms;
    auto claim = server->claim("live", "demo", options, recorder);
    RtmpPublisher first(server->port()), second(server->port());
    g_assert_true(first.publish("live", "demo").accepted);
    g_assert_true(second.publish("live", "demo").accepted);
    first.sendConfig();
    first.sendFrames(10); // late data of the old one is nobody's
    second.sendConfig();
    second.sendFrames(3);
    second.unpublish();
    const Seen seen = recorder.ends(2);
    g_assert_true(seen.ends[0].kind == PublishEnd::Kind::Replaced);
    g_assert_true(seen.ends[1].kind == PublishEnd::Kind::Clean);
    g_assert_cmpuint(seen.frames, ==, 3);
    g_assert_cmpuint(seen.publishers.size(), ==, 2);
    const auto verdict = first.awaitVerdict();
    g_assert_true(verdict.code == "NetStream.Publish.Denied");
    g_assert_true(verdict.description == "RESOURCE_EXHAUSTED: Replaced by a new publisher.");
}

static void a_retired_claim_leaves_the_next_publisher_to_the_next_claim() {
    auto server = serverWith();
    Recorder first(AfterEnd::Retire), second;
    auto claim = server->claim("live", "demo", {}, first);
    g_assert_null(server->claim("live", "demo", {}, second).get());
    RtmpPublisher before(server->port());
    g_assert_true(before.publish("live", "demo").accepted);
    before.unpublish();
    first.ends(1);
    RtmpPublisher after(server->port());
    g_assert_true(after.handshake() && after.connect("live"));
    after.requestPublish("demo");
    auto next = server->claim("live", "demo", {}, second);
    g_assert_nonnull(next.get());
    claim.reset(); // takes nothing from the next one
    g_assert_true(after.awaitVerdict().accepted);
    after.sendConfig();
    second.waitFor([](const Seen &seen) { return seen.tags == 1; });
}

static void no_callback_comes_after_a_claim_is_gone() {
    auto server = serverWith();
    for (int i = 0; i < 50; i++) {
        auto recorder = std::make_unique<Recorder>();
        auto claim = server->claim("live", "demo", {}, *recorder);
        RtmpPublisher publisher(server->port());
        g_assert_true(publisher.publish("live", "demo").accepted);
        publisher.sendConfig();
        publisher.sendFrames(static_cast<unsigned>(i));
        claim.reset();
        recorder.reset();
        const auto verdict = publisher.awaitVerdict();
        g_assert_true(verdict.code == "NetStream.Publish.Denied");
        g_assert_nonnull(g_strstr_len(verdict.description.c_str(), -1, "receiver of this stream has gone"));
    }
}

static void a_port_is_free_as_soon_as_its_last_user_has_gone() {
    auto server = serverWith();
    const auto port = server->port();
    for (int i = 0; i < 50; i++) {
        lt::net::ListenError failure;
        auto same = RtmpServer::acquire("localhost", port, failure);
        g_assert_true(same == server || i > 0);
        RtmpPublisher publisher(port); // left connected
        g_assert_true(publisher.handshake());
        same.reset();
        server.reset();
        server = RtmpServer::acquire("127.0.0.1", port, failure);
        g_assert_nonnull(server.get());
        g_assert_cmpuint(server->port(), ==, port);
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([port] {
            for (int n = 0; n < 50; n++) {
                lt::net::ListenError failure;
                g_assert_nonnull(RtmpServer::acquire("127.0.0.1", port, failure).get());
            }
        });
    server.reset();
    for (auto &thread : threads)
        thread.join();
}

static void failure_to_listen_is_explained() {
    lt::net::ListenError failure;
    auto taken = lt::net::listenOn("127.0.0.1", 0, 1, failure);
    g_assert_true(static_cast<bool>(taken));
    const std::uint16_t port = lt::net::localPort(taken.get());
    g_assert_null(RtmpServer::acquire("127.0.0.1", port, failure).get());
    g_assert_true(failure.inUse);
    g_assert_true(failure.sentence.find("port " + std::to_string(port) + " on 127.0.0.1") !=
                  std::string::npos);
    g_assert_null(RtmpServer::acquire("nowhere.invalid", 0, failure).get());
    g_assert_true(failure.badAddress);
}

static void hostile_peers_are_closed_and_disturb_nobody() {
    ServerLimits limits;
    limits.connection.handshakeTimeout = 2s;
    auto server = serverWith(limits);
    Recorder recorder;
    auto claim = server->claim("live", "demo", {}, recorder);
    RtmpPublisher good(server->port());
    g_assert_true(good.publish("live", "demo").accepted);
    good.sendConfig();

    Raw garbage(4000);
    for (std::size_t i = 0; i < garbage.size(); i++)
        garbage[i] = static_cast<std::uint8_t>(i * 131 + 7);
    Raw half(1000, 0);
    half[0] = 3;
    const char get[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    for (const Raw &bytes : {Raw(get, get + sizeof get), Raw{0x16, 3, 1, 0, 0xa5}, Raw{6}, half, garbage}) {
        RtmpPublisher peer(server->port());
        peer.sendRaw(bytes);
        bool reset = true;
        g_assert_true(peer.readToEnd(reset).empty());
        g_assert_false(reset);
    }
    const Raw afterHandshake[] = {
        garbage,
        {0x04, 0, 0, 0, 0xff, 0xff, 0xff, 20, 0, 0, 0, 0, 1}, // a command of 16 MiB
        {0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0},  // chunk size 0
        {0xc4, 0},
    };
    for (const Raw &bytes : afterHandshake) {
        RtmpPublisher peer(server->port());
        g_assert_true(peer.handshake());
        peer.sendRaw(bytes);
        bool reset = true;
        peer.readToEnd(reset);
        g_assert_false(reset);
    }
    good.sendFrames(5);
    recorder.frames(5);
}

static void who_never_reads_keeps_publishing() {
    auto server = serverWith();
    Recorder recorder;
    auto claim = server->claim("live", "demo", {}, recorder);
    RtmpPublisher publisher(server->port(), 4096);
    g_assert_true(publisher.publish("live", "demo").accepted);
    Raw pings;
    for (int i = 0; i < 1000; i++)
        pings.insert(pings.end(), {2, 0, 0, 0, 0, 0, 6, 4, 0, 0, 0, 0, 0, 6, 0, 0, 0, 1});
    // 1.8 MB of answers: more than the buffers of both sockets hold.
    for (int i = 0; i < 100; i++)
        publisher.sendRaw(pings);
    publisher.sendConfig();
    publisher.sendFrames(3);
    g_assert_true(recorder.frames(3).ends.empty());
}

static void publishers_are_acknowledged_early() {
    auto server = serverWith();
    Recorder recorder;
    auto claim = server->claim("live", "demo", {}, recorder);
    RtmpPublisher publisher(server->port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    publisher.sendMessage(kVideo, 0, Raw(70000, 0x27), 6);
    publisher.sendFrame(0);
    recorder.frames(1);
    while (publisher.acknowledged() < 65536)
        publisher.readAvailable();
}

static void too_many_connections_are_turned_away() {
    ServerLimits limits;
    limits.connections = 2;
    auto server = serverWith(limits);
    RtmpPublisher one(server->port()), two(server->port());
    g_assert_true(one.handshake() && two.handshake());
    RtmpPublisher three(server->port());
    bool reset = false;
    three.readToEnd(reset);
    one.drop();
    for (bool in = false; !in;) {
        RtmpPublisher next(server->port());
        in = next.handshake();
    }
}

static void running_out_of_descriptors_is_survived() {
    auto server = serverWith();
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    const int free = dup(0);
    close(free);
    rlimit tight = before;
    tight.rlim_cur = static_cast<rlim_t>(free) + 1; // the client's socket, and none for the server's side
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &tight), ==, 0);
    RtmpPublisher publisher(server->port());
    lt::net::ingestLoop()->runSync([] {});
    setrlimit(RLIMIT_NOFILE, &before);
    g_assert_true(publisher.handshake());
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp/server/publish", a_publisher_reaches_the_claim_of_its_stream);
    g_test_add_func("/rtmp/server/many", of_many_at_once_exactly_one_is_accepted);
    g_test_add_func("/rtmp/server/waits", a_publisher_waits_for_its_claim);
    g_test_add_func("/rtmp/server/nobody", a_publisher_nobody_wants_is_refused_politely);
    g_test_add_func("/rtmp/server/stale", a_silent_publisher_is_replaced);
    g_test_add_func("/rtmp/server/retired", a_retired_claim_leaves_the_next_publisher_to_the_next_claim);
    g_test_add_func("/rtmp/server/no-callback", no_callback_comes_after_a_claim_is_gone);
    g_test_add_func("/rtmp/server/port", a_port_is_free_as_soon_as_its_last_user_has_gone);
    g_test_add_func("/rtmp/server/failure", failure_to_listen_is_explained);
    g_test_add_func("/rtmp/server/hostile", hostile_peers_are_closed_and_disturb_nobody);
    g_test_add_func("/rtmp/server/never-reads", who_never_reads_keeps_publishing);
    g_test_add_func("/rtmp/server/acknowledge", publishers_are_acknowledged_early);
    g_test_add_func("/rtmp/server/connections", too_many_connections_are_turned_away);
    g_test_add_func("/rtmp/server/descriptors", running_out_of_descriptors_is_survived);
    return g_test_run();
}
