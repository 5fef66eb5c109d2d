// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/viewer_shard.h"

#include "lib/broadcast/broadcast_log.h"
#include "lib/broadcast/viewer_notices.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <random>
#include <utility>

namespace lt::broadcast {

namespace {

using std::chrono::milliseconds;

constexpr net::Duration kCheckEvery = std::chrono::seconds(1);
constexpr net::Duration kDrainStep = milliseconds(50);
constexpr std::size_t kMinDrainBatch = 64;
constexpr std::uint32_t kMinReconnectMs = 250, kMinSpreadMs = 1000, kMaxSpreadMs = 30000;
constexpr Farewell kShutdown{closecode::kGoingAway, "Server is shutting down", Departure::Shutdown};
/// No ping is older: what a pong claims beyond that is not ours.
constexpr net::Duration kMaxRoundTrip = std::chrono::hours(1);

} // namespace

Environment Environment::real() {
    return {&net::Clock::now,
            [] {
                const auto since = std::chrono::system_clock::now().time_since_epoch();
                return static_cast<std::int64_t>(std::chrono::duration_cast<milliseconds>(since).count());
            },
            [] {
                std::random_device device;
                return std::uint64_t{device()} << 32 | device();
            }};
}

ViewerShard::ViewerShard(std::shared_ptr<net::EventLoop> loop, std::string session,
                         const RoomSettings &settings, std::shared_ptr<RoomCounts> counts,
                         std::shared_ptr<FanoutInstruments> instruments, ShardListener &listener,
                         Environment environment)
    : loop_(std::move(loop)),
      session_(std::move(session)),
      counts_(std::move(counts)),
      instruments_(std::move(instruments)),
      deliveries_(*instruments_),
      listener_(&listener),
      environment_(std::move(environment)) {
    apply(settings);
}

ViewerShard::~ViewerShard() = default;

void ViewerShard::apply(const RoomSettings &settings) {
    settings_ = settings;
    limits_.queue = {settings.maxQueue, settings.maxQueueBytes, settings.maxPartialAge};
    if (std::exchange(limits_.messagesPerSecond, settings.maxMessageRate) != settings.maxMessageRate)
        forEachViewer([](Viewer &viewer) { viewer.onNewLimits(); });
}

void ViewerShard::setSeries(SessionInstrumentsRef series) {
    series_ = std::move(series);
    if (series_)
        series_->clients.add(static_cast<std::int64_t>(present_));
}

void ViewerShard::add(Viewer::Setup setup, const std::vector<FrameRef> &greeting) {
    setup.limits = &limits_;
    const auto viewer = std::make_shared<Viewer>(loop_, static_cast<ViewerOwner &>(*this), std::move(setup));
    viewer->setLastHeard(now());
    viewer->setOwnerSlot(viewers_.size());
    viewers_.push_back(viewer);
    lanes_.push_back({-1, viewer->form()});
    if (series_)
        series_->clients.add(1);
    if (present_++ == 0 && policy_) // the wheel has stood still, and must not catch up
        wheel_ = PingWheel(policy_->interval, now());
    if (tickTimer_ == 0)
        arm();
    viewer->start(greeting);
}

void ViewerShard::onViewerGone(Viewer &viewer, Departure departure) {
    const std::size_t slot = viewer.ownerSlot();
    auto kept = std::move(viewers_[slot]);
    lanes_[slot].fd = -1;
    present_--;
    if (walking_ == 0) {
        if (viewers_.back()) {
            viewers_.back()->setOwnerSlot(slot);
            viewers_[slot] = std::move(viewers_.back());
            lanes_[slot] = lanes_.back();
        }
        viewers_.pop_back();
        lanes_.pop_back();
    }
    counts_->viewers--;
    if (series_)
        series_->clients.add(-1);
    if (departure == Departure::SendFailed) {
        counts_->sendErrors++;
        instruments_->errors.add();
    }
    if (departure == Departure::HeartbeatTimeout) {
        counts_->heartbeatTimeouts++;
        instruments_->timeouts.add();
    }
    if (departure == Departure::TooSlow)
        counts_->tooSlow++;
    if (const auto unlogged = slow_.remove(kept->id()))
        logDrops(kept->id(), *unlogged);
    if (listener_)
        listener_->onViewerRemoved(kept->infoRef(), kept->form(), departure);
    if (walking_ > 0)
        gone_.push_back(std::move(kept));
}

/// Closes the gaps a walk has left.
void ViewerShard::compact() {
    std::size_t to = 0;
    for (std::size_t from = 0; from < viewers_.size(); from++) {
        if (!viewers_[from])
            continue;
        viewers_[from]->setOwnerSlot(to);
        if (to != from)
            viewers_[to] = std::move(viewers_[from]);
        lanes_[to++] = lanes_[from];
    }
    viewers_.resize(to);
    lanes_.resize(to);
}

template <typename Call>
void ViewerShard::forEachSlot(Call call) {
    const std::size_t count = viewers_.size();
    const std::size_t start = count ? firstSlot_++ % count : 0;
    walking_++;
    for (std::size_t i = 0; i < count; i++) {
        call(start + i < count ? start + i : start + i - count);
    }
    if (--walking_ > 0)
        return;
    gone_.clear();
    deliveries_.flush(*counts_);
    if (present_ != viewers_.size())
        compact();
}

template <typename Call>
void ViewerShard::forEachViewer(Call call) {
    forEachSlot([&](std::size_t slot) {
        if (viewers_[slot])
            call(*viewers_[slot]);
    });
}

void ViewerShard::deliverTo(std::size_t slot, TurnWriter &writer) {
    const Lane lane = lanes_[slot];
    ssize_t sent = 0;
    if (lane.fd < 0) {
        if (viewers_[slot])
            viewers_[slot]->send(writer.batchOf(lane.form));
    } else if (!writer.write(lane, sent)) {
        viewers_[slot]->sentByOwner(writer.batchOf(lane.form), sent);
    }
}

void ViewerShard::deliver(Turn &turn) {
    TurnWriter writer(turn, deliveries_, environment_.now);
    const auto first = first_.lock();
    if (first)
        first->send(writer.batchOf(first->form()));
    const std::size_t firstSlot = first ? first->ownerSlot() : viewers_.size();
    forEachSlot([&](std::size_t slot) {
        // Once it has gone its slot may be another's.
        if (slot != firstSlot || viewers_[slot] != first)
            deliverTo(slot, writer);
    });
    writer.finish();
    deliveries_.flush(*counts_);
    if (--turn.shardsLeft == 0)
        recordTurn(turn);
}

void ViewerShard::recordTurn(const Turn &turn) {
    const net::TimePoint done = now();
    for (const Turn::Stamps &stamps : turn.stamps) {
        if (series_)
            series_->lag.record(std::chrono::duration<double, std::milli>(done - stamps.queuedAt).count());
        if (stamps.receivedAt)
            instruments_->broadcastLatency.record(stamps.isFinal, done - *stamps.receivedAt);
    }
}

void ViewerShard::tell(const std::weak_ptr<Viewer> &viewer, const FrameRef &notice) {
    if (const auto there = viewer.lock())
        there->sendAside(notice);
}

void ViewerShard::dismiss(const std::weak_ptr<Viewer> &viewer, const Farewell &farewell) {
    if (const auto there = viewer.lock())
        there->closeAfterQueue(farewell);
}

void ViewerShard::setHeartbeat(const std::optional<HeartbeatPolicy> &policy) {
    if (policy == policy_)
        return;
    policy_ = policy;
    if (policy_) {
        // A new rule counts from now: nobody is closed for a silence that was allowed.
        const net::TimePoint start = now();
        wheel_ = PingWheel(policy_->interval, start);
        forEachViewer([start](Viewer &viewer) { viewer.setLastHeard(start); });
    }
    arm();
}

void ViewerShard::arm() {
    loop_->cancelTimer(std::exchange(tickTimer_, 0));
    if (present_ == 0)
        return;
    const net::Duration period = policy_ ? std::min(wheel_.period(), kCheckEvery) : kCheckEvery;
    tickTimer_ = loop_->startTimer(period, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
            self->tickTimer_ = 0;
            self->tick();
            self->arm();
        }
    });
}

