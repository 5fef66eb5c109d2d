// SPDX-License-Identifier: LGPL-2.1-or-later
// Every reason to be turned away, as ffmpeg, rtmp2sink and rtmpsink see it: they end by themselves, and the
// first two say why.
#include "lib/rtmp/rtmp_server.h"
#include "tests/pipelines/rtmp_commands.h"
#include "tests/support/rtmp_publisher.h"

#include <atomic>
#include <csignal>
#include <memory>

using lt::support::Process;
using lt::support::RtmpPublisher;
using namespace lt::rtmp;
using namespace lt::test;

namespace {

/// Whoever receives a stream and does nothing with it.
class Nothing : public PublishListener {
public:
    void published(const PublisherInfo &) override {}
    void media(MediaTag) override {}
    AfterEnd after(const PublishEnd &) const override { return AfterEnd::Keep; }
    void ended(const PublishEnd &) override {}
};

/// Lets everybody in and counts them.
class CountingDoor : public PublishDoor {
public:
    std::optional<lt::Refusal> admit(const PublishAttempt &) override {
        admitted_++;
        admitted_.notify_all();
        return std::nullopt;
    }
    void waitFor(unsigned count) const {
        for (unsigned seen = 0; (seen = admitted_) < count;)
            admitted_.wait(seen);
    }

private:
    std::atomic<unsigned> admitted_ = 0;
};

std::shared_ptr<RtmpServer> serverWith(const ServerLimits &limits = {}) {
    lt::net::ListenError failure;
    auto server = RtmpServer::acquire("127.0.0.1", 0, failure, limits);
    g_assert_nonnull(server.get());
    return server;
}

/// All the publishers there are on this machine, each publishing to `url`.
class Publishers {
public:
    /// `apart`: each to a stream of its own, whose name is that of `url` with a letter behind it.
    explicit Publishers(const std::string &url, bool apart = false) {
        const auto own = [&](const char *letter) {
            return apart ? url + letter : url;
        };
        if (lt::support::haveProgram("ffmpeg"))
            ffmpeg_ = std::make_unique<Process>(ffmpegAudio(own("f")));
        const std::string line = std::string(lt::test::kAudio) + "! ";
        if (has("rtmp2sink"))
            rtmp2sink_ = std::make_unique<GstPublisher>(line + "rtmp2sink location=" + own("n"));
        if (has("rtmpsink"))
            rtmpsink_ = std::make_unique<GstPublisher>(line + "rtmpsink location=" + own("o"));
    }
    unsigned count() const { return !!ffmpeg_ + !!rtmp2sink_ + !!rtmpsink_; }

    /// They have ended, and showed `reason` where they show any.
    void assertTold(const char *reason) {
        if (ffmpeg_) {
            g_assert_true(ffmpeg_->waitFor(reason));
            g_assert_cmpint(ffmpeg_->waitForEnd().value_or(0), !=, 0);
        }
        if (rtmp2sink_) {
            const auto end = rtmp2sink_->end();
            if (!g_strstr_len(end.c_str(), -1, reason))
                g_error("rtmp2sink says \"%s\" instead of \"%s\"", end.c_str(), reason);
        }
        if (rtmpsink_)
            g_assert_true(rtmpsink_->end() != "");
    }

private:
    static bool has(const char *sink) {
        for (const char *name : {sink, "avenc_aac", "aacparse", "flvmux"}) {
            if (!lt::ObjectRef<GstElementFactory>(gst_element_factory_find(name)))
                return false;
        }
        return true;
    }

    std::unique_ptr<Process> ffmpeg_;
    std::unique_ptr<GstPublisher> rtmp2sink_, rtmpsink_;
};

std::string urlOf(const RtmpServer &server, const char *path) {
    return "rtmp://127.0.0.1:" + std::to_string(server.port()) + path;
}

} // namespace

static void every_reason_reaches_every_publisher() {
    g_setenv("LT_TEST_PUBLISH_TOKEN", "geheim", TRUE);
    ServerLimits limits;
    limits.claimTimeout = std::chrono::milliseconds(100);
    const auto server = serverWith(limits);
    Nothing nothing;
    ClaimOptions withToken, held;
    std::string problem;
    PublishTokens tokens;
    tokens.tokens.environment = "LT_TEST_PUBLISH_TOKEN";
    withToken.door = makeTokenDoor(tokens, problem);
    g_assert_nonnull(withToken.door.get());
    held.staleAfter = held.idleTimeout = std::chrono::hours(1);
    const auto secret = server->claim("live", "secret", withToken, nothing);
    const auto busy = server->claim("live", "busy", held, nothing);
    RtmpPublisher incumbent(server->port());
    g_assert_true(incumbent.publish("live", "busy").accepted);
    incumbent.sendConfig();
    incumbent.sendFrame(0);

    const struct {
        const char *path, *reason;
        bool apart = false;
    } cases[] = {
        {"/other/demo", "There is no application other here."},
        {"/live/unknown", "Nobody is receiving /live/unknown", true},
        {"/live/secret?token=falsch", "The token is wrong."},
        {"/live/secret", "A token is needed"},
        {"/live/busy", "/live/busy is already being published."},
        {"/live/a/b", "The address has too many parts"},
    };
    std::vector<std::unique_ptr<Publishers>> all;
    for (const auto &one : cases)
        all.push_back(std::make_unique<Publishers>(urlOf(*server, one.path), one.apart));
    for (std::size_t i = 0; i < all.size(); i++)
        all[i]->assertTold(cases[i].reason);
    g_assert_cmpuint(busy->stats()->get().publishers, ==, 1);
}

static void a_full_server_says_so_to_every_publisher() {
    ServerLimits limits;
    limits.publishers = 1;
    limits.claimTimeout = std::chrono::hours(1);
    const auto server = serverWith(limits);
    const auto door = std::make_shared<CountingDoor>();
    server->setDoor(door);
    RtmpPublisher first(server->port()); // waits for a receiver
    g_assert_true(first.handshake() && first.connect("live"));
    first.requestPublish("first");
    door->waitFor(1);
    Publishers(urlOf(*server, "/live/demo"))
        .assertTold("RESOURCE_EXHAUSTED: No more than 1 publisher at a time");
}

static void a_server_that_ends_tells_who_waits() {
    ServerLimits limits;
    limits.claimTimeout = std::chrono::hours(1);
    auto server = serverWith(limits);
    const auto door = std::make_shared<CountingDoor>();
    server->setDoor(door);
    Publishers publishers(urlOf(*server, "/live/"), true); // only one may wait for a stream
    door->waitFor(publishers.count());
    server.reset();
    publishers.assertTold("The server is shutting down.");
}

int main(int argc, char **argv) {
    std::signal(SIGPIPE, SIG_IGN);
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp-refusals/reasons", every_reason_reaches_every_publisher);
    g_test_add_func("/rtmp-refusals/full", a_full_server_says_so_to_every_publisher);
    g_test_add_func("/rtmp-refusals/shutdown", a_server_that_ends_tells_who_waits);
    const int result = g_test_run();
    gst_deinit();
    return result;
}
