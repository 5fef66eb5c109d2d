// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/admission/stream_guard.h"
#include "lib/broadcast/broadcast_server.h"
#include "lib/rtmp/rtmp_server.h"
#include "pipelines/livetranscriptd/heap.h"
#include "pipelines/livetranscriptd/session_board.h"
#include "pipelines/livetranscriptd/settings.h"
#include "pipelines/livetranscriptd/supervisor.h"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace lt::service {

/// Both ports, and a session for each publisher that comes. Control loop's thread, unless said otherwise.
class Service : public SupervisorClient {
public:
    /// Opens the ports and lets publishers in. Null, with a sentence in `problem`, when that fails. Any
    /// thread but the loop's.
    static std::unique_ptr<Service> open(const Settings &settings, std::shared_ptr<net::EventLoop> loop,
                                         std::string &problem);
    ~Service() override;

    /// The new limits and description hold for sessions that come from now on.
    void reload(const Settings &settings);
    /// Refuses publishers, lets sessions finish within `grace`; then `done`.
    void shutDown(std::chrono::milliseconds grace, std::function<void()> done);
    /// Closes who waits for sessions that have not begun. After shutDown(); takes a second. Any thread but
    /// the loop's.
    void sendWaitingAway() { viewers_->shutDown(); }
    /// A line for the service manager whenever it changes, on the loop's thread.
    void setStatusListener(std::function<void(const std::string &)> listener);

    /// Pipelines have been given up that still run.
    bool hangs() const { return supervisor_->stuck() > 0; }
    std::uint16_t rtmpPort() const { return publishers_->port(); }
    std::uint16_t viewerPort() const { return viewers_->port(); }

private:
    class Door;
    Service(const Settings &settings, std::string description, std::shared_ptr<net::EventLoop> loop);
    bool openPorts(std::string &problem);

    std::string describe(const std::string &session, std::string &problem) override;
    void sessionEvent(const std::string &session, const std::string &event,
                      const std::string &detail) override;
    void sessionChanged(const SessionReport &report) override;
    void sessionWaits(const std::string &session, bool waits) override;
    void sessionOver(const std::string &session) override;
    void tellStatus();

    Settings settings_;
    std::string description_;
    const std::shared_ptr<net::EventLoop> loop_;
    const std::shared_ptr<StreamGuard> guard_;
    std::map<std::string, StreamPassRef> passes_; // of the sessions there are
    std::shared_ptr<broadcast::BroadcastServer> viewers_;
    std::shared_ptr<rtmp::RtmpServer> publishers_;
    std::function<void(const std::string &)> statusListener_;
    bool alarmed_ = false; // too many pipelines hang
    const std::shared_ptr<SessionBoard> board_ = std::make_shared<SessionBoard>();
    std::unique_ptr<Heap> heap_; // loop's thread
    std::unique_ptr<Supervisor> supervisor_;
};

} // namespace lt::service
