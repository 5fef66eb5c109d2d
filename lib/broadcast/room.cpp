// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/room.h"

#include "lib/broadcast/viewer_messages.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

namespace lt::broadcast {

namespace {

namespace names = metrics::names;

double milliseconds(net::Duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

std::int64_t unixMs() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

/// Who a message speaks of, within its session; "" when it does not say.
std::string identityOf(const Transcript &transcript) {
    constexpr char kSeparator = '\x1f';
    if (transcript.utteranceId.empty())
        return {};
    std::string identity = transcript.epoch;
    ((identity += kSeparator) += kindName(transcript.kind)) += kSeparator;
    ((identity += transcript.utteranceId) += kSeparator) += transcript.language;
    return identity;
}

/// Two utterances with the same hash would only cost one of them a queued partial.
Frame::UtteranceKey keyOf(const std::string &identity) {
    return identity.empty() ? 0 : std::max<std::size_t>(std::hash<std::string>{}(identity), 1);
}

/// A histogram and its two halves.
struct Split {
    metrics::Histogram &all, &partial, &final;

    void record(bool isFinal, double ms) {
        all.record(ms);
        (isFinal ? final : partial).record(ms);
    }
};

} // namespace

/// Looked up once: a look-up takes a lock.
struct Room::Instruments {
    Instruments(metrics::Registry &registry, const metrics::SessionSeries &series)
        : broadcastLatency{registry.histogram(names::kBroadcastLatency),
                           registry.histogram(names::kBroadcastLatencyPartial),
                           registry.histogram(names::kBroadcastLatencyFinal)},
          delivery{registry.histogram(names::kViewerDelivery),
                   registry.histogram(names::kViewerDeliveryPartial),
                   registry.histogram(names::kViewerDeliveryFinal)},
          lag(series.histogram(names::kSessionBroadcastLag)),
          clients(series.gauge(names::kSessionClients)),
          queueSize(series.gauge(names::kSessionQueueSize)),
          errors(registry.counter(names::kBroadcastErrors)),
          timeouts(registry.counter(names::kHeartbeatTimeouts)),
          drops(registry.counter(names::kQueueDrops)) {}

