// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/rtmp_server.h"

#include "lib/net/io_threads.h"
#include "lib/net/service_table.h"
#include "lib/rtmp/server_core.h"
#include "lib/rtmp/server_log.h"

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
           const ServerLimits &limits, net::TlsFiles tls, std::unique_ptr<net::TlsAcceptor> acceptor)
        : loop_(std::move(loop)),
          port_(port),
          tls_(std::move(tls)),
          publishRates_(limits.publishRates),
          core_(std::make_shared<ServerCore>(loop_, std::move(listener), limits, std::move(acceptor))) {
        loop_->runSync([this] { core_->start(); });
    }
    ~Server() override {
        loop_->runSync([this] { core_->stop(); });
    }

    std::uint16_t port() const override { return port_; }
    const net::TlsFiles &tls() const override { return tls_; }
    const PublishRates &publishRates() const override { return publishRates_; }

    void setDoor(std::shared_ptr<PublishDoor> door) override {
        loop_->runSync([&] { core_->setDoor(std::move(door)); });
    }

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
    const net::TlsFiles tls_;
    const PublishRates publishRates_;
    const std::shared_ptr<ServerCore> core_;
};

constexpr int kBacklog = 1024;

using Key = std::pair<std::string, std::uint16_t>;
using Servers = net::ServiceTable<Key, RtmpServer>;

/// Never called on the loop's thread: servers are made and destroyed under the table's lock, which waits for
/// the loop.
Servers &servers() {
    // Never destroyed: a server may be released while the process ends.
    static auto *const table = new Servers;
    return *table;
}

} // namespace

std::shared_ptr<RtmpServer> RtmpServer::acquire(const std::string &address, std::uint16_t port,
                                                net::ListenError &error, const ServerLimits &limits,
                                                const net::TlsFiles &tls) try {
    const std::string known = net::listenAddress(address);
    auto server = servers().get({known, port}, [&] {
        std::unique_ptr<RtmpServer> made;
        GRef<GTlsCertificate> certificate;
        if (tls.set() && !(certificate = net::loadCertificate(tls, error.sentence)))
            return std::pair(Key(known, port), std::move(made));
        auto socket = net::listenOn(address, port, kBacklog, error);
        const std::uint16_t boundPort = socket ? net::localPort(socket.get()) : port;
        auto acceptor = certificate ? std::make_unique<net::TlsAcceptor>(std::move(certificate)) : nullptr;
        if (socket)
            made = std::make_unique<Server>(net::ingestLoop(), std::move(socket), boundPort, limits, tls,
                                            std::move(acceptor));
        return std::pair(Key(known, boundPort), std::move(made));
    });
    if (server && server->tls() != tls) {
        error = {true, false,
                 "Port " + std::to_string(server->port()) + " serves RTMP with other TLS files already."};
        return nullptr;
    }
    if (server && server->publishRates() != limits.publishRates) {
        error = {true, false,
                 "Port " + std::to_string(server->port()) +
                     " has other limits of publishers a second already: all that share it must agree."};
        return nullptr;
    }
    return server;
} catch (const std::system_error &failure) {
    error = {false, false, std::string("Cannot start the RTMP server: ") + failure.what() + "."};
    return nullptr;
}

} // namespace lt::rtmp