void ViewerShard::check(Viewer &viewer, net::TimePoint at) {
    if (policy_ && at - viewer.lastHeard() > policy_->deadline)
        viewer.closeNow({closecode::kPolicy, "Heartbeat timeout", Departure::HeartbeatTimeout});
    else if (settings_.writeTimeout > net::Duration::zero() &&
             viewer.stalledFor(at) >= settings_.writeTimeout)
        viewer.closeNow({closecode::kTryLater, "Too slow", Departure::TooSlow});
    else if (viewer.expired(at))
        viewer.closeNow({closecode::kToken, "Token has expired", Departure::TokenExpired});
}

void ViewerShard::tick() {
    const net::TimePoint at = now();
    const PingWheel::Due due = policy_ ? wheel_.advance(at) : PingWheel::Due{0, 0};
    FrameRef ping; // one for all; its payload is the time, so that a pong tells the round trip
    if (due.count > 0)
        ping = makeControl(Opcode::Ping, std::to_string(at.time_since_epoch().count()));
    forEachViewer([&](Viewer &viewer) {
        check(viewer, at);
        if (ping && wheel_.includes(due, viewer.id()))
            viewer.sendAside(ping);
    });
    slow_.due(at, [this](std::uint64_t id, const QueueDrops &drops) { logDrops(id, drops); });
}

void ViewerShard::closeAfterQueue(const Farewell &farewell) {
    if (reconnectSpreadMs_ == 0)
        spreadReturn(present_);
    forEachViewer([&](Viewer &viewer) { sendOff(viewer, farewell); });
}

