// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/viewer.h"

#include "lib/broadcast/viewer_notices.h"

#include <array>
#include <cerrno>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace lt::broadcast {

namespace {

constexpr std::size_t kMaxVector = 64;
constexpr auto kLinger = std::chrono::seconds(2);

bool wouldBlock(ssize_t result) {
    return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

} // namespace

const char *departureWord(Departure departure) {
    static constexpr std::array kWords = {
        "closed",        "lost",     "send-failed", "protocol-error", "heartbeat-timeout",
        "session-ended", "shutdown", "too-slow",    "token-expired",  "stale-lease"};
    return kWords.at(static_cast<std::size_t>(departure));
}

Viewer::Viewer(std::shared_ptr<net::EventLoop> loop, ViewerOwner &owner, Setup setup)
    : loop_(std::move(loop)),
      owner_(&owner),
      fd_(std::move(setup.socket.fd)),
      stream_(std::move(setup.socket.stream)),
      lastHeard_(owner.now()),
      queue_(setup.limits->queue),
      early_(std::move(setup.socket.early)),
      expiry_(setup.expiry),
      pass_(setup.pass ? std::move(setup.pass) : std::make_shared<StreamPass>()),
      info_(std::move(setup.info)),
      filter_(info_->filter.everything() ? nullptr : &info_->filter),
      limits_(setup.limits),
      form_(info_->form) {
    pass_->setRate(limits_->messagesPerSecond);
}

Viewer::~Viewer() {
    loop_->unwatch(watch_);
}

void Viewer::start(std::span<const FrameRef> greeting) {
    const auto self = shared_from_this();
    watch_ = loop_->watch(fd_.get(), EPOLLIN, this);
    if (watch_ == 0)
        return fail(Departure::Lost);
    for (const FrameRef &frame : greeting)
        wait(frame);
    flush();
    const std::string early = std::exchange(early_, {});
    if (state_ != State::Gone && !early.empty())
        parse(early);
}

ssize_t Viewer::write(const iovec *pieces, std::size_t count) {
    if (stream_)
        return stream_->send(pieces, count);
    if (count == 1)
        return ::send(fd_.get(), pieces->iov_base, pieces->iov_len, MSG_DONTWAIT | MSG_NOSIGNAL);
    msghdr message{};
    message.msg_iov = const_cast<iovec *>(pieces);
    message.msg_iovlen = count;
    return ::sendmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void Viewer::send(const FrameBatch &batch) {
    if (state_ != State::Open || batch.frames.empty())
        return;
    const auto self = shared_from_this();
    if (filter_)
        sendFiltered(batch);
    else if (!queue_.empty() || gap_) // a gap is told before anything newer
        queueRest(batch, 0);
    else if (!sendAtOnce(batch))
        return;
    settle();
}

void Viewer::sentByOwner(const FrameBatch &batch, ssize_t sent) {
    const auto self = shared_from_this();
    if (afterWrite(batch, sent))
        settle();
}

void Viewer::sendFiltered(const FrameBatch &batch) {
    const bool idle = queue_.empty();
    for (const FrameRef &frame : batch.frames)
        if (filter_->takes(frame->frameClass() == FrameClass::Partial, frame->label().language))
            enqueue(frame);
    if (idle && !queue_.empty())
        flush();
}

void Viewer::sendAside(const FrameRef &frame) {
    if (state_ != State::Open)
        return;
    const auto self = shared_from_this();
    const bool idle = queue_.empty();
    wait(frame);
    if (idle)
        flush();
}

/// Writes as much as the socket takes and queues the rest. False when the viewer is gone.
bool Viewer::sendAtOnce(const FrameBatch &batch) {
    const iovec piece{const_cast<char *>(batch.bytes.data()), batch.bytes.size()};
    return afterWrite(batch, write(&piece, 1));
}

bool Viewer::afterWrite(const FrameBatch &batch, ssize_t sent) {
    if (sent < 0 && !wouldBlock(sent)) {
        fail(Departure::SendFailed);
        return false;
    }
    queueRest(batch, sent < 0 ? 0 : static_cast<std::size_t>(sent));
    return true;
}

void Viewer::queueRest(const FrameBatch &batch, std::size_t written) {
    const net::TimePoint now = owner_->now();
    for (const FrameRef &frame : batch.frames) {
        const std::size_t size = frame->bytes().size();
        if (written >= size) {
            owner_->onDelivered(*frame, now);
            written -= size;
        } else if (written > 0) {
            lastTaken_ = now;
            setDirect(false);
            queue_.pushStarted(frame, std::exchange(written, 0));
            noteQueue({}, 0);
        } else {
            enqueue(frame);
        }
    }
}

void Viewer::enqueue(const FrameRef &frame) {
    if (queue_.empty())
        lastTaken_ = owner_->now();
    const std::size_t before = queue_.size();
    const QueueDrops drops = wait(frame);
    noteQueue(drops, before);
}

/// Into the queue: until that is empty again, everything goes there.
QueueDrops Viewer::wait(FrameRef frame) {
    setDirect(false);
    return queue_.push(std::move(frame), owner_->now());
}

/// `before` is what size() was.
void Viewer::noteQueue(const QueueDrops &drops, std::size_t before) {
    if (isV2(form_) && drops.firstSeq != 0) {
        if (!gap_)
            gap_ = std::make_unique<QueueDrops>();
        gap_->add(drops);
    }
    const int delta = static_cast<int>(queue_.size()) - static_cast<int>(before);
    if (owner_ && (delta != 0 || drops.conflated != 0 || drops.total().all() != 0))
        owner_->onQueueChanged(*this, drops, delta);
}

/// What was dropped is told before anything newer is; one notice for all of it.
void Viewer::announceGap() {
    if (!gap_ || state_ != State::Open)
        return;
    if (told_ && queue_.takeBack(noticekey::kGap))
        gap_->add(*told_);
    setDirect(false);
    queue_.pushFirst(makeNotice(gapMessage(*gap_, owner_->unixMs()), noticekey::kGap));
    told_ = std::move(gap_);
}

net::Duration Viewer::stalledFor(net::TimePoint now) const {
    return queue_.empty() ? net::Duration::zero() : now - lastTaken_;
}

void Viewer::flush() {
    if (owner_ && !queue_.empty()) {
        const std::size_t before = queue_.size();
        const QueueDrops drops = queue_.expire(owner_->now());
        noteQueue(drops, before);
    }
    do
        announceGap();
    while (!queue_.empty() && writeQueue());
    if (state_ == State::Gone)
        return;
    settle();
    if (queue_.empty() && state_ == State::Flushing)
        linger();
    if (queue_.empty() && state_ == State::Lingering && peerClosed_)
        end();
}

/// One write. False when the socket takes no more, or has failed.
bool Viewer::writeQueue() {
    std::array<iovec, kMaxVector> entries;
    const ssize_t sent = write(entries.data(), queue_.gather(entries.data(), entries.size()));
    if (wouldBlock(sent))
        return false;
    if (sent < 0) {
        fail(Departure::SendFailed);
        return false;
    }
    const std::size_t before = queue_.size();
    if (owner_)
        lastTaken_ = owner_->now();
    queue_.consume(static_cast<std::size_t>(sent), [this](const Frame &frame) {
        if (frame.frameClass() == FrameClass::Notice && frame.label().key == noticekey::kGap)
            told_.reset();
        if (owner_ && frame.label().seq != 0)
            owner_->onDelivered(frame, lastTaken_);
    });
    noteQueue({}, before);
    return true;
}

/// After whatever may have filled or emptied the queue.
void Viewer::settle() {
    const bool waits = !queue_.empty();
    if (writable_ != waits) {
        writable_ = waits;
        loop_->modify(watch_, waits ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }
    setDirect(state_ == State::Open && !waits && !filter_ && !stream_ && !gap_);
}

void Viewer::setDirect(bool direct) {
    if (direct_ == direct || !owner_)
        return;
    direct_ = direct;
    owner_->onDirect(*this, direct ? fd_.get() : -1);
}

void Viewer::onReady(std::uint32_t events) {
    const auto self = shared_from_this();
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        read();
    if (state_ != State::Gone && (events & EPOLLOUT))
        flush();
}

void Viewer::read() {
    // One buffer's worth per turn: level-triggered epoll brings us back, and no viewer can hold the thread.
    std::array<char, 16 * 1024> buffer;
    do {
        const ssize_t got = stream_ ? stream_->receive(buffer.data(), buffer.size())
                                    : ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (wouldBlock(got))
            return;
        if (got <= 0)
            return fail(Departure::Lost);
        if (owner_)
            lastHeard_ = owner_->now();
        if (!deaf_)
            parse({buffer.data(), static_cast<std::size_t>(got)});
    } while (state_ != State::Gone && stream_ && stream_->pending());
}

void Viewer::parse(std::string_view bytes) {
    const auto error = parser_.consume(bytes, *this);
    deaf_ = deaf_ || error || peerClosed_;
    if (error)
        closeNow({error->code, error->reason, Departure::ProtocolError});
    else if (state_ == State::Open && !queue_.empty() && !writable_)
        flush(); // a pong
}

/// Counts what the viewer sends; false, and closed, when it is too much.
bool Viewer::withinRate() {
    if (!owner_ || deaf_ || state_ != State::Open)
        return false;
    if (pass_->mayAsk(owner_->now()))
        return true;
    deaf_ = true;
    closeNow({closecode::kPolicy, "RESOURCE_EXHAUSTED: Too many messages", Departure::ProtocolError});
    return false;
}

void Viewer::onMessage(Opcode type, std::string_view payload) {
    if (!withinRate())
        return;
    if (type == Opcode::Binary) {
        deaf_ = true;
        closeNow({closecode::kPolicy, "Binary messages are not understood", Departure::ProtocolError});
    } else if (isV2(form_)) {
        owner_->onRequest(*this, payload);
    } else {
        owner_->onIgnoredMessage();
    }
}

void Viewer::onPing(std::string_view payload) {
    if (!withinRate())
        return;
    wait(makeControl(Opcode::Pong, payload));
    if (!writable_) // else of many pings only the newest is answered, which the RFC allows
        flush();
}

void Viewer::onPong(std::string_view payload) {
    if (owner_ && !deaf_)
        owner_->onPong(payload);
}

void Viewer::onClose(std::optional<std::uint16_t> code, std::string_view) {
    peerClosed_ = true;
    if (state_ == State::Lingering && queue_.empty())
        end();
    else // echoed, as the RFC asks
        closeNow({code.value_or(closecode::kNormal), "", Departure::Closed});
}

void Viewer::closeAfterQueue(const Farewell &farewell) {
    if (state_ != State::Open)
        return;
    const auto self = shared_from_this();
    queueClose(farewell);
    flush();
}

void Viewer::closeNow(const Farewell &farewell) {
    if (state_ != State::Open && state_ != State::Flushing)
        return;
    const auto self = shared_from_this();
    const std::size_t before = queue_.size();
    const QueueDrops unsent = queue_.clear();
    noteQueue(farewell.departure == Departure::Closed ? QueueDrops{} : unsent, before);
    queueClose(farewell);
    flush();
    if (state_ == State::Flushing) // the socket takes nothing; the owner need not wait for that
        linger();
}

void Viewer::queueClose(const Farewell &farewell) {
    state_ = State::Flushing;
    departure_ = farewell.departure;
    wait(makeClose(farewell.code, farewell.reason));
}

/// The owner lets go; until the peer has answered, or 2 s have passed, the timer keeps the viewer alive. To
/// close with bytes still unread would send a reset, which can destroy what the peer has not read yet.
void Viewer::linger() {
    state_ = State::Lingering;
    lingerTimer_ = loop_->startTimer(kLinger, [self = shared_from_this()] { self->end(); });
    tellOwner(departure_);
}

void Viewer::fail(Departure departure) {
    tellOwner(departure);
    end();
}

void Viewer::tellOwner(Departure departure) {
    ViewerOwner *owner = std::exchange(owner_, nullptr);
    if (!owner)
        return;
    if (queue_.size() > 0)
        owner->onQueueChanged(*this, {}, -static_cast<int>(queue_.size()));
    owner->onViewerGone(*this, departure);
}

void Viewer::end() {
    state_ = State::Gone;
    loop_->unwatch(std::exchange(watch_, 0));
    pass_->leave(); // first: who sees the end may come back at once
    stream_.reset();
    fd_.reset();
    loop_->cancelTimer(std::exchange(lingerTimer_, 0)); // may hold the last reference but the caller's
}

} // namespace lt::broadcast
