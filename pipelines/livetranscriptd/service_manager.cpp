// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/service_manager.h"

#include "lib/net/io_threads.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace lt::service {

namespace {

std::string takeVariable(const char *name) {
    const char *value = std::getenv(name);
    std::string taken = value ? value : "";
    unsetenv(name);
    return taken;
}

} // namespace

ServiceManager ServiceManager::fromEnvironment() {
    const auto address = takeVariable("NOTIFY_SOCKET");
    const auto interval = takeVariable("WATCHDOG_USEC");
    const auto process = takeVariable("WATCHDOG_PID");
    if (address.empty())
        return {};
    const bool ours = process.empty() || process == std::to_string(getpid());
    return {address, Duration(ours ? std::strtoll(interval.c_str(), nullptr, 10) : 0)};
}

ServiceManager::ServiceManager(const std::string &address, Duration watchdog) : watchdog_(watchdog) {
    sockaddr_un peer{};
    peer.sun_family = AF_UNIX;
    if (address.empty() || address.size() >= sizeof peer.sun_path)
        return;
    std::memcpy(peer.sun_path, address.data(), address.size());
    if (peer.sun_path[0] == '@')
        peer.sun_path[0] = '\0';
    net::UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    if (fd && ::connect(fd.get(), reinterpret_cast<const sockaddr *>(&peer), length) == 0)
        socket_ = std::make_shared<net::UniqueFd>(std::move(fd));
}

void ServiceManager::reloading() const {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    tell("RELOADING=1\nMONOTONIC_USEC=" +
         std::to_string(std::int64_t{now.tv_sec} * 1000000 + now.tv_nsec / 1000));
}

/// A manager that does not listen is no reason to wait, or to fail.
void ServiceManager::tell(const std::string &message) const {
    if (socket_) [[maybe_unused]]
        const auto sent = ::send(socket_->get(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/// One question to all threads; the last answer is told.
struct Watchdog::Round {
    Round(const ServiceManager &to, std::size_t threads) : manager(to), silent(threads) {}
    void answered() {
        if (silent.fetch_sub(1) == 1)
            manager.alive();
    }

    const ServiceManager manager;
    std::atomic<std::size_t> silent;
};

Watchdog::Watchdog(std::shared_ptr<net::EventLoop> loop, const ServiceManager &manager)
    : loop_(std::move(loop)), manager_(manager) {
    if (manager_.watchdog().count() > 0)
        loop_->runSync([this] { ask(); });
}

Watchdog::~Watchdog() {
    loop_->runSync([this] { loop_->cancelTimer(timer_); });
}

void Watchdog::ask() {
    const auto threads = net::runningIoThreads();
    const auto round = std::make_shared<Round>(manager_, threads.size() + 1);
    for (const auto &thread : threads)
        thread.post([round] { round->answered(); });
    round->answered(); // this one
    timer_ = loop_->startTimer(manager_.watchdog() / 3, [this] { ask(); });
}

} // namespace lt::service
