// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/event_loop.h"
#include "pipelines/livetranscriptd/session_life.h"
#include "pipelines/livetranscriptd/session_pipeline.h"
#include "pipelines/livetranscriptd/waiting_line.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace lt::service {

/// What `/sessions` shows of one.
struct SessionReport {
    std::string name;
    std::string state;
    int restarts = 0;
    std::string lastError;
    bool waiting = false; ///< for a place at the recogniser
    PublisherName publisher;
    std::int64_t begunUnixMs = 0;
};

/// What the supervisor asks of the rest of the service, and tells it; control loop's thread.
class SupervisorClient {
public:
    virtual ~SupervisorClient() = default;
    /// The text of a pipeline for this session; "" when there is none (`problem` says why).
    virtual std::string describe(const std::string &session, std::string &problem) = 0;
    /// One line per life-cycle event of a session.
    virtual void sessionEvent(const std::string &session, const std::string &event,
                              const std::string &detail) = 0;
    /// Anything of it is different, its state not least.
    virtual void sessionChanged(const SessionReport &report) = 0;
    /// It waits for a place at the recogniser; it does not any more.
    virtual void sessionWaits(const std::string &session, bool waits) = 0;
    /// Its name is free again.
    virtual void sessionOver(const std::string &session) = 0;
};

struct SupervisorLimits {
    std::size_t recogniserPlaces = 30;
    std::chrono::milliseconds shutdownTimeout{5000};
    std::chrono::milliseconds drainTimeout{15000};
    /// A session that no publisher has come to so long after a start of its pipeline ends; 0 never.
    std::chrono::milliseconds publisherTimeout{0};
    /// A session with a publisher in which nothing is heard for so long ends; 0 never.
    std::chrono::milliseconds idleTimeout{0};
};

/// Keeps each session's pipeline going: makes it, makes it again when it fails, takes it down at the end. A
/// pipeline that does not reach NULL in time is given up: its thread and memory are lost, and counted; after
/// kMaxStuck of them no session is begun any more, since something is wrong that only a restart mends.
class Supervisor {
public:
    static constexpr std::size_t kMaxStuck = 3;

    Supervisor(std::shared_ptr<net::EventLoop> loop, const SupervisorLimits &limits,
               SupervisorClient &client);
    ~Supervisor();
    Supervisor(const Supervisor &) = delete;
    Supervisor &operator=(const Supervisor &) = delete;

    /// False when there is one of this name, or accepting() is false.
    bool begin(const std::string &session);
    /// Its last words are still sent.
    void end(const std::string &session);
    /// Ends all; no session is begun from now on. `done` is called when none is left.
    void endAll(std::function<void()> done);
    void setLimits(const SupervisorLimits &limits);

    bool accepting() const { return !ending_ && stuck_ < kMaxStuck; }
    std::size_t stuck() const { return stuck_; }
    std::size_t size() const { return sessions_.size(); }
    std::vector<SessionReport> report() const;

private:
    class Session;
    friend class Session;
    void forget(const std::string &session);

    const std::shared_ptr<net::EventLoop> loop_;
    SupervisorLimits limits_;
    SupervisorClient &client_;
    WaitingLine recogniserPlaces_;
    std::map<std::string, std::unique_ptr<Session>> sessions_;
    std::size_t stuck_ = 0;
    bool ending_ = false;
    std::function<void()> allOver_;
};

} // namespace lt::service
