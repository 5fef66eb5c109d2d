// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/net/context_thread.h"
#include "lib/net/event_loop.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

/// The process's IO threads: a few, and more for the fan-out where wanted, however many elements there are.
/// Each starts with its first user and is joined with its last; any thread may ask. Keep the pointer for as
/// long as the thread is needed.
namespace lt::net {

LT_EXPORT std::shared_ptr<EventLoop> ingestLoop(); ///< "lt-ingest": RTMP sockets
/// "lt-fanout", "lt-fanout-1" …: viewers' sockets. `index` below kMaxFanoutLoops.
LT_EXPORT std::shared_ptr<EventLoop> fanoutLoop(unsigned index = 0);
constexpr unsigned kMaxFanoutLoops = 16;
/// "lt-messages": tells applications of viewers, whose handlers may block.
LT_EXPORT std::shared_ptr<EventLoop> messageLoop();
LT_EXPORT std::shared_ptr<ContextThread> httpThread(); ///< "lt-http": libsoup server
LT_EXPORT std::shared_ptr<EventLoop> recogniserLoop(); ///< "lt-recogniser": WebSockets to recognisers
LT_EXPORT std::shared_ptr<ContextThread> dialThread(); ///< "lt-dial": makes connections, for other threads

/// An IO thread as one sees it who does not use it.
struct RunningThread {
    std::string name;
    std::function<void(Task)> post; ///< does not keep it: after its end nothing is run
};
/// Those that run now and must never come to a stop: all but "lt-messages".
LT_EXPORT std::vector<RunningThread> runningIoThreads();

} // namespace lt::net
