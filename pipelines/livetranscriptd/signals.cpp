// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/signals.h"

#include <cerrno>
#include <csignal>
#include <system_error>

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace lt::service {

namespace {

sigset_t ours() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

} // namespace

void Signals::block() {
    const sigset_t set = ours();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN); // writing to a peer that has gone is an error like others
}

Signals::Signals(std::shared_ptr<net::EventLoop> loop, SignalListener &listener)
    : loop_(std::move(loop)), listener_(listener) {
    const sigset_t set = ours();
    fd_.reset(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!fd_)
        throw std::system_error(errno, std::generic_category(), "signalfd");
    loop_->runSync([this] { watch_ = loop_->watch(fd_.get(), EPOLLIN, this); });
}

Signals::~Signals() {
    loop_->runSync([this] { loop_->unwatch(watch_); });
}

void Signals::onReady(std::uint32_t) {
    signalfd_siginfo info{};
    while (::read(fd_.get(), &info, sizeof info) == sizeof info)
        listener_.onSignal(static_cast<int>(info.ssi_signo));
}

} // namespace lt::service
