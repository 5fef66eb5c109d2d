// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/event_loop.h"

#include <memory>
#include <vector>

namespace lt::broadcast {

/// Passes viewers from the HTTP thread to the fan-out thread, all of one turn at once: in a storm of
/// connections to wake the other thread for each costs as much as the handshakes.
class HandOver {
public:
    explicit HandOver(std::shared_ptr<net::EventLoop> loop) : waiting_(std::make_shared<Waiting>()) {
        waiting_->loop = std::move(loop);
    }

    /// Runs `task` on the loop soon, in order. HTTP thread only.
    void add(net::Task task) const;

private:
    struct Waiting {
        std::shared_ptr<net::EventLoop> loop;
        std::vector<net::Task> tasks;
    };
    const std::shared_ptr<Waiting> waiting_; // HTTP thread only
};

} // namespace lt::broadcast
