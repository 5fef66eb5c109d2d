// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/event_loop.h"

#include <memory>

namespace lt::service {

/// Keeps the heap of a process small whose sessions, and with them threads, come and go. The GNU C library
/// gives threads heaps of their own, up to eight for each processor, and keeps in each what was freed there:
/// after an hour the service would hold several times what its sessions use. With another C library this does
/// nothing. On the loop's thread.
class Heap {
public:
    /// As many heaps as processors, no more. Before the first thread.
    static void prepare();

    explicit Heap(std::shared_ptr<net::EventLoop> loop) : loop_(std::move(loop)) {}
    ~Heap();
    Heap(const Heap &) = delete;
    Heap &operator=(const Heap &) = delete;

    /// Gives back to the system what is free, a moment later and at most once in that time: it takes a few
    /// milliseconds, in which who allocates may wait.
    void sessionOver();

private:
    const std::shared_ptr<net::EventLoop> loop_;
    net::EventLoop::TimerId timer_ = 0;
};

} // namespace lt::service
