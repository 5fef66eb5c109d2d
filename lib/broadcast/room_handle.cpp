// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/room_handle.h"

#include <chrono>
#include <utility>

#include <sys/socket.h>

namespace lt::broadcast {

namespace {

constexpr auto kFlushTimeout = std::chrono::seconds(2);

/// For a client whose room closed while it was being let in.
void turnAway(const net::UniqueFd &fd) {
    const FrameRef close = makeClose(closecode::kGoingAway, "Session is gone");
    [[maybe_unused]] const auto sent =
        ::send(fd.get(), close->bytes().data(), close->bytes().size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

} // namespace

RoomHandle::RoomHandle(std::shared_ptr<net::EventLoop> loop, std::string session, RoomSettings settings,
                       metrics::Registry &registry, RoomWatcher &watcher)
    : loop_(std::move(loop)),
      counts_(std::make_shared<RoomCounts>()),
      drops_(registry.counter(metrics::names::kQueueDrops)),
      watcher_(&watcher),
      room_(std::make_unique<Room>(loop_, std::move(session), settings, counts_, registry,
                                   static_cast<RoomListener &>(*this))) {}

RoomHandle::~RoomHandle() = default;

/// Runs on the loop, unless the room is shut down by then.
template <typename Call>
void RoomHandle::onLoop(Call call) {
    loop_->post([self = shared_from_this(), call = std::move(call)]() mutable {
        if (self->room_)
            call(*self);
    });
}

void RoomHandle::publish(RoomMessage message) {
    const bool isFinal = valueOf(message.transcript.get()).isFinal;
    bool first, full;
    {
        std::lock_guard lock(mutex_);
        first = inbox_.empty();
        full = inbox_.size() >= (isFinal ? 2 * kMaxInbox : kMaxInbox);
        if (!live_.exchange(true))
            restart_ = true;
        if (!full)
            inbox_.push_back(std::move(message));
    }
    if (full) {
        (isFinal ? counts_->droppedFinals : counts_->droppedPartials)++;
        drops_.add();
    }
    if (first)
        onLoop([](RoomHandle &self) { self.turn(); });
}

void RoomHandle::turn() {
    std::vector<RoomMessage> messages;
    bool restart;
    {
        std::lock_guard lock(mutex_);
        messages.swap(inbox_);
        restart = std::exchange(restart_, false);
    }
    if (restart)
        room_->restart();
    room_->publish(messages);
}

void RoomHandle::setHeartbeat(std::string source, std::uint32_t intervalMs, std::uint32_t maxMissed) {
    onLoop([source = std::move(source), intervalMs, maxMissed](RoomHandle &self) {
        self.room_->setHeartbeat(source, intervalMs, maxMissed);
        self.armTick();
    });
}

void RoomHandle::setResting(bool resting) {
    onLoop([resting](RoomHandle &self) {
        self.room_->setResting(resting);
        self.armTick();
    });
}

void RoomHandle::setRecogniser(std::string name) {
    std::lock_guard lock(mutex_);
    recogniser_ = std::move(name);
}

std::string RoomHandle::recogniser() const {
    std::lock_guard lock(mutex_);
    return recogniser_;
}

void RoomHandle::armTick() {
    loop_->cancelTimer(std::exchange(tickTimer_, 0));
    const auto period = room_->tickPeriod();
    if (!period)
        return;
    tickTimer_ = loop_->startTimer(*period, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self || !self->room_)
            return;
        self->tickTimer_ = 0;
        self->room_->tick();
        self->armTick();
    });
}

void RoomHandle::addViewer(net::UpgradedSocket socket, ViewerProfile profile) {
    // std::function wants copies.
    auto shared = std::make_shared<std::pair<net::UpgradedSocket, ViewerProfile>>(std::move(socket),
                                                                                  std::move(profile));
    loop_->post([self = shared_from_this(), shared] {
        if (self->room_ && self->live_)
            self->room_->addViewer(std::move(shared->first), std::move(shared->second));
        else
            turnAway(shared->first.fd);
    });
}

void RoomHandle::endSession() {
    onLoop([](RoomHandle &self) {
        self.turn(); // what was published before comes first
        self.live_ = false;
        self.flushing_ = true;
        self.room_->closeAfterQueue(closecode::kNormal, "Session ended", Departure::SessionEnded);
        self.flushTimer_ = self.loop_->startTimer(kFlushTimeout, [weak = self.weak_from_this()] {
            const auto handle = weak.lock();
            if (handle && handle->room_)
                handle->room_->closeNow(closecode::kNormal, "Session ended", Departure::SessionEnded);
        });
        self.checkFlushed();
    });
}

void RoomHandle::checkFlushed() {
    if (!flushing_ || room_->viewers() > 0)
        return;
    flushing_ = false;
    loop_->cancelTimer(std::exchange(flushTimer_, 0));
    if (watcher_)
        watcher_->onSessionFlushed();
}

void RoomHandle::shutDown() {
    loop_->runSync([this] {
        if (!room_)
            return;
        live_ = false;
        turn();
        room_->closeNow(closecode::kGoingAway, "Server is shutting down", Departure::Shutdown);
        loop_->cancelTimer(std::exchange(tickTimer_, 0));
        loop_->cancelTimer(std::exchange(flushTimer_, 0));
        watcher_ = nullptr;
        room_.reset();
    });
}

void RoomHandle::onViewerAdded(std::uint64_t id, const std::string &peer) {
    if (watcher_)
        watcher_->onViewerAdded(id, peer);
}

void RoomHandle::onViewerRemoved(std::uint64_t id, const std::string &peer, Departure departure) {
    if (watcher_)
        watcher_->onViewerRemoved(id, peer, departure);
    checkFlushed();
}

} // namespace lt::broadcast