void ViewerShard::closeNow(const Farewell &farewell) {
    loop_->cancelTimer(std::exchange(drainTimer_, 0));
    closeAfterQueue(farewell);
    forEachViewer([&](Viewer &viewer) { viewer.closeNow(farewell); });
}

/// A thousand a second, so that those who come back do not meet a wall.
void ViewerShard::spreadReturn(std::size_t returning) {
    reconnectSpreadMs_ =
        std::clamp(static_cast<std::uint32_t>(std::min<std::size_t>(returning, kMaxSpreadMs)), kMinSpreadMs,
                   kMaxSpreadMs);
}

void ViewerShard::drain(net::Duration within, std::size_t returning) {
    drainStepsLeft_ = static_cast<unsigned>(std::max<std::int64_t>(within / kDrainStep, 1));
    drainBatch_ = std::max(kMinDrainBatch, (present_ + drainStepsLeft_ - 1) / drainStepsLeft_);
    spreadReturn(returning);
    drainStep();
}

void ViewerShard::sendOff(Viewer &viewer, const Farewell &farewell) {
    if (isV2(viewer.form()) && farewell.departure == Departure::Shutdown) {
        const auto delay =
            kMinReconnectMs + static_cast<std::uint32_t>(environment_.random() % reconnectSpreadMs_);
        viewer.sendAside(makeNotice(shutdownMessage(delay, farewell.reason, unixMs()), noticekey::kEnd));
    }
    viewer.closeAfterQueue(farewell);
}

void ViewerShard::drainStep() {
    drainTimer_ = 0;
    std::size_t left = drainBatch_;
    forEachViewer([&](Viewer &viewer) {
        if (left > 0 && !viewer.closing()) {
            left--;
            sendOff(viewer, kShutdown);
        }
    });
    if (present_ == 0)
        return;
    if (drainStepsLeft_-- == 0) {
        closeNow(kShutdown);
        return;
    }
    drainTimer_ = loop_->startTimer(kDrainStep, [weak = weak_from_this()] {
        if (const auto self = weak.lock())
            self->drainStep();
    });
}

void ViewerShard::abandon(const Farewell &farewell) {
    closeNow(farewell);
    loop_->cancelTimer(std::exchange(tickTimer_, 0));
    listener_ = nullptr;
    series_.reset();
}

void ViewerShard::onDelivered(const Frame &frame, net::TimePoint at) {
    deliveries_.add(frame, at);
    if (walking_ == 0)
        deliveries_.flush(*counts_);
}

void ViewerShard::onDirect(Viewer &viewer, int fd) {
    lanes_[viewer.ownerSlot()].fd = fd;
}

void ViewerShard::onQueueChanged(Viewer &viewer, const QueueDrops &drops, int sizeDelta) {
    const ClassCount lost = drops.total();
    counts_->droppedPartials += lost.partials;
    counts_->droppedFinals += lost.finals;
    counts_->conflated += drops.conflated;
    instruments_->countDrops(drops);
    if (series_)
        series_->queueSize.add(sizeDelta);
    if (const auto line = slow_.note(viewer.id(), drops, now()))
        logDrops(viewer.id(), *line);
    const ViewerQueue &queue = viewer.queue();
    if (!slow_.fills(viewer.id(), queue.fill()))
        return;
    counts_->slowViewers++;
    GST_WARNING("session %s: viewer %" G_GUINT64_FORMAT " (%s) is slow: %zu messages, %zu bytes wait for it",
                session_.c_str(), guint64{viewer.id()}, viewer.info().peer.c_str(), queue.size(),
                queue.bytes());
    if (listener_)
        listener_->onSlowViewer(viewer.infoRef(), queue.size(), queue.bytes());
}

void ViewerShard::logDrops(std::uint64_t id, const QueueDrops &drops) const {
    for (std::size_t i = 0; i < kDropReasons; i++) {
        const ClassCount &count = drops.counts[i];
        if (count.all() > 0)
            GST_WARNING("session %s: viewer %" G_GUINT64_FORMAT
                        " lost %u partials and %u finals since the last line (%s)",
                        session_.c_str(), guint64{id}, count.partials, count.finals, kDropWords[i]);
    }
}

void ViewerShard::onRequest(Viewer &viewer, std::string_view text) {
    if (listener_)
        listener_->onRequest({viewer.infoRef(), viewer.weak_from_this(), shared_from_this()}, text);
}

void ViewerShard::onIgnoredMessage() {
    counts_->ignoredMessages++;
}

void ViewerShard::onPong(std::string_view payload) {
    net::Duration::rep sent = 0;
    const auto [end, problem] = std::from_chars(payload.data(), payload.data() + payload.size(), sent);
    if (problem != std::errc() || end != payload.data() + payload.size() || sent <= 0)
        return;
    const net::Duration took = now() - net::TimePoint(net::Duration(sent));
    if (took >= net::Duration::zero() && took < kMaxRoundTrip)
        instruments_->roundTrip.record(std::chrono::duration<double, std::milli>(took).count());
}

} // namespace lt::broadcast
