// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/rtmp_server.h"

#include "lib/net/io_threads.h"
#include "lib/rtmp/server_core.h"
#include "lib/rtmp/server_log.h"

#include <cerrno>
#include <system_error>

namespace lt::rtmp {

GstDebugCategory *serverLog() {
    static GstDebugCategory *const category = [] {
        GstDebugCategory *made = nullptr;
        GST_DEBUG_CATEGORY_INIT(made, "rtmpserver", 0, "RTMP server: publishers and refusals");
        return made;
    }();
    return category;
}

namespace {

class ClaimHandle final : public RtmpServer::Claim {
public:
    ClaimHandle(std::shared_ptr<net::EventLoop> loop, std::shared_ptr<ServerCore> core, std::string key,
                std::uint64_t id, std::shared_ptr<StreamStatsBox> stats)
        : loop_(std::move(loop)),
          core_(std::move(core)),
          key_(std::move(key)),
          id_(id),
          stats_(std::move(stats)) {}
    ~ClaimHandle() override {
        loop_->runSync([this] { core_->removeClaim(key_, id_); });
    }
    std::shared_ptr<const StreamStatsBox> stats() const override { return stats_; }

private:
    std::shared_ptr<net::EventLoop> loop_;
    std::shared_ptr<ServerCore> core_;
    const std::string key_;
    const std::uint64_t id_;
    std::shared_ptr<StreamStatsBox> stats_;
};

class Server final : public RtmpServer {
public:
    Server(std::shared_ptr<net::EventLoop> loop, net::UniqueFd listener, std::uint16_t port,
           const ServerLimits &limits)
        : loop_(std::move(loop)),
          port_(port),
          core_(std::make_shared<ServerCore>(loop_, std::move(listener), limits)) {
        loop_->runSync([this] { core_->start(); });
    }
    ~Server() override {
        loop_->runSync([this] { core_->stop(); });
    }

    std::uint16_t port() const override { return port_; }

    std::unique_ptr<Claim> claim(const std::string &app, const std::string &stream,
                                 const ClaimOptions &options, PublishListener &listener) override {
        const std::string key = app + "/" + stream;
        auto stats = std::make_shared<StreamStatsBox>();
        std::uint64_t id = 0;
        loop_->runSync([&] { id = core_->addClaim(key, options, listener, stats); });
        if (id == 0)
            return nullptr;
        return std::make_unique<ClaimHandle>(loop_, core_, key, id, stats);
    }

private:
    const std::shared_ptr<net::EventLoop> loop_;
    const std::uint16_t port_;
    const std::shared_ptr<ServerCore> core_;
};

/// The servers of the process. Its lock is held while one starts or ends, so that a port that was given up
/// is free when the next one asks for it. Never taken on the loop's thread.
class Registry {
public:
    std::shared_ptr<RtmpServer> acquire(const std::string &address, std::uint16_t port,
                                        ListenFailure &failure, const ServerLimits &limits) {
        std::lock_guard lock(mutex_);
        if (const auto found = servers_.find({address, port}); found != servers_.end())
            return handle(found->first);
        std::uint16_t boundPort = 0;
        auto socket = openListenSocket(address, port, boundPort, failure);
        if (!socket)
            return nullptr;
        try {
            auto server = std::make_unique<Server>(net::ingestLoop(), std::move(socket), boundPort, limits);
            const Key key{address, boundPort};
            servers_.insert_or_assign(key, Entry{std::move(server), 0});
            return handle(key);
        } catch (const std::system_error &error) {
            failure = {error.code().value(), std::string("Cannot start the RTMP server: ") + error.what()};
            return nullptr;
        }
    }

private:
    using Key = std::pair<std::string, std::uint16_t>;
    struct Entry {
        std::unique_ptr<Server> server;
        unsigned users = 0;
    };

    std::shared_ptr<RtmpServer> handle(const Key &key) {
        auto &entry = servers_.at(key);
        entry.users++;
        return {entry.server.get(), [this, key](RtmpServer *) {
                    release(key);
                }};
    }
    void release(const Key &key) {
        std::lock_guard lock(mutex_);
        if (const auto found = servers_.find(key); --found->second.users == 0)
            servers_.erase(found);
    }

    std::mutex mutex_;
    std::map<Key, Entry> servers_;
};

} // namespace

std::shared_ptr<RtmpServer> RtmpServer::acquire(const std::string &address, std::uint16_t port,
                                                ListenFailure &failure, const ServerLimits &limits) {
    // Never destroyed: a server may be released while the process ends.
    static auto *const registry = new Registry;
    return registry->acquire(address == "localhost" ? "127.0.0.1" : address, port, failure, limits);
}

} // namespace lt::rtmp
