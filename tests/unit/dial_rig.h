// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/dial.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <gio/gio.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace lt::test {

using net::Dial;
using net::DialFailure;
using net::Dialled;
using net::DialTarget;
using net::UniqueFd;

constexpr std::chrono::seconds kPatience{20}; // only ever reached when something hangs

// ---- The other end ----------------------------------------------------------------------------------------

/// Listens on an address of this machine.
class Listener {
public:
    /// `port` 0: any. With a `backlog` of 0 and one connection that nobody takes it answers no more.
    explicit Listener(const char *address, std::uint16_t port = 0, int backlog = 16)
        : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in name = nameOf(address, port);
        const int on = 1;
        setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        g_assert_cmpint(bind(fd_.get(), reinterpret_cast<sockaddr *>(&name), sizeof name), ==, 0);
        g_assert_cmpint(listen(fd_.get(), backlog), ==, 0);
        socklen_t size = sizeof name;
        getsockname(fd_.get(), reinterpret_cast<sockaddr *>(&name), &size);
        port_ = ntohs(name.sin_port);
    }
    std::uint16_t port() const { return port_; }
    /// The next connection; fails the test when none comes.
    UniqueFd accept() const {
        pollfd wanted{fd_.get(), POLLIN, 0};
        g_assert_cmpint(poll(&wanted, 1, 20000), ==, 1);
        return UniqueFd(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    }
    bool nobodyCame() const {
        pollfd wanted{fd_.get(), POLLIN, 0};
        return poll(&wanted, 1, 0) == 0;
    }
    /// Connects until nothing is answered any more.
    std::vector<UniqueFd> fillUp(const char *address) const {
        std::vector<UniqueFd> waiting;
        for (;;) {
            UniqueFd one(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
            const sockaddr_in name = nameOf(address, port_);
            connect(one.get(), reinterpret_cast<const sockaddr *>(&name), sizeof name);
            pollfd wanted{one.get(), POLLOUT, 0};
            const bool answered = poll(&wanted, 1, 200) == 1;
            waiting.push_back(std::move(one));
            if (!answered)
                return waiting;
        }
    }

private:
    static sockaddr_in nameOf(const char *address, std::uint16_t port) {
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_port = htons(port);
        g_assert_cmpint(inet_pton(AF_INET, address, &name.sin_addr), ==, 1);
        return name;
    }

    UniqueFd fd_;
    std::uint16_t port_ = 0;
};

inline std::string readText(int fd) {
    std::string text(64, '\0');
    pollfd wanted{fd, POLLIN, 0};
    g_assert_cmpint(poll(&wanted, 1, 20000), ==, 1);
    const ssize_t got = recv(fd, text.data(), text.size(), 0);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
}

// ---- Dialling ---------------------------------------------------------------------------------------------

class Attempt {
public:
    explicit Attempt(DialTarget target) {
        dial_ = std::make_unique<Dial>(thread_, std::move(target), [this](Dial::Outcome outcome) {
            std::lock_guard lock(mutex_);
            g_assert_false(outcome_.has_value()); // once
            g_assert_true(thread_->onThread());
            outcome_ = std::move(outcome);
            came_.notify_all();
        });
    }
    ~Attempt() { giveUp(); }
    /// Waits for what became of it.
    Dial::Outcome &outcome() {
        std::unique_lock lock(mutex_);
        if (!came_.wait_for(lock, kPatience, [this] { return outcome_.has_value(); }))
            g_error("nothing was said about the connection");
        return *outcome_;
    }
    Dialled &connection() {
        auto &is = outcome();
        if (const auto *failure = std::get_if<DialFailure>(&is))
            g_error("no connection: %s", failure->text.c_str());
        return std::get<Dialled>(is);
    }
    const DialFailure &failure(DialFailure::Kind kind) {
        auto &is = outcome();
        g_assert_true(std::holds_alternative<DialFailure>(is));
        const auto &failure = std::get<DialFailure>(is);
        if (failure.kind != kind)
            g_error("failed as %d instead of %d: %s", static_cast<int>(failure.kind), static_cast<int>(kind),
                    failure.text.c_str());
        g_assert_cmpuint(failure.text.size(), >, 0);
        return failure;
    }
    /// Gives up; what is under way ends with it. True: nothing had been said.
    bool giveUp() {
        dial_.reset();
        thread_->runSync([] {}); // now it is cancelled
        std::lock_guard lock(mutex_);
        return !outcome_.has_value();
    }

private:
    std::mutex mutex_; // guards the two below
    std::optional<Dial::Outcome> outcome_;
    std::condition_variable came_;
    std::shared_ptr<net::ContextThread> thread_ = std::make_shared<net::ContextThread>("dial");
    std::unique_ptr<Dial> dial_; // first to go
};

inline GRef<GTlsDatabase> trusting(const std::string &pem) {
    ErrorOut error;
    GRef<GTlsDatabase> database(g_tls_file_database_new(pem.c_str(), error.out()));
    g_assert_nonnull(database.get());
    return database;
}

} // namespace lt::test
