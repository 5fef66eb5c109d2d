// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/gladia_stream.h"

#include "elements/gladiasink/gladia_network.h"
#include "elements/gladiasink/session_metrics.h"
#include "lib/net/io_threads.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <variant>
#include <vector>

namespace lt::gladia {

namespace {

std::uint64_t monotonicNs() {
    return static_cast<std::uint64_t>(g_get_monotonic_time()) * 1000;
}

} // namespace

/// Lives on the recogniser thread; the backlog, the statistics and the end are also reached from others. What
/// there is to send may leave from the thread that brings it: it then has the session's turn.
class GladiaStream::Core final : public SessionObserver,
                                 public ConnectionListener,
                                 public std::enable_shared_from_this<Core> {
public:
    Core(Settings settings, TranscriptQueue::Writer output, Callbacks callbacks,
         std::shared_ptr<net::EventLoop> loop)
        : backlog(settings.maxBacklogNs),
          settings_(std::move(settings)),
          output_(std::move(output)),
          callbacks_(std::move(callbacks)),
          loop_(std::move(loop)),
          dialler_(net::dialThread()),
          metrics_(metrics::registry(), settings_.liveSession) {}

    AudioBacklog backlog;
    std::atomic<std::uint64_t> filledNs = 0;

    // ---- any thread

    /// From the thread that has brought the audio. False when the loop has to see to it, or to what comes of
    /// it.
    bool sendNow() {
        const std::unique_lock turn(turn_, std::try_to_lock);
        if (!turn || !session_ || !session_->passAudio(monotonicNs()) || !network_->flushNow())
            return false;
        publish();
        return !dueEarlier();
    }

    template <typename Input>
    void post(net::EventLoop &loop, Input input) {
        loop.post([self = shared_from_this(), input = std::move(input)] {
            if (self->start())
                self->feed(input);
        });
    }

    void setEnd(std::uint32_t seqnum) {
        std::lock_guard lock(mutex_);
        endSeqnum_ = seqnum;
    }

    SessionTotals totals() const {
        std::lock_guard lock(mutex_);
        return totalsLocked();
    }

    SessionTotals totalsLocked() const {
        SessionTotals copy = totals_;
        const auto level = backlog.level(); // one look at the ledger: it adds up
        copy.bytesEntered = level.bytes.entered;
        copy.bytesQueued = level.bytes.queued;
        copy.bytesInFlight = level.bytes.inFlight;
        copy.bytesAcknowledged = level.bytes.acknowledged;
        copy.bytesLost = level.bytes.lost();
        copy.queuedNs = level.ns;
        copy.inFlightNs = level.inFlightNs;
        copy.lostNs = level.droppedNs;
        copy.filledNs = filledNs;
        return copy;
    }

    bool waitClosed(std::chrono::milliseconds patience) {
        std::unique_lock lock(mutex_);
        return closedChanged_.wait_for(lock, patience, [&] { return closed_; });
    }

    // ---- recogniser thread

    /// Runs `input` on the session, arms the timer, publishes the figures, then tells what there is to tell.
    template <typename Input>
    void feed(const Input &input) {
        const auto keep = shared_from_this(); // a callback may drop the stream
        std::vector<News> news;
        {
            std::lock_guard turn(turn_);
            if (!session_)
                return;
            input(*session_, monotonicNs());
            if (network_)
                network_->flush();
            publish();
            armTimer();
            news.swap(news_);
        }
        for (const News &one : news)
            std::visit(*this, one);
    }

    void leave() {
        leaving_ = true;
        bool idle = true;
        {
            std::lock_guard turn(turn_);
            if (session_)
                session_->abort();
            publish();
            idle = !network_ || network_->idle();
        }
        if (idle)
            dismantle();
        else
            self_ = shared_from_this(); // until the sockets are closed, which does not take them long
    }

    // Of News.
    void operator()(const Notice &notice) const { callbacks_.onNotice(notice); }
    void operator()(const Failure &failure) const { callbacks_.onFailed(failure); }
    void operator()(const EndOfTranscripts &end) const { output_.push(end); }

private:
    using News = std::variant<Notice, Failure, EndOfTranscripts>;

    bool start() {
        std::lock_guard turn(turn_);
        if (leaving_ || session_)
            return !leaving_;
        GladiaNetwork::Settings network;
        network.loop = loop_;
        network.dialler = dialler_;
        network.initUrl = settings_.session.endpoint.initUrl();
        network.apiKey = settings_.apiKey;
        network.tlsDatabase = std::move(settings_.tlsDatabase);
        network_ = std::make_unique<GladiaNetwork>(std::move(network), *this, [this] { onIdle(); });
        session_ = std::make_unique<GladiaSession>(settings_.session, backlog, *network_, *this);
        return true;
    }

    /// With audio flowing the deadline moves on all the time; the timer follows when it has come too early.
    bool dueEarlier() const {
        const auto due = session_ ? session_->deadline() : std::nullopt;
        return due && *due != ~std::uint64_t{0} && (timer_ == 0 || *due < timerDue_);
    }

    void armTimer() {
        if (!loop_ || !dueEarlier())
            return;
        loop_->cancelTimer(timer_);
        timerDue_ = session_->deadline().value();
        // Rounded up: a tick that comes early does nothing.
        const std::uint64_t delay = timerDue_ - std::min(timerDue_, monotonicNs()) + 1000;
        timer_ = loop_->startTimer(std::chrono::nanoseconds(delay), [this] {
            feed([this](GladiaSession &session, std::uint64_t now) {
                timer_ = 0;
                session.tick(now);
            });
        });
    }

    void publish() {
        if (!session_)
            return;
        std::lock_guard lock(mutex_);
        const auto &counts = session_->counts();
        const auto transcripts = session_->transcriptCounts();
        totals_.state = nameOf(session_->state());
        if (const std::string &id = session_->sessionId(); totals_.sessionId != id)
            totals_.sessionId = id;
        totals_.sessions = counts.sessions;
        totals_.attempts = counts.attempts;
        totals_.chunks = counts.chunks;
        totals_.bytesSent = counts.bytesSent;
        totals_.bytesResent = counts.bytesResent;
        totals_.bytesDoubled = counts.bytesDoubled;
        totals_.stalls = counts.stalls;
        totals_.reconnects = counts.reconnects;
        totals_.messages = counts.messages;
        totals_.malformed = counts.malformed;
        totals_.rejectedChunks = counts.rejectedChunks;
        totals_.partials = transcripts.partials;
        totals_.finals = transcripts.finals;
        totals_.repeated = transcripts.repeated;
        totals_.addOns = transcripts.addOns;
        metrics_.report(totalsLocked());
    }

    /// The sockets are closed, or had their time.
    void dismantle() {
        const auto keep = std::exchange(self_, nullptr);
        const auto loop = std::exchange(loop_, nullptr);
        std::shared_ptr<GladiaNetwork> network;
        {
            std::lock_guard turn(turn_);
            session_.reset();
            network = std::move(network_);
        }
        dialler_.reset();
        if (!loop)
            return;
        loop->cancelTimer(std::exchange(timer_, 0));
        // Not from inside a callback of one of its sockets.
        loop->post([network = std::move(network), self = weak_from_this().lock()]() mutable {
            network.reset();
            if (!self)
                return;
            std::lock_guard lock(self->mutex_);
            self->closed_ = true;
            self->closedChanged_.notify_all();
        });
    }

    // SessionObserver: in somebody's turn.
    // Who is told something and then reads the statistics finds it there.
    void onNotice(const Notice &notice) override { news_.emplace_back(notice); }
    void onTranscript(SpokenTranscript spoken) override {
        metrics_.received(spoken);
        output_.push(std::move(spoken));
    }
    void onChunkSent(std::size_t bytes) override { metrics_.chunkSent(bytes); }
    void onMessageGap(std::uint64_t ns) override { metrics_.messageGap(ns); }
    void onEnded() override {
        publish();
        std::uint32_t seqnum;
        {
            std::lock_guard lock(mutex_);
            seqnum = endSeqnum_;
        }
        news_.emplace_back(EndOfTranscripts{seqnum}); // behind what is said of it
    }
    void onFailed(const Failure &failure) override {
        publish();
        news_.emplace_back(EndOfTranscripts{});
        news_.emplace_back(failure);
    }

    // ConnectionListener
    void onAnswered(ConnectionId id, unsigned status, std::string_view body,
                    std::uint64_t retryAfterNs) override {
        feed([&](GladiaSession &s, std::uint64_t now) { s.answered(now, id, status, body, retryAfterNs); });
    }
    void onAttemptFailed(ConnectionId id, Failure failure) override {
        feed([&](GladiaSession &s, std::uint64_t now) { s.attemptFailed(now, id, std::move(failure)); });
    }
    void onOpened(ConnectionId id) override {
        feed([&](GladiaSession &s, std::uint64_t now) { s.opened(now, id); });
    }
    void onReceived(ConnectionId id, std::string_view text) override {
        feed([&](GladiaSession &s, std::uint64_t now) { s.received(now, id, text); });
    }
    void onPong(ConnectionId id) override {
        feed([&](GladiaSession &s, std::uint64_t now) { s.pongReceived(now, id); });
    }
    void onClosed(ConnectionId id, unsigned code, std::string_view reason) override {
        feed([&](GladiaSession &s, std::uint64_t now) { s.closed(now, id, code, reason); });
    }
    void onIdle() {
        if (leaving_)
            dismantle();
    }

    Settings settings_;
    const TranscriptQueue::Writer output_;
    const Callbacks callbacks_;

    // Recogniser thread only.
    std::shared_ptr<net::EventLoop> loop_; // both until dismantled
    std::shared_ptr<net::ContextThread> dialler_;
    std::shared_ptr<Core> self_;
    bool leaving_ = false;

    // Changed on the recogniser thread only, but for what sendNow() does. Held for no longer than it takes to
    // deal with one event; never across a callback. Before mutex_ and the backlog's lock.
    std::mutex turn_; // guards all below
    SessionMetrics metrics_;
    std::unique_ptr<GladiaNetwork> network_;
    std::unique_ptr<GladiaSession> session_;
    net::EventLoop::TimerId timer_ = 0;
    std::uint64_t timerDue_ = 0;
    std::vector<News> news_; // for the callbacks, when the turn is over

    mutable std::mutex mutex_; // guards all below
    std::condition_variable closedChanged_;
    SessionTotals totals_;
    std::uint32_t endSeqnum_ = 0;
    bool closed_ = false;
};

GladiaStream::GladiaStream(Settings settings, TranscriptQueue::Writer output, Callbacks callbacks)
    : loop_(net::recogniserLoop()), filler_(settings.session.maxFillNs) {
    core_ = std::make_shared<Core>(std::move(settings), std::move(output), std::move(callbacks), loop_);
}

GladiaStream::~GladiaStream() {
    abort(AudioBacklog::Result::Flushing);
}

AudioBacklog::Result GladiaStream::push(AudioBlock block, AudioBacklog::Policy policy) {
    if (auto silence = filler_.before(block)) {
        core_->filledNs += silence->durationNs();
        const auto result = store(std::move(*silence), policy);
        if (result != AudioBacklog::Result::Taken)
            return result;
    }
    {
        const BufferMap map(block.buffer.get());
        if (map.ok() && block.offset + block.bytes <= map.size())
            block.speech = detector_.listen({map.data() + block.offset, block.bytes}, block.format);
    }
    return store(std::move(block), policy);
}

AudioBacklog::Result GladiaStream::store(AudioBlock block, AudioBacklog::Policy policy) {
    const auto pushed = core_->backlog.push(std::move(block), policy);
    const bool news = pushed.result == AudioBacklog::Result::Taken && (pushed.wasEmpty || pushed.losing);
    if (news && (pushed.losing || !core_->sendNow()))
        core_->post(*loop_, [losing = pushed.losing](GladiaSession &session, std::uint64_t now) {
            if (losing)
                session.audioOverflowing(now);
            session.audioAvailable(now);
        });
    return pushed.result;
}

void GladiaStream::end(std::uint32_t seqnum) {
    core_->setEnd(seqnum);
    core_->backlog.end();
    core_->post(*loop_, [](GladiaSession &session, std::uint64_t now) { session.audioEnded(now); });
}

void GladiaStream::setHeartbeat(std::uint64_t intervalNs, std::uint64_t limitNs) {
    core_->post(*loop_, [=](GladiaSession &session, std::uint64_t now) {
        session.setHeartbeat(now, intervalNs, limitNs);
    });
}

void GladiaStream::setHold(bool hold) {
    core_->post(*loop_, [hold](GladiaSession &session, std::uint64_t now) { session.setHold(now, hold); });
}

void GladiaStream::abort(AudioBacklog::Result result) {
    core_->backlog.shut(result);
    loop_->post([core = core_] { core->leave(); });
}

bool GladiaStream::waitClosed(std::chrono::milliseconds patience) {
    return core_->waitClosed(patience);
}

AudioBacklog::Level GladiaStream::level() const {
    return core_->backlog.level();
}

SessionTotals GladiaStream::totals() const {
    return core_->totals();
}

} // namespace lt::gladia
