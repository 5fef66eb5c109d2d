// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/listen_socket.h"
#include "lib/rtmp/server_core.h"
#include "tests/unit/rtmp_server_rig.h"

#include <atomic>
#include <thread>

namespace rtmp_test {

/// Lets everybody in, and counts.
struct CountingDoor : PublishDoor {
    std::optional<lt::Refusal> admit(const PublishAttempt &) override {
        requests++;
        requests.notify_all();
        return std::nullopt;
    }
    std::atomic<unsigned> requests = 0;
};

/// A server whose time stands still unless told otherwise, and a claim of /live/demo.
class StalledServer {
public:
    explicit StalledServer(const ServerLimits &limits = {}, const ClaimOptions &options = {}) {
        lt::net::ListenError failure;
        auto socket = lt::net::listenOn("127.0.0.1", 0, 16, failure);
        port_ = lt::net::localPort(socket.get());
        core_ = std::make_shared<ServerCore>(loop_, std::move(socket), limits, nullptr, [this] {
            looks_++;
            looks_.notify_all();
            return TimePoint(passed_.load());
        });
        loop_->runSync([&] {
            core_->setDoor(door_);
            core_->start();
            claim_ = core_->addClaim("live/demo", options, recorder, stats_);
        });
    }
    ~StalledServer() {
        loop_->runSync([this] {
            core_->removeClaim("live/demo", claim_);
            core_->stop();
        });
        pass(1h); // nobody gets time to part politely
        // The core lives for as long as its last connection.
        for (std::weak_ptr<ServerCore> left = std::exchange(core_, nullptr); !left.expired();)
            loop_->runSync([] { std::this_thread::yield(); });
        loop_->runSync([] {}); // what let go of it last has returned
    }

    std::uint16_t port() const { return port_; }
    StreamStats stats() const { return stats_->get(); }
    void pass(Milliseconds time) { passed_ = passed_.load() + time; }
    /// Returns when the server has looked at its clock and done what the time asks for. Somebody must be
    /// connected or awaited, and nothing on its way.
    void look() {
        loop_->runSync([] {}); // a look that is under way does not count
        looks_.wait(looks_.load());
        loop_->runSync([] {});
    }
    /// Returns when so many requests to publish have been dealt with.
    void asked(unsigned count) {
        for (unsigned seen = 0; (seen = door_->requests) < count;)
            door_->requests.wait(seen);
        loop_->runSync([] {});
    }
    /// Publishes and sends a frame; returns when it has arrived.
    void publish(RtmpPublisher &publisher) {
        const unsigned before = recorder.now().frames;
        g_assert_true(publisher.publish("live", "demo").accepted);
        publisher.sendConfig();
        publisher.sendFrame(0);
        recorder.frames(before + 1);
    }

    Recorder recorder{AfterEnd::Wait};

private:
    std::shared_ptr<lt::net::EventLoop> loop_ = std::make_shared<lt::net::EventLoop>("test");
    std::atomic<Milliseconds> passed_{1h};
    std::atomic<unsigned> looks_ = 0;
    const std::shared_ptr<CountingDoor> door_ = std::make_shared<CountingDoor>();
    std::uint16_t port_ = 0;
    std::shared_ptr<ServerCore> core_;
    std::shared_ptr<StreamStatsBox> stats_ = std::make_shared<StreamStatsBox>();
    std::uint64_t claim_ = 0;
};

} // namespace rtmp_test
