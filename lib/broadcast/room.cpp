// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/room.h"

#include "lib/broadcast/broadcast_log.h"
#include "lib/broadcast/message_identity.h"
#include "lib/broadcast/viewer_messages.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace lt::broadcast {

namespace {

constexpr Farewell kSessionEnded{closecode::kNormal, "Session ended", Departure::SessionEnded};

History::Limits historyLimits(const RoomSettings &settings) {
    return settings.history == 0 ? History::Limits{0, 0} : History::Limits{};
}

std::size_t indexOf(ViewerForm form) {
    return static_cast<std::size_t>(form);
}

} // namespace

Room::Room(Loops loops, std::string session, const RoomSettings &settings, std::shared_ptr<RoomCounts> counts,
           metrics::Registry &registry, RoomListener &listener, Environment environment)
    : home_(loops.front()),
      session_(std::move(session)),
      settings_(settings),
      counts_(std::move(counts)),
      registry_(registry),
      listener_(listener),
      environment_(std::move(environment)),
      instruments_(std::make_shared<FanoutInstruments>(registry)),
      epoch_(epochFrom(environment_.random())),
      recentFinals_(settings.dedupWindow),
      history_(historyLimits(settings)),
      greeter_(history_),
      // Tokens go on rising when the server starts anew.
      lease_(*this, settings.leaseTtl, static_cast<std::uint64_t>(environment_.unixMs())) {
    apply(settings, loops);
}

Room::~Room() {
    home_->cancelTimer(leaseTimer_);
}

template <typename Call>
void Room::onShard(const std::shared_ptr<ViewerShard> &shard, Call call) {
    if (shard->loop() == home_)
        call(*shard);
    else
        shard->loop()->post([shard, call = std::move(call)]() mutable { call(*shard); });
}

/// Shards call from their own threads.
template <typename Call>
void Room::atHome(Call call) {
    if (home_->onLoopThread())
        call(*this);
    else
        home_->post([weak = weak_from_this(), call = std::move(call)]() mutable {
            if (const auto self = weak.lock())
                call(*self);
        });
}

void Room::apply(const RoomSettings &settings, const Loops &loops) {
    settings_ = settings;
    for (const auto &shard : shards_)
        onShard(shard, [settings](ViewerShard &there) { there.apply(settings); });
    for (std::size_t i = shards_.size(); i < loops.size(); i++) {
        shards_.push_back(std::make_shared<ViewerShard>(loops[i], session_, settings, counts_, instruments_,
                                                        static_cast<ShardListener &>(*this), environment_));
        onShard(shards_.back(), [policy = policy_, series = series_](ViewerShard &there) {
            there.setSeries(series);
            there.setHeartbeat(policy);
        });
    }
}

void Room::setState(RoomState state) {
    if (state == state_)
        return;
    state_ = state;
    if (!series_ && state == RoomState::Live) {
        series_ = std::make_shared<SessionInstruments>(registry_, session_);
        for (const auto &shard : shards_)
            onShard(shard, [series = series_](ViewerShard &there) { there.setSeries(series); });
    }
    tellAll(makeNotice(stateMessage(state, environment_.unixMs()), noticekey::kState));
}

// ---- Viewers ----------------------------------------------------------------------------------------------

std::vector<FrameRef> Room::greetingFor(const ViewerInfo &info, const ViewerProfile &profile) {
    if (!isV2(profile.form))
        return {};
    Hello hello;
    hello.session = session_;
    hello.epoch = epoch_;
    hello.seq = seq_;
    hello.state = state_;
    hello.viewerId = info.id;
    hello.userId = info.userId;
    hello.recogniser = recogniser_;
    hello.mayCoordinate = info.mayCoordinate;
    hello.heartbeat = policy_;
    hello.lease = lease_.view();
    hello.unixMs = environment_.unixMs();
    auto greeting = greeter_.greet(hello, profile, settings_.history);
    counts_->resumed += hello.resumed.value_or(false);
    return greeting;
}

