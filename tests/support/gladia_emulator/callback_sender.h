// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/glib_refs.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <libsoup/soup.h>

namespace lt::emulator {

/// Posts JSON to the addresses that requests name, each in order and one at a time. A callback that fails is
/// not repeated, as nothing says that the service does. On the emulator's thread.
class CallbackSender {
public:
    struct Counts {
        std::size_t delivered = 0; ///< answered 2xx
        std::size_t failed = 0;    ///< other answers, none within 10 s, or more than 10000 waiting
    };

    explicit CallbackSender(std::function<void()> changed);
    ~CallbackSender();
    CallbackSender(const CallbackSender &) = delete;
    CallbackSender &operator=(const CallbackSender &) = delete;

    void send(const std::string &url, std::string body);
    Counts counts() const { return counts_; }

private:
    struct Sending {
        CallbackSender *sender;
        std::weak_ptr<bool> alive; // as long as `sender`
        std::string url;
        support::ObjectRef<SoupMessage> message;
    };

    void sendNext(const std::string &url);
    void finished(const std::string &url, bool delivered);

    const std::function<void()> changed_;
    support::ObjectRef<SoupSession> session_;
    support::ObjectRef<GCancellable> cancellable_;
    std::map<std::string, std::deque<std::string>> waiting_; // the first of each is on its way
    Counts counts_;
    const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace lt::emulator
