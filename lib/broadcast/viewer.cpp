// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/viewer.h"

#include <array>
#include <cerrno>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace lt::broadcast {

namespace {

constexpr std::size_t kMaxVector = 64;
constexpr int kSendBuffer = 64 * 1024;
/// Without it the kernel swallows megabytes for a stalled viewer before our queue notices anything.
constexpr int kNotSentLowWater = 16 * 1024;
constexpr auto kLinger = std::chrono::seconds(2);

void configure(int fd) {
    const int on = 1;
    // Not a TCP socket (a test's): these fail, and do no harm.
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kNotSentLowWater, sizeof kNotSentLowWater);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof kSendBuffer);
    // What remains when no heartbeat is wanted: a vanished peer is noticed within two minutes.
    const int idle = 60, interval = 15, count = 4;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

bool wouldBlock(ssize_t result) {
    return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

} // namespace

const char *departureWord(Departure departure) {
    static constexpr std::array kWords = {
        "closed", "lost", "send-failed", "protocol-error", "heartbeat-timeout", "session-ended", "shutdown"};
    return kWords.at(static_cast<std::size_t>(departure));
}

Viewer::Viewer(std::shared_ptr<net::EventLoop> loop, ViewerOwner &owner, std::uint64_t id, Setup setup)
    : loop_(std::move(loop)),
      owner_(&owner),
      id_(id),
      fd_(std::move(setup.socket.fd)),
      lastHeard_(owner.now()),
      queue_(setup.maxQueue),
      peer_(std::move(setup.socket.peer)),
      form_(setup.profile.form),
      admission_(std::move(setup.profile.admission)) {}

Viewer::~Viewer() {
    loop_->unwatch(watch_);
}

void Viewer::start(std::string_view early) {
    const auto self = shared_from_this();
    configure(fd_.get());
    watch_ = loop_->watch(fd_.get(), EPOLLIN, this);
    if (watch_ == 0)
        fail(Departure::Lost);
    else if (!early.empty())
        parse(early);
}

void Viewer::send(const FrameBatch &batch) {
    if (state_ != State::Open || batch.frames.empty())
        return;
    const auto self = shared_from_this();
    if (!queue_.empty())
        queueRest(batch, 0);
    else if (!sendAtOnce(batch))
        return;
    wantWritable(!queue_.empty());
}

void Viewer::sendControl(const FrameRef &frame) {
    if (state_ != State::Open)
        return;
    const auto self = shared_from_this();
    const bool idle = queue_.empty();
    queue_.push(frame);
    if (idle)
        flush();
}

/// Writes as much as the socket takes and queues the rest. False when the viewer is gone.
bool Viewer::sendAtOnce(const FrameBatch &batch) {
    const ssize_t sent =
        ::send(fd_.get(), batch.bytes.data(), batch.bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && !wouldBlock(sent)) {
        fail(Departure::SendFailed);
        return false;
    }
    queueRest(batch, sent < 0 ? 0 : static_cast<std::size_t>(sent));
    return true;
}

void Viewer::queueRest(const FrameBatch &batch, std::size_t written) {
    for (const FrameRef &frame : batch.frames) {
        const std::size_t size = frame->bytes().size();
        if (written >= size) {
            owner_->onDelivered(*frame);
            written -= size;
        } else if (written > 0) {
            queue_.pushStarted(frame, std::exchange(written, 0));
            owner_->onQueueChanged({}, 1);
        } else {
            enqueue(frame);
        }
    }
}

void Viewer::enqueue(const FrameRef &frame) {
    const auto before = static_cast<int>(queue_.size());
    const QueueDrops drops = queue_.push(frame);
    owner_->onQueueChanged(drops, static_cast<int>(queue_.size()) - before);
}

void Viewer::flush() {
    while (!queue_.empty()) {
        std::array<iovec, kMaxVector> entries;
        msghdr message{};
        message.msg_iov = entries.data();
        message.msg_iovlen = queue_.gather(entries.data(), entries.size());
        const ssize_t sent = ::sendmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (wouldBlock(sent))
            break;
        if (sent < 0)
            return fail(Departure::SendFailed);
        const auto before = static_cast<int>(queue_.size());
        queue_.consume(static_cast<std::size_t>(sent), [this](const Frame &frame) {
            if (owner_ && frame.frameClass() != FrameClass::Control)
                owner_->onDelivered(frame);
        });
        if (owner_)
            owner_->onQueueChanged({}, static_cast<int>(queue_.size()) - before);
    }
    wantWritable(!queue_.empty());
    if (queue_.empty() && state_ == State::Flushing)
        linger();
    if (queue_.empty() && state_ == State::Lingering && peerClosed_)
        end();
}

void Viewer::wantWritable(bool wanted) {
    if (writable_ == wanted)
        return;
    writable_ = wanted;
    loop_->modify(watch_, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
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
    const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (wouldBlock(got))
        return;
    if (got <= 0)
        return fail(Departure::Lost);
    if (owner_)
        lastHeard_ = owner_->now();
    if (!deaf_)
        parse({buffer.data(), static_cast<std::size_t>(got)});
}

void Viewer::parse(std::string_view bytes) {
    const auto error = parser_.consume(bytes, *this);
    deaf_ = error || peerClosed_;
    if (error)
        closeNow(error->code, error->reason, Departure::ProtocolError);
    else if (state_ == State::Open && !queue_.empty() && !writable_)
        flush(); // a pong
}

void Viewer::onMessage(Opcode, std::string_view) {
    if (owner_)
        owner_->onIgnoredMessage();
}

void Viewer::onPing(std::string_view payload) {
    // Sent when all that came is read: of many pings in a row only the newest must be answered.
    if (state_ == State::Open)
        queue_.push(makeControl(Opcode::Pong, payload));
}

void Viewer::onPong(std::string_view) {}

void Viewer::onClose(std::optional<std::uint16_t> code, std::string_view) {
    peerClosed_ = true;
    if (state_ == State::Lingering && queue_.empty())
        end();
    else // echoed, as the RFC asks
        closeNow(code.value_or(closecode::kNormal), "", Departure::Closed);
}

void Viewer::closeAfterQueue(std::uint16_t code, std::string_view reason, Departure departure) {
    if (state_ != State::Open)
        return;
    const auto self = shared_from_this();
    queueClose(code, reason, departure);
    flush();
}

void Viewer::closeNow(std::uint16_t code, std::string_view reason, Departure departure) {
    if (state_ != State::Open && state_ != State::Flushing)
        return;
    const auto self = shared_from_this();
    const auto before = static_cast<int>(queue_.size());
    const QueueDrops unsent = queue_.clear();
    owner_->onQueueChanged(departure == Departure::Closed ? QueueDrops{} : unsent,
                           static_cast<int>(queue_.size()) - before);
    queueClose(code, reason, departure);
    flush();
    if (state_ == State::Flushing) // the socket takes nothing; the owner need not wait for that
        linger();
}

void Viewer::queueClose(std::uint16_t code, std::string_view reason, Departure departure) {
    state_ = State::Flushing;
    departure_ = departure;
    queue_.push(makeClose(code, reason));
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
        owner->onQueueChanged({}, -static_cast<int>(queue_.size()));
    owner->onViewerGone(*this, departure);
}

void Viewer::end() {
    state_ = State::Gone;
    loop_->unwatch(std::exchange(watch_, 0));
    fd_.reset();
    admission_.reset();
    loop_->cancelTimer(std::exchange(lingerTimer_, 0)); // may hold the last reference but the caller's
}

} // namespace lt::broadcast