void Room::addViewer(net::UpgradedSocket socket, ViewerProfile profile) {
    const auto info = std::make_shared<const ViewerInfo>(
        ViewerInfo{++lastViewerId_, socket.peer, profile.userId, profile.form, profile.filter,
                   isV2(profile.form) && profile.mayCoordinate});
    presentOfForm_[indexOf(profile.form)]++;
    counts_->viewers++;
    counts_->viewersTotal++;
    GST_INFO("session %s: viewer %" G_GUINT64_FORMAT " (%s %s) joins", session_.c_str(), guint64{info->id},
             info->peer.c_str(), info->userId.c_str());
    listener_.onViewerAdded(info);
    const auto greeting = greetingFor(*info, profile);
    // std::function wants copies.
    const auto setup = std::make_shared<Viewer::Setup>(
        Viewer::Setup{std::move(socket), profile.expiry, std::move(profile.pass), info, nullptr});
    onShard(shards_[info->id % shards_.size()],
            [setup, greeting](ViewerShard &there) { there.add(std::move(*setup), greeting); });
}

void Room::onViewerRemoved(const ViewerInfoRef &viewer, ViewerForm form, Departure departure) {
    atHome([viewer, form, departure](Room &self) { self.removed(viewer, form, departure); });
}

void Room::removed(const ViewerInfoRef &viewer, ViewerForm form, Departure departure) {
    presentOfForm_[indexOf(form)]--;
    GST_INFO("session %s: viewer %" G_GUINT64_FORMAT " (%s %s) has gone: %s", session_.c_str(),
             guint64{viewer->id}, viewer->peer.c_str(), viewer->userId.c_str(), departureWord(departure));
    if (lease_.remove(viewer->id, environment_.now()) && !std::exchange(settling_, true))
        home_->post([weak = weak_from_this()] { // not now: others are being sent to
            if (const auto self = weak.lock())
                self->settleLease();
        });
    listener_.onViewerRemoved(viewer, departure);
}

void Room::onSlowViewer(const ViewerInfoRef &viewer, std::size_t messages, std::size_t bytes) {
    atHome([viewer, messages, bytes](Room &self) { self.listener_.onSlowViewer(viewer, messages, bytes); });
}

// ---- Messages ---------------------------------------------------------------------------------------------

bool Room::isNews(const Transcript &transcript, const std::string &identity) {
    const bool known = !identity.empty() && (transcript.isFinal ? !recentFinals_.insert(identity)
                                                                : recentFinals_.contains(identity));
    if (known)
        counts_->duplicates++;
    else
        (transcript.isFinal ? counts_->finals : counts_->partials)++;
    return !known;
}

bool Room::anyV2() const {
    return presentOfForm_[indexOf(ViewerForm::V2)] + presentOfForm_[indexOf(ViewerForm::V2Split)] > 0;
}

/// Into the turn, in the forms that somebody is there to read.
void Room::addFrame(const FrameRef &plain, bool alsoV1, Turn &turn) {
    FrameRef split;
    for (const ViewerForm form : {ViewerForm::V1, ViewerForm::V1Split, ViewerForm::V2, ViewerForm::V2Split}) {
        if (presentOfForm_[indexOf(form)] == 0 || (!alsoV1 && !isV2(form)))
            continue;
        if (isSplit(form) && !split)
            split = makeFrame(plain->opcode(), splitPayload(*plain), plain->label());
        turn.frames[indexOf(form)].push_back(isSplit(form) ? split : plain);
    }
}

void Room::addMessage(const RoomMessage &message, Turn &turn) {
    const Transcript &transcript = valueOf(message.transcript.get());
    turn.stamps.push_back({message.queuedAt, message.receivedAt, transcript.isFinal});
    const std::string identity = identityOf(transcript);
    if (!isNews(transcript, identity))
        return;
    const Stamp stamp{session_, ++seq_, environment_.unixMs()};
    const std::string utteranceId =
        transcript.utteranceId.empty() ? nameOfNumber(stamp.seq) : transcript.utteranceId;
    const FrameRef frame = makeFrame(Opcode::Text, viewerMessage(transcript, utteranceId, stamp),
                                     {transcript.isFinal ? FrameClass::Final : FrameClass::Partial,
                                      keyOf(identity), stamp.seq, message.queuedAt, transcript.language});
    if (transcript.isFinal && transcript.kind == GST_TRANSCRIPT_KIND_TRANSCRIPT) {
        counts_->lastFinalUnixMs = stamp.unixMs;
        counts_->lastFinalLength = transcript.text.size();
    }
    history_.add(frame, channelOf(transcript));
    addFrame(frame, transcript.kind == GST_TRANSCRIPT_KIND_TRANSCRIPT, turn);
}

