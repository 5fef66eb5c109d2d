// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/gladia_emulator/callback_sender.h"
#include "tests/support/gladia_emulator/delays.h"
#include "tests/support/gladia_emulator/emulator.h"
#include "tests/support/gladia_emulator/listening_socket.h"
#include "tests/support/gladia_emulator/live_connection.h"
#include "tests/support/gladia_emulator/parked_requests.h"
#include "tests/support/gladia_emulator/session_store.h"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace lt::emulator {

/// The HTTP side: creates sessions, upgrades their connections, hands the other routes on. On the emulator's
/// thread.
class LiveServer {
public:
    /// `changed` is called after whatever a report() would show.
    LiveServer(EmulatorOptions options, Faults &faults, support::LoopThread &thread,
               std::function<void()> changed);
    ~LiveServer();
    LiveServer(const LiveServer &) = delete;
    LiveServer &operator=(const LiveServer &) = delete;

    /// A sentence that says why not, or nothing.
    std::string listen();
    std::uint16_t port() const { return socket_.port(); }
    /// "127.0.0.1:PORT"
    std::string authority() const;

    EmulatorReport report() const;
    /// Does what faults, or their end, have brought about.
    void applyFaults();
    /// The injected clock has moved.
    void timeMoved();

private:
    struct PendingUpgrade;

    void guardBody(SoupServerMessage *message);
    void receive(SoupServerMessage *message, const std::string &path, GHashTable *query);
    void handle(SoupServerMessage *message, std::string_view path, GHashTable *query);
    bool authorised(SoupServerMessage *message) const;
    void handlePost(SoupServerMessage *message, GHashTable *query);
    void createSession(SoupServerMessage *message, const std::string &region);
    void tellOutside(const std::string &sessionId, const LiveConfig &config, const Message &message);
    void handleUpgrade(SoupServerMessage *message, GHashTable *query);
    void upgrade(SoupServerMessage *message, std::shared_ptr<Session> session);
    void adopt(SoupServerMessage *message, std::shared_ptr<Session> session);
    void forget(LiveConnection *connection);
    void print(const std::string &line) const;
    bool goOnTheAir(GError **error);
    void goOffTheAir(std::int64_t forMs);
    void beginSilence(std::int64_t forMs);
    void endOutages();
    void setSilent(bool silent);
    void reachableAgain();
    void happen(const Faults::Occurrence &occurrence);
    void refuse(SoupServerMessage *message, const Fault &fault);

    const EmulatorOptions options_;
    Faults &faults_;
    support::LoopThread &thread_;
    const std::function<void()> changed_;
    support::ObjectRef<SoupServer> server_;
    ListeningSocket socket_;
    CallbackSender callbacks_;
    SessionStore store_;
    ParkedRequests parked_;
    std::vector<std::unique_ptr<LiveConnection>> connections_;
    support::SourceRef limitsTimer_;
    support::SourceRef faultTimer_;
    support::SourceRef outageTimer_;
    bool silent_ = false; // nothing moves
    std::optional<std::int64_t> offTheAirUntilMs_;
    std::optional<std::int64_t> silentUntilMs_;
    std::int64_t reachableAgainUs_ = 0; // real time
    std::set<std::string> recovering_;  // ids of sessions that have acknowledged nothing since then
    std::vector<double> recoveriesMs_;
    Draws networkDraws_;
    Draws scriptDraws_;
    std::uint64_t sessions_ = 0; // so far
    std::size_t posts_ = 0;
    std::size_t upgrades_ = 0;
};

} // namespace lt::emulator