    Split broadcastLatency, delivery;
    metrics::Histogram &lag;
    metrics::Gauge &clients, &queueSize;
    metrics::Counter &errors, &timeouts, &drops;
};

Room::Room(std::shared_ptr<net::EventLoop> loop, std::string session, RoomSettings settings,
           std::shared_ptr<RoomCounts> counts, metrics::Registry &registry, RoomListener &listener, Now now)
    : loop_(std::move(loop)),
      session_(std::move(session)),
      settings_(settings),
      counts_(std::move(counts)),
      listener_(listener),
      now_(std::move(now)),
      recentFinals_(settings.dedupWindow),
      series_(registry.session(session_)),
      instruments_(std::make_unique<Instruments>(registry, series_)) {}

Room::~Room() = default;

void Room::addViewer(net::UpgradedSocket socket, ViewerProfile profile) {
    const ViewerForm form = profile.form;
    const std::string early = std::move(socket.early);
    const auto viewer =
        std::make_shared<Viewer>(loop_, static_cast<ViewerOwner &>(*this), ++lastViewerId_,
                                 Viewer::Setup{std::move(socket), std::move(profile), settings_.maxQueue});
    viewer->setLastHeard(now_());
    viewer->setOwnerSlot(viewers_.size());
    viewers_.push_back(viewer);
    present_++;
    presentOfForm_[static_cast<std::size_t>(form)]++;
    counts_->viewers = present_;
    counts_->viewersTotal++;
    instruments_->clients.set(static_cast<std::int64_t>(present_));
    listener_.onViewerAdded(viewer->id(), viewer->peer());
    viewer->start(early);
}

void Room::onViewerGone(Viewer &viewer, Departure departure) {
    const std::size_t slot = viewer.ownerSlot();
    const auto kept = std::move(viewers_[slot]);
    present_--;
    presentOfForm_[static_cast<std::size_t>(viewer.form())]--;
    if (walking_ == 0) {
        if (viewers_.back()) {
            viewers_.back()->setOwnerSlot(slot);
            viewers_[slot] = std::move(viewers_.back());
        }
        viewers_.pop_back();
    }
    counts_->viewers = present_;
    instruments_->clients.set(static_cast<std::int64_t>(present_));
    if (departure == Departure::SendFailed) {
        counts_->sendErrors++;
        instruments_->errors.add();
    }
    if (departure == Departure::HeartbeatTimeout) {
        counts_->heartbeatTimeouts++;
        instruments_->timeouts.add();
    }
    listener_.onViewerRemoved(kept->id(), kept->peer(), departure);
}

/// Closes the gaps a walk has left.
void Room::compact() {
    std::size_t to = 0;
    for (auto &viewer : viewers_) {
        if (!viewer)
            continue;
        viewer->setOwnerSlot(to);
        if (&viewers_[to] != &viewer)
            viewers_[to] = std::move(viewer);
        to++;
    }
    viewers_.resize(to);
}

template <typename Call>
void Room::forEachViewer(Call call) {
    const std::size_t count = viewers_.size();
    const std::size_t first = count ? firstToSend_++ % count : 0;
    walking_++;
    for (std::size_t i = 0; i < count; i++) {
        const std::size_t slot = first + i < count ? first + i : first + i - count;
        if (viewers_[slot])
            call(*viewers_[slot]);
    }
    if (--walking_ == 0 && present_ != viewers_.size())
        compact();
}

bool Room::isNews(const Transcript &transcript, const std::string &identity) {
    const bool known = !identity.empty() && (transcript.isFinal ? !recentFinals_.insert(identity)
                                                                : recentFinals_.contains(identity));
    if (known)
        counts_->duplicates++;
    else
        (transcript.isFinal ? counts_->finals : counts_->partials)++;
    return !known;
}

void Room::addFrames(const RoomMessage &message, FramesOfForm &frames) {
    const Transcript &transcript = valueOf(message.transcript.get());
    const std::string identity = identityOf(transcript);
    if (!isNews(transcript, identity))
        return;
    const Stamp stamp{session_, ++seq_, unixMs()};
    const std::string utteranceId =
        transcript.utteranceId.empty() ? "n" + std::to_string(stamp.seq) : transcript.utteranceId;
    const auto frameClass = transcript.isFinal ? FrameClass::Final : FrameClass::Partial;
    for (std::size_t i = 0; i < kViewerForms; i++) {
        const auto form = static_cast<ViewerForm>(i);
        if (presentOfForm_[i] > 0 && isFor(form, transcript))
            frames[i].push_back(makeFrame(Opcode::Text, viewerMessage(form, transcript, utteranceId, stamp),
                                          frameClass, keyOf(identity), message.queuedAt));
    }
}

void Room::publish(std::span<const RoomMessage> messages) {
    FramesOfForm frames;
    for (const RoomMessage &message : messages)
        addFrames(message, frames);
    fanOut(frames);
    recordTurn(messages);
}

void Room::fanOut(const FramesOfForm &frames) {
    std::array<std::string, kViewerForms> merged;
    std::array<FrameBatch, kViewerForms> batches;
    for (std::size_t i = 0; i < kViewerForms; i++) {
        if (frames[i].size() > 1)
            for (const FrameRef &frame : frames[i])
                merged[i] += frame->bytes();
        batches[i] = {frames[i], frames[i].size() == 1 ? frames[i].front()->bytes() : merged[i]};
    }
    forEachViewer([&](Viewer &viewer) { viewer.send(batches[static_cast<std::size_t>(viewer.form())]); });
}

void Room::recordTurn(std::span<const RoomMessage> messages) {
    const net::TimePoint done = now_();
    for (const RoomMessage &message : messages) {
        instruments_->lag.record(milliseconds(done - message.queuedAt));
        if (message.receivedAt)
            instruments_->broadcastLatency.record(valueOf(message.transcript.get()).isFinal,
                                                  milliseconds(done - *message.receivedAt));
    }
}

void Room::setHeartbeat(const std::string &source, std::uint32_t intervalMs, std::uint32_t maxMissed) {
    heartbeats_.set(source, intervalMs, maxMissed);
    applyPolicy();
}

void Room::setResting(bool resting) {
    resting_ = resting;
    applyPolicy();
}

void Room::applyPolicy() {
    const auto policy = resting_ ? std::nullopt : heartbeats_.policy();
    if (policy == policy_)
        return;
    policy_ = policy;
    if (!policy_)
        return;
    // A new rule counts from now: nobody is closed for a silence that was allowed.
    const net::TimePoint now = now_();
    wheel_ = PingWheel(policy_->interval, now);
    forEachViewer([&](Viewer &viewer) { viewer.setLastHeard(now); });
}

std::optional<net::Duration> Room::tickPeriod() const {
    if (!policy_)
        return std::nullopt;
    return wheel_.period();
}

void Room::tick() {
    if (!policy_)
        return;
    const net::TimePoint now = now_();
    const auto due = wheel_.advance(now);
    // One frame for all; its payload is the time, so that a pong tells the round trip.
    const FrameRef ping = makeControl(Opcode::Ping, std::to_string(now.time_since_epoch().count()));
    forEachViewer([&](Viewer &viewer) {
        if (now - viewer.lastHeard() > policy_->deadline)
            viewer.closeNow(closecode::kPolicy, "Heartbeat timeout", Departure::HeartbeatTimeout);
        else if (wheel_.includes(due, viewer.id()))
            viewer.sendControl(ping);
    });
}

void Room::closeAfterQueue(std::uint16_t code, const char *reason, Departure departure) {
    forEachViewer([&](Viewer &viewer) { viewer.closeAfterQueue(code, reason, departure); });
}

void Room::closeNow(std::uint16_t code, const char *reason, Departure departure) {
    closeAfterQueue(code, reason, departure);
    forEachViewer([&](Viewer &viewer) { viewer.closeNow(code, reason, departure); });
}

void Room::restart() {
    seq_ = 0;
    recentFinals_.clear();
}

void Room::onDelivered(const Frame &frame) {
    counts_->delivered++;
    instruments_->delivery.record(frame.frameClass() == FrameClass::Final,
                                  milliseconds(now_() - frame.queuedAt()));
}

void Room::onQueueChanged(const QueueDrops &drops, int sizeDelta) {
    counts_->droppedPartials += drops.partials;
    counts_->droppedFinals += drops.finals;
    counts_->conflated += drops.conflated;
    instruments_->drops.add(drops.partials + drops.finals);
    instruments_->queueSize.add(sizeDelta);
}

void Room::onIgnoredMessage() {
    counts_->ignoredMessages++;
}

} // namespace lt::broadcast