void Room::publish(std::span<const RoomMessage> messages) {
    const auto turn = std::make_shared<Turn>();
    for (const RoomMessage &message : messages)
        addMessage(message, *turn);
    greeter_.invalidate();
    fanOut(turn);
}

void Room::announceLoss(ClassCount lost) {
    QueueDrops drops;
    drops.counts[static_cast<std::size_t>(DropReason::Inbox)] = lost;
    drops.include(seq_ + 1, seq_ + lost.all());
    seq_ += lost.all();
    history_.forget(seq_);
    GST_WARNING("session %s: the fan-out thread did not keep up, %u partials and %u finals were lost",
                session_.c_str(), lost.partials, lost.finals);
    tellAll(makeNotice(gapMessage(drops, environment_.unixMs())));
}

void Room::fanOut(const std::shared_ptr<Turn> &turn) {
    turn->seal();
    turn->shardsLeft = static_cast<unsigned>(shards_.size());
    // Other threads first: they work while this one does.
    for (auto shard = shards_.rbegin(); shard != shards_.rend(); ++shard)
        onShard(*shard, [turn](ViewerShard &there) { there.deliver(*turn); });
}

// ---- Requests and the lease -------------------------------------------------------------------------------

void Room::onRequest(const ViewerHandle &viewer, std::string_view text) {
    atHome([viewer, text = std::string(text)](Room &self) { self.handle(viewer, text); });
}

void Room::refuse(const ViewerHandle &viewer, RefusalCode code, std::string_view request,
                  std::string_view sentence) {
    tellOne(viewer, makeNotice(errorMessage(code, request, sentence), noticekey::kError));
}

void Room::handle(const ViewerHandle &viewer, const std::string &text) {
    RequestError error;
    const auto request = parseViewerRequest(text, error);
    if (!request)
        return refuse(viewer, RefusalCode::InvalidArgument, error.request, error.sentence);
    if (request->kind == ViewerRequest::Kind::Ping)
        return tellOne(viewer, makeNotice(pongMessage(environment_.unixMs()), noticekey::kPong));
    if (request->kind == ViewerRequest::Kind::Replay)
        return replay(viewer, *request);
    if (!viewer.info->mayCoordinate)
        return refuse(viewer, RefusalCode::Unauthenticated, "", "This viewer may not coordinate.");
    if (request->kind == ViewerRequest::Kind::Insight)
        publishInsight(viewer, *request);
    else
        lease_.handle(viewer, *request, environment_.now(), environment_.unixMs());
    settleLease();
}

void Room::replay(const ViewerHandle &viewer, const ViewerRequest &request) {
    if (request.toSeq > seq_)
        return refuse(viewer, RefusalCode::InvalidArgument, "replay", "There is no message toSeq yet.");
    const ViewerInfo &info = *viewer.info;
    const auto range = history_.range(request.fromSeq, request.toSeq, info.filter, isSplit(info.form));
    tellOne(viewer,
            makeNotice(replayMessage(request.fromSeq, range, environment_.unixMs()), noticekey::kReplay));
}

void Room::publishInsight(const ViewerHandle &viewer, const ViewerRequest &request) {
    const net::TimePoint now = environment_.now();
    if (!lease_.holds(viewer.info->id, *request.token, now)) {
        counts_->staleInsights++;
        onShard(viewer.shard, [weak = viewer.viewer](ViewerShard &there) {
            there.dismiss(weak, {closecode::kLease, "Lease lost", Departure::StaleLease});
        });
        return;
    }
    counts_->insights++;
    const Stamp stamp{session_, ++seq_, environment_.unixMs()};
    const FrameRef frame = makeFrame(Opcode::Text, insightMessage(stamp, *lease_.view(), request.data),
                                     {FrameClass::Final, 0, stamp.seq, now, {}});
    history_.add(frame, 0);
    greeter_.invalidate();
    const auto turn = std::make_shared<Turn>();
    addFrame(frame, false, *turn);
    fanOut(turn);
}

