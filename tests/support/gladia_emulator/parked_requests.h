// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/loop_thread.h"

#include <functional>
#include <list>

#include <libsoup/soup.h>

namespace lt::emulator {

/// Requests that are looked at later. On the emulator's thread.
class ParkedRequests {
public:
    using Task = std::function<void(SoupServerMessage *)>;

    explicit ParkedRequests(support::LoopThread &thread) : thread_(thread) {}
    ~ParkedRequests();
    ParkedRequests(const ParkedRequests &) = delete;
    ParkedRequests &operator=(const ParkedRequests &) = delete;

    /// Calls `later` in `delayMs`, unless the client has gone by then. What it answers is sent.
    void park(SoupServerMessage *message, unsigned delayMs, Task later);
    /// The same, when release() is called.
    void parkUntilRelease(SoupServerMessage *message, Task later);
    void release();
    /// Answers none of them.
    void forget();

private:
    struct Parked {
        support::ObjectRef<SoupServerMessage> message;
        Task later;
        support::SourceRef timer; // null: until release()
        gulong gone = 0;
    };
    using Place = std::list<Parked>::iterator;

    Place add(SoupServerMessage *message, Task later);
    void resume(Place place);
    void drop(Place place);

    support::LoopThread &thread_;
    std::list<Parked> parked_;
};

} // namespace lt::emulator
