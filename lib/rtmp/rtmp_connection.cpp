// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/rtmp_connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace lt::rtmp {

namespace {

constexpr std::size_t kQueueMax = 64 * 1024;
/// Acknowledgements and ping answers are dropped when more than this waits: some publishers never read.
constexpr std::size_t kDroppableMax = 4096;
constexpr int kReadsPerTurn = 4;
/// Each arrival is told once: told again and again until it is read, the kernel would look at each socket of
/// a turn twice. So whoever stops reading in the middle has to come back by itself.
constexpr std::uint32_t kArrivals = EPOLLIN | EPOLLRDHUP | EPOLLET;
/// The peer has closed, which is read after all it has sent.
constexpr std::uint32_t kEndings = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
/// Below this, throwing bytes away unread saves less than the system call costs.
constexpr std::size_t kDiscardMin = 16384;
constexpr auto kDrainTime = std::chrono::seconds(1);
/// For who has said good-bye: a pipeline closes its sink only when all its other sinks are done too.
constexpr auto kFarewellTime = std::chrono::seconds(10);

void setOption(int fd, int level, int name, int value) {
    setsockopt(fd, level, name, &value, sizeof value);
}

/// No TCP_USER_TIMEOUT: it would end a publisher that never reads once its receive buffer is full. That a
/// peer is dead shows in what does not come from it.
void configureSocket(int fd) {
    setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    setOption(fd, IPPROTO_TCP, TCP_QUICKACK, 1);
    setOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    setOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, 10);
    setOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, 5);
    setOption(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

} // namespace

RtmpConnection::RtmpConnection(net::EventLoop &loop, net::UniqueFd fd,
                               std::unique_ptr<net::ByteStream> stream, std::string peer, Owner &owner,
                               const Limits &limits, Scratch &scratch, const TimeSource &now,
                               std::uint64_t id)
    : loop_(loop),
      fd_(std::move(fd)),
      stream_(std::move(stream)),
      peer_(std::move(peer)),
      owner_(owner),
      scratch_(scratch),
      now_(now),
      id_(id),
      session_(*this, limits, now(), id) {
    configureSocket(fd_.get());
}

RtmpConnection::~RtmpConnection() {
    *alive_ = false;
    loop_.cancelTimer(holdTimer_);
    loop_.unwatch(watch_);
}

bool RtmpConnection::start() {
    haste_.emplace(loop_);
    watched_ = kArrivals;
    watch_ = loop_.watch(fd_.get(), watched_, this);
    return watch_ != 0;
}

void RtmpConnection::watchFor(std::uint32_t events) {
    if (events == watched_ || !fd_)
        return;
    watched_ = events;
    loop_.modify(watch_, events);
}

void RtmpConnection::onReady(std::uint32_t events) {
    if (events & EPOLLOUT)
        flush();
    if (events & (EPOLLIN | kEndings) && fd_) {
        inRead_ = true;
        readSome((events & kEndings) != 0);
        inRead_ = false;
    }
    settle();
}

ssize_t RtmpConnection::receive(std::size_t size, bool discard) {
    return stream_ ? stream_->receive(scratch_.data(), size)
                   : recv(fd_.get(), scratch_.data(), size, discard ? MSG_TRUNC : 0);
}

ssize_t RtmpConnection::write(const std::uint8_t *bytes, std::size_t size) {
    if (!stream_)
        return ::send(fd_.get(), bytes, size, MSG_NOSIGNAL);
    const iovec piece{const_cast<std::uint8_t *>(bytes), size};
    return stream_->send(&piece, 1);
}

void RtmpConnection::readOnLater(bool toTheEnd) {
    loop_.post([this, alive = alive_, events = toTheEnd ? EPOLLRDHUP : EPOLLIN] {
        if (*alive && fd_)
            onReady(events);
    });
}

std::size_t RtmpConnection::mayRead(bool toTheEnd) {
    // What a peer left that has gone is read at once: it may be back already, and wait for its place.
    if (toTheEnd || session_.over() || rate_.covers(scratch_.size()))
        return scratch_.size();
    return rate_.allowance(scratch_.size(), now_());
}

/// The kernel takes what it has room for, then TCP stops the peer.
void RtmpConnection::holdBack() {
    if (holdTimer_ != 0)
        return;
    holdTimer_ = loop_.startTimer(rate_.pause(), [this, since = now_()] {
        holdTimer_ = 0;
        heldBack_ += now_() - since;
        onReady(EPOLLIN);
    });
}