void Room::settleLease() {
    settling_ = false;
    lease_.settle(environment_.unixMs());
    armLease();
}

void Room::armLease() {
    home_->cancelTimer(std::exchange(leaseTimer_, 0));
    const auto expires = lease_.expires();
    if (!expires)
        return;
    const net::Duration left = std::max(*expires - environment_.now(), net::Duration::zero());
    leaseTimer_ = home_->startTimer(left, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
            self->leaseTimer_ = 0;
            self->lease_.tick(self->environment_.now());
            self->settleLease();
        }
    });
}

void Room::tellOne(const ViewerHandle &viewer, const FrameRef &notice) {
    onShard(viewer.shard, [weak = viewer.viewer, notice](ViewerShard &there) { there.tell(weak, notice); });
}

void Room::tellAll(const FrameRef &notice) {
    if (!anyV2())
        return;
    const auto turn = std::make_shared<Turn>();
    for (const ViewerForm form : {ViewerForm::V2, ViewerForm::V2Split})
        turn->frames[indexOf(form)].push_back(notice);
    fanOut(turn);
}

void Room::onLeaseChanged(const ViewerHandle *holder, std::uint64_t token) {
    for (const auto &shard : shards_)
        onShard(shard, [first = holder && holder->shard == shard ? holder->viewer : std::weak_ptr<Viewer>()](
                           ViewerShard &there) { there.setFirst(first); });
    GST_INFO("session %s: the lease has %s%" G_GUINT64_FORMAT " (token %" G_GUINT64_FORMAT ")",
             session_.c_str(), holder ? "viewer " : "nobody ", guint64{holder ? holder->info->id : 0},
             guint64{token});
    counts_->leaseChanges++;
    listener_.onLeaseChanged(holder ? holder->info : nullptr, token);
}

// ---- Time -------------------------------------------------------------------------------------------------

void Room::setHeartbeat(const std::string &source, std::uint32_t intervalMs, std::uint32_t maxMissed) {
    heartbeats_.set(source, intervalMs, maxMissed);
    applyPolicy();
}

void Room::setResting(bool resting) {
    resting_ = resting;
    applyPolicy();
}

void Room::applyPolicy() {
    policy_ = resting_ ? std::nullopt : heartbeats_.policy();
    for (const auto &shard : shards_)
        onShard(shard, [policy = policy_](ViewerShard &there) { there.setHeartbeat(policy); });
}

void Room::tick() {
    for (const auto &shard : shards_)
        onShard(shard, [](ViewerShard &there) { there.tick(); });
    lease_.tick(environment_.now());
    settleLease();
}

// ---- The end ----------------------------------------------------------------------------------------------

void Room::endSession() {
    tellAll(makeNotice(sessionEndMessage({session_, seq_, environment_.unixMs()}, epoch_), noticekey::kEnd));
    for (const auto &shard : shards_)
        onShard(shard, [](ViewerShard &there) { there.closeAfterQueue(kSessionEnded); });
}

void Room::drain(net::Duration within, std::size_t returning) {
    for (const auto &shard : shards_)
        onShard(shard, [within, returning](ViewerShard &there) { there.drain(within, returning); });
}

void Room::closeNow(const Farewell &farewell) {
    for (const auto &shard : shards_)
        onShard(shard, [farewell](ViewerShard &there) { there.closeNow(farewell); });
}

void Room::end(const Farewell &farewell) {
    for (const auto &shard : shards_)
        shard->loop()->runSync([&] { shard->abandon(farewell); });
    shards_.clear();
    home_->cancelTimer(std::exchange(leaseTimer_, 0));
}

void Room::restart() {
    seq_ = 0;
    epoch_ = epochFrom(environment_.random());
    recentFinals_.clear();
    history_.clear();
    greeter_.invalidate();
}

} // namespace lt::broadcast
