// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/event_loop.h"
#include "lib/net/unique_fd.h"

#include <chrono>
#include <memory>
#include <string>

namespace lt::service {

/// What the program was started by, as sd_notify(3) describes it: a datagram per message. Where there is no
/// such manager nothing happens. Any thread.
class ServiceManager {
public:
    using Duration = std::chrono::microseconds;

    /// Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, so that no child answers
    /// in our place. Before any thread starts.
    static ServiceManager fromEnvironment();
    ServiceManager() = default;
    /// `address` is a path, or '@' and an abstract name. `watchdog`: how long the silence may last; 0 for
    /// ever.
    ServiceManager(const std::string &address, Duration watchdog);

    void ready() const { tell("READY=1"); }
    void reloading() const;
    void stopping() const { tell("STOPPING=1"); }
    /// A line for people.
    void setStatus(const std::string &line) const { tell("STATUS=" + line); }
    void alive() const { tell("WATCHDOG=1"); }
    Duration watchdog() const { return watchdog_; }

private:
    void tell(const std::string &message) const;

    std::shared_ptr<net::UniqueFd> socket_; // null: there is no manager
    Duration watchdog_{};
};

/// Tells the manager three times in its interval that every IO thread of the process turns, and nothing
/// beyond that. Lives on its loop.
class Watchdog {
public:
    Watchdog(std::shared_ptr<net::EventLoop> loop, const ServiceManager &manager);
    ~Watchdog();
    Watchdog(const Watchdog &) = delete;
    Watchdog &operator=(const Watchdog &) = delete;

private:
    struct Round;
    void ask();

    const std::shared_ptr<net::EventLoop> loop_;
    const ServiceManager manager_;
    net::EventLoop::TimerId timer_ = 0;
};

} // namespace lt::service
