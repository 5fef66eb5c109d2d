// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/room_handle.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <sys/socket.h>

namespace lt::broadcast {

namespace {

constexpr auto kFlushTimeout = std::chrono::seconds(2);
/// Beyond the drain time, for a fan-out thread that is busy.
constexpr auto kDrainSlack = std::chrono::milliseconds(500);
constexpr Farewell kShutdown{closecode::kGoingAway, "Server is shutting down", Departure::Shutdown};
constexpr Farewell kEnded{closecode::kNormal, "Session ended", Departure::SessionEnded};

/// For a client whose room closed while it was being let in.
void turnAway(const net::UpgradedSocket &socket) {
    const FrameRef close = makeClose(closecode::kGoingAway, "Session is gone");
    const iovec piece{const_cast<char *>(close->bytes().data()), close->bytes().size()};
    [[maybe_unused]] const auto sent =
        socket.stream ? socket.stream->send(&piece, 1)
                      : ::send(socket.fd.get(), piece.iov_base, piece.iov_len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

} // namespace

RoomHandle::RoomHandle(Room::Loops loops, std::string session, const RoomSettings &settings,
                       metrics::Registry &registry)
    : loop_(loops.front()),
      counts_(std::make_shared<RoomCounts>()),
      instruments_(registry),
      loops_(loops),
      room_(std::make_shared<Room>(std::move(loops), std::move(session), settings, counts_, registry,
                                   static_cast<RoomListener &>(*this))) {}

RoomHandle::~RoomHandle() = default;

/// Runs on the loop, unless the room has ended by then.
template <typename Call>
void RoomHandle::onLoop(Call call) {
    loop_->post([self = shared_from_this(), call = std::move(call)]() mutable {
        if (self->room_)
            call(*self);
    });
}

void RoomHandle::attach(RoomWatcher &watcher, const RoomSettings &settings, const Room::Loops &loops) {
    fed_ = true;
    {
        std::lock_guard lock(mutex_);
        if (loops.size() > loops_.size())
            loops_ = loops;
    }
    onLoop([&watcher, settings, loops](RoomHandle &self) {
        self.watcher_ = &watcher;
        self.room_->apply(settings, loops);
        self.room_->setState(RoomState::Live);
    });
}

void RoomHandle::detach() {
    loop_->runSync([this] {
        if (!room_)
            return;
        turn();
        watcher_ = nullptr;
        room_->setResting(false); // the viewers that stay are looked after
        room_->setState(RoomState::Paused);
    });
}

void RoomHandle::publish(RoomMessage message) {
    if (over_)
        return;
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
        else
            (isFinal ? overflow_.finals : overflow_.partials)++;
    }
    if (full) {
        (isFinal ? counts_->droppedFinals : counts_->droppedPartials)++;
        QueueDrops drops;
        drops.counts[static_cast<std::size_t>(DropReason::Inbox)] = {isFinal ? 0u : 1u, isFinal ? 1u : 0u};
        instruments_.countDrops(drops);
    }
    if (first)
        onLoop([](RoomHandle &self) { self.turn(); });
}

void RoomHandle::turn() {
    std::vector<RoomMessage> messages;
    ClassCount lost;
    bool restart;
    {
        std::lock_guard lock(mutex_);
        messages.swap(inbox_);
        lost = std::exchange(overflow_, {});
        restart = std::exchange(restart_, false);
    }
    if (restart)
        room_->restart();
    if (!messages.empty())
        room_->publish(messages);
    if (lost.all() > 0)
        room_->announceLoss(lost);
}

void RoomHandle::setHeartbeat(std::string source, std::uint32_t intervalMs, std::uint32_t maxMissed) {
    onLoop([source = std::move(source), intervalMs, maxMissed](RoomHandle &self) {
        self.room_->setHeartbeat(source, intervalMs, maxMissed);
    });
}

void RoomHandle::setResting(bool resting) {
    onLoop([resting](RoomHandle &self) { self.room_->setResting(resting); });
}

void RoomHandle::setRecogniser(std::string name) {
    {
        std::lock_guard lock(mutex_);
        recogniser_ = name;
    }
    onLoop([name = std::move(name)](RoomHandle &self) { self.room_->setRecogniser(name); });
}

std::string RoomHandle::recogniser() const {
    std::lock_guard lock(mutex_);
    return recogniser_;
}

void RoomHandle::addViewer(net::UpgradedSocket socket, ViewerProfile profile) {
    // std::function wants copies.
    auto shared = std::make_shared<std::pair<net::UpgradedSocket, ViewerProfile>>(std::move(socket),
                                                                                  std::move(profile));
    loop_->post([self = shared_from_this(), shared] {
        if (self->room_ && self->live())
            self->room_->addViewer(std::move(shared->first), std::move(shared->second));
        else
            turnAway(shared->first);
    });
}

void RoomHandle::endSession() {
    onLoop([](RoomHandle &self) {
        self.turn(); // what was published before comes first
        self.room_->endSession();
        self.beginFlush(kEnded, kFlushTimeout);
    });
}

void RoomHandle::interruptSession(std::size_t returning) {
    onLoop([returning](RoomHandle &self) {
        if (self.drain_) { // it goes on already
            self.flushing_ = true;
            return self.checkFlushed();
        }
        self.turn();
        self.drain_ = self.room_->settings().drain;
        self.room_->drain(*self.drain_, returning);
        self.beginFlush(kShutdown, *self.drain_ + kFlushTimeout);
    });
}

/// Viewers who have not left `within` that time are closed.
void RoomHandle::beginFlush(const Farewell &farewell, net::Duration within) {
    live_ = false;
    flushing_ = true;
    flushTimer_ = loop_->startTimer(within, [weak = weak_from_this(), farewell] {
        const auto self = weak.lock();
        if (self && self->room_)
            self->room_->closeNow(farewell);
    });
    checkFlushed();
}

void RoomHandle::setQueued(bool queued) {
    onLoop(
        [queued](RoomHandle &self) { self.room_->setState(queued ? RoomState::Queued : RoomState::Live); });
}

void RoomHandle::checkFlushed() {
    if (counts_->viewers > 0)
        return;
    {
        std::lock_guard lock(drainMutex_);
        drained_.notify_all();
    }
    if (!std::exchange(flushing_, false))
        return;
    loop_->cancelTimer(std::exchange(flushTimer_, 0));
    if (watcher_)
        watcher_->onSessionFlushed();
    if (expiring_) // not from within a call of the room's own
        onLoop([](RoomHandle &self) { self.endRoom(); });
}

void RoomHandle::expire() {
    onLoop([](RoomHandle &self) {
        self.expiring_ = true;
        self.turn();
        self.room_->endSession();
        self.beginFlush(kEnded, kFlushTimeout);
    });
}

void RoomHandle::dismiss() {
    onLoop([](RoomHandle &self) { self.endRoom(); });
}

void RoomHandle::endRoom() {
    over_ = true;
    loop_->cancelTimer(std::exchange(flushTimer_, 0));
    watcher_ = nullptr;
    room_->end(kShutdown);
    room_.reset();
}

bool RoomHandle::mayWait() const {
    std::lock_guard lock(mutex_);
    return std::none_of(loops_.begin(), loops_.end(), [](const auto &loop) { return loop->onLoopThread(); });
}

void RoomHandle::waitForDrain() {
    net::Duration within{};
    loop_->runSync([&] { within = drain_.value_or(within); });
    std::unique_lock lock(drainMutex_);
    drained_.wait_for(lock, within + kDrainSlack, [this] { return counts_->viewers == 0; });
}

void RoomHandle::beginShutDown(std::size_t returning) {
    const bool mayWait = this->mayWait();
    over_ = true;
    const auto begin = [mayWait, returning](RoomHandle &self) {
        if (self.drain_)
            return; // it goes on already
        self.turn();
        self.drain_ = self.room_->settings().drain;
        if (mayWait)
            self.room_->drain(*self.drain_, returning);
        else
            self.room_->closeNow(kShutdown);
    };
    if (!loop_->onLoopThread())
        onLoop(begin);
    else if (room_)
        begin(*this);
}

void RoomHandle::finishShutDown() {
    if (mayWait()) {
        waitForDrain();
        // What the other threads still have to tell of their viewers comes before the end.
        Room::Loops loops;
        {
            std::lock_guard lock(mutex_);
            loops = loops_;
        }
        for (const auto &loop : loops)
            loop->runSync([] {});
    }
    loop_->runSync([this] {
        if (room_)
            endRoom();
    });
}

void RoomHandle::shutDown() {
    beginShutDown(counts_->viewers);
    finishShutDown();
}

void RoomHandle::onViewerAdded(const ViewerInfoRef &viewer) {
    if (watcher_)
        watcher_->onViewerAdded(viewer);
}

void RoomHandle::onViewerRemoved(const ViewerInfoRef &viewer, Departure departure) {
    if (watcher_)
        watcher_->onViewerRemoved(viewer, departure);
    checkFlushed();
}

void RoomHandle::onSlowViewer(const ViewerInfoRef &viewer, std::size_t messages, std::size_t bytes) {
    if (watcher_)
        watcher_->onSlowViewer(viewer, messages, bytes);
}

void RoomHandle::onLeaseChanged(const ViewerInfoRef &holder, std::uint64_t token) {
    if (watcher_)
        watcher_->onLeaseChanged(holder, token);
}

} // namespace lt::broadcast
