// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/event_loop.h"
#include "lib/net/unique_fd.h"

#include <memory>

namespace lt::service {

class SignalListener {
public:
    virtual ~SignalListener() = default;
    /// SIGTERM, SIGINT or SIGHUP. On the loop's thread.
    virtual void onSignal(int number) = 0;
};

/// The signals an operator sends, as events of a loop.
class Signals : private net::FdListener {
public:
    /// Takes them from their default. Once, before any thread starts: threads inherit it.
    static void block();

    Signals(std::shared_ptr<net::EventLoop> loop, SignalListener &listener);
    ~Signals() override;
    Signals(const Signals &) = delete;
    Signals &operator=(const Signals &) = delete;

private:
    void onReady(std::uint32_t events) override;

    const std::shared_ptr<net::EventLoop> loop_;
    SignalListener &listener_;
    net::UniqueFd fd_;
    net::EventLoop::WatchId watch_ = 0;
};

} // namespace lt::service