void RtmpConnection::readSome(bool toTheEnd) {
    const auto &counters = session_.counters();
    const std::uint64_t audioBefore = counters.audioFrames, videoBefore = counters.videoFrames;
    bool empty = false, held = false;
    for (int i = 0; i < kReadsPerTurn && !empty && fd_ && lostReason_.empty(); i++) {
        const std::size_t most = mayRead(toTheEnd);
        if ((held = most == 0))
            break;
        const std::size_t discardable = std::min(session_.discardable(), most);
        const bool discard = !stream_ && discardable >= kDiscardMin;
        const ssize_t got = receive(discard ? discardable : most, discard);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN) {
            empty = true;
            break;
        }
        if (got <= 0) {
            lose(got == 0 ? "the publisher closed the connection" : std::strerror(errno));
            return;
        }
        const auto count = static_cast<std::size_t>(got);
        const auto now = now_();
        rate_.took(count, now);
        if (discard)
            session_.discarded(count, now);
        else
            session_.receive(Bytes(scratch_.data(), count), now);
        empty = !stream_ && !discard && count < most && !toTheEnd;
    }
    if (held)
        holdBack();
    else if (!empty || (stream_ && stream_->pending()))
        readOnLater(toTheEnd);
    if (fd_)
        timeAcknowledgement(counters.audioFrames - audioBefore, counters.videoFrames - videoBefore);
}

void RtmpConnection::timeAcknowledgement(std::uint64_t audioFrames, std::uint64_t videoFrames) {
    switch (acks_.afterRead(session_.publishing(), std::max(audioFrames, videoFrames))) {
    case AckTiming::Tell::Hurry: // not sticky
        setOption(fd_.get(), IPPROTO_TCP, TCP_QUICKACK, 1);
        break;
    case AckTiming::Tell::Leisure:
        setOption(fd_.get(), IPPROTO_TCP, TCP_QUICKACK, 0);
        break;
    case AckTiming::Tell::Nothing:
        break;
    }
}

void RtmpConnection::tick(net::TimePoint now) {
    if (!fd_)
        return;
    session_.tick(now);
    settle();
    if (fd_ && endTold_ && now >= drainUntil_)
        shut();
}

void RtmpConnection::accept(const PublishTerms &terms) {
    rate_ = ByteRate(terms.maxBitrate);
    session_.accept(terms, now_());
    settle();
}

void RtmpConnection::refuse(const std::string &description, bool nameTaken) {
    session_.refuse(description, nameTaken);
    settle();
}

void RtmpConnection::close(const std::string &description) {
    if (endTold_)
        drainUntil_ = std::min(drainUntil_, now_() + kDrainTime);
    session_.close(description);
    settle();
}

void RtmpConnection::publishRequested(const PublishRequest &request) {
    owner_.publishRequested(*this, request);
}

void RtmpConnection::media(MediaTag tag) {
    owner_.media(*this, std::move(tag));
}

void RtmpConnection::send(std::vector<std::uint8_t> bytes, bool droppable) {
    if (droppable && out_.size() > kDroppableMax)
        return;
    if (out_.size() + bytes.size() > kQueueMax) {
        overflow_ = true;
        return;
    }
    if (out_.empty())
        out_ = std::move(bytes);
    else
        out_.insert(out_.end(), bytes.begin(), bytes.end());
}

void RtmpConnection::flush() {
    std::size_t sent = 0;
    while (fd_ && sent < out_.size()) {
        const ssize_t count = write(out_.data() + sent, out_.size() - sent);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && errno == EAGAIN)
            break;
        if (count < 0) {
            // The peer is gone; reading tells how.
            out_.clear();
            return;
        }
        sent += static_cast<std::size_t>(count);
    }
    out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(sent));
}

void RtmpConnection::settle() {
    if (inRead_ || !fd_)
        return;
    if (session_.publishing() || session_.over())
        haste_.reset();
    if (overflow_ && lostReason_.empty() && !session_.over())
        lose("the publisher does not read its replies");
    flush();
    const bool gone = !lostReason_.empty();
    // Who has said good-bye closes first: rtmp2sink takes our close, when it is the first, for a broken
    // connection.
    const bool peerCloses = session_.end() == SessionEnd::Unpublished;
    if ((gone || session_.over()) && !endTold_) {
        endTold_ = true;
        drainUntil_ = now_() + (peerCloses ? kFarewellTime : kDrainTime);
        owner_.ended(*this);
    }
    if (gone) {
        shut();
        return;
    }
    if (endTold_ && out_.empty() && !halfClosed_ && !peerCloses) {
        halfClosed_ = true;
        shutdown(fd_.get(), SHUT_WR);
    }
    watchFor(out_.empty() ? kArrivals : kArrivals | EPOLLOUT);
}

void RtmpConnection::lose(const std::string &reason) {
    lostReason_ = reason;
}

void RtmpConnection::shut() {
    haste_.reset();
    loop_.cancelTimer(std::exchange(holdTimer_, 0));
    loop_.unwatch(std::exchange(watch_, 0));
    stream_.reset();
    fd_.reset();
    owner_.closed(*this);
}

} // namespace lt::rtmp
