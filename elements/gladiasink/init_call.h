// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/failure.h"
#include "lib/gst/refs.h"
#include "lib/net/context_thread.h"
#include "lib/net/event_loop.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <gio/gio.h>

namespace lt::gladia {

/// The request that makes a session, by libsoup on a thread of its own kind: nothing of libsoup remains once
/// it is answered. Made, told of and destroyed on the loop's thread.
class InitCall {
public:
    struct Request {
        std::string url, body;
        std::string apiKey;
        GRef<GTlsDatabase> authorities; ///< null: the system's
    };
    struct Answer {
        unsigned status = 0; ///< 0: there was none, and `failure` says why
        std::string body;
        std::uint64_t retryAfterNs = 0;
        Failure failure{};
    };
    /// On the loop, once.
    using Done = std::function<void(Answer)>;

    InitCall(std::shared_ptr<net::EventLoop> loop, std::shared_ptr<net::ContextThread> thread,
             Request request, Done done);
    /// Cancels; nothing is told any more.
    ~InitCall();
    InitCall(const InitCall &) = delete;
    InitCall &operator=(const InitCall &) = delete;

private:
    struct Exchange;
    std::shared_ptr<net::ContextThread> thread_;
    std::shared_ptr<Exchange> exchange_; // used on the thread only
    std::shared_ptr<const Done> done_;   // what is under way holds it weakly
};

} // namespace lt::gladia
