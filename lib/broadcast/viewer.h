// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/admission/stream_guard.h"
#include "lib/broadcast/frame.h"
#include "lib/broadcast/viewer_profile.h"
#include "lib/broadcast/viewer_queue.h"
#include "lib/export.h"
#include "lib/net/byte_stream.h"
#include "lib/net/event_loop.h"
#include "lib/net/http_request.h"
#include "lib/net/unique_fd.h"
#include "lib/ws/frame_parser.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace lt::broadcast {

class Viewer;

/// Why a viewer is no longer there.
enum class Departure : std::uint8_t {
    Closed,           ///< it closed, or answered our close
    Lost,             ///< the connection ended without a close frame
    SendFailed,       ///< writing to it failed
    ProtocolError,    ///< it broke RFC 6455 or a limit
    HeartbeatTimeout, ///< it was silent for too long
    SessionEnded,     ///< the session is over and it has been told so
    Shutdown,         ///< the server stops and it has been told so
    TooSlow,          ///< it took nothing for too long
    TokenExpired,     ///< its permission has ended
    StaleLease,       ///< it published without holding the lease
};
/// The word for messages and logs, e.g. "heartbeat-timeout".
LT_EXPORT const char *departureWord(Departure departure);

/// A close as the peer reads it, and as the owner is told.
struct Farewell {
    std::uint16_t code;
    std::string_view reason;
    Departure departure;
};

/// Who a viewer is. Immutable, so that every thread may read it.
struct ViewerInfo {
    std::uint64_t id = 0;
    std::string peer;   ///< address and port
    std::string userId; ///< "" when unknown
    ViewerForm form = ViewerForm::V1;
    ViewerFilter filter = {};
    bool mayCoordinate = false;
};
using ViewerInfoRef = std::shared_ptr<const ViewerInfo>;

/// What holds for all viewers of a room; must outlive them.
struct ViewerLimits {
    QueueLimits queue;
    /// Messages and pings a viewer may send in a second; 0: any number.
    unsigned messagesPerSecond = 20;
};

/// Told by a viewer, on the loop's thread. None of these calls back into the viewer's send().
class ViewerOwner {
public:
    virtual ~ViewerOwner() = default;
    virtual void onViewerGone(Viewer &viewer, Departure departure) = 0;
    /// A numbered message has been accepted by the socket.
    virtual void onDelivered(const Frame &frame, net::TimePoint now) = 0;
    /// The queue dropped messages, or changed its size by `sizeDelta`.
    virtual void onQueueChanged(Viewer &viewer, const QueueDrops &drops, int sizeDelta) = 0;
    /// A text message of a viewer of version 2; it may close the viewer. Those of version 1 have nothing to
    /// say.
    virtual void onRequest(Viewer &viewer, std::string_view text) = 0;
    virtual void onIgnoredMessage() = 0;
    /// Payload of a pong: what some ping carried, if the peer is honest.
    virtual void onPong(std::string_view payload) = 0;
    virtual net::TimePoint now() const = 0;
    /// ms since 1970
    virtual std::int64_t unixMs() const = 0;
    /// From now on the owner may write whole turns to the viewer's socket `fd` by itself, and need only come
    /// back with what was not taken (sentByOwner()). -1: no more.
    virtual void onDirect(Viewer &viewer, int fd) = 0;
};

/// Several frames of one turn, and the same bytes in one piece: built once per form, sent to many.
struct FrameBatch {
    std::span<const FrameRef> frames;
    std::string_view bytes;
};

/// One connected client: its socket, its queue, its parser. Lives on the loop's thread alone; keep it in a
/// shared_ptr.
///
/// What is sent leaves at once when the socket takes it, else it waits in the queue for EPOLLOUT. The owner
/// hears of its end exactly once; after that the viewer may live on by itself for at most 2 s to finish the
/// closing handshake.
class Viewer : public net::FdListener, public std::enable_shared_from_this<Viewer>, private ws::FrameHandler {
public:
    struct Setup {
        net::UpgradedSocket socket;
        std::optional<net::TimePoint> expiry;
        StreamPassRef pass; ///< null: it is not counted
        ViewerInfoRef info;
        const ViewerLimits *limits;
    };

    Viewer(std::shared_ptr<net::EventLoop> loop, ViewerOwner &owner, Setup setup);
    ~Viewer() override;
    Viewer(const Viewer &) = delete;
    Viewer &operator=(const Viewer &) = delete;

    /// Starts listening, sends the greeting, then reads what the client has sent already. May end in
    /// onViewerGone().
    void start(std::span<const FrameRef> greeting);

    /// What stands in Setup::limits is different from now on.
    void onNewLimits() { pass_->setRate(limits_->messagesPerSecond); }
    /// What the filter leaves of the batch.
    void send(const FrameBatch &batch);
    /// The owner has written the batch to the socket (see onDirect()), which did not take all of it: `sent`
    /// is what send() returned, and errno as it left it.
    void sentByOwner(const FrameBatch &batch, ssize_t sent);
    /// A control frame or a notice.
    void sendAside(const FrameRef &frame);
    /// Sends what waits, then a close frame; then onViewerGone().
    void closeAfterQueue(const Farewell &farewell);
    /// Drops what waits and closes; onViewerGone() at once.
    void closeNow(const Farewell &farewell);

    const ViewerInfo &info() const { return *info_; }
    const ViewerInfoRef &infoRef() const { return info_; }
    std::uint64_t id() const { return info_->id; }
    ViewerForm form() const { return form_; }
    net::TimePoint lastHeard() const { return lastHeard_; }
    void setLastHeard(net::TimePoint now) { lastHeard_ = now; }
    /// How long the socket has taken nothing of what waits; zero when nothing waits.
    net::Duration stalledFor(net::TimePoint now) const;
    /// It has been told to go, or has gone.
    bool closing() const { return state_ != State::Open; }
    bool expired(net::TimePoint now) const { return expiry_ && now >= *expiry_; }
    const ViewerQueue &queue() const { return queue_; }
    /// For the owner's own use: where it keeps this viewer.
    std::size_t ownerSlot() const { return ownerSlot_; }
    void setOwnerSlot(std::size_t slot) { ownerSlot_ = slot; }

private:
    enum class State : std::uint8_t {
        Open,
        Flushing,  ///< a close frame waits behind the queue
        Lingering, ///< the owner has been told; the peer's close frame is awaited
        Gone,
    };

    void onReady(std::uint32_t events) override;
    void onMessage(Opcode type, std::string_view payload) override;
    void onPing(std::string_view payload) override;
    void onPong(std::string_view payload) override;
    void onClose(std::optional<std::uint16_t> code, std::string_view reason) override;

    void read();
    void parse(std::string_view bytes);
    bool withinRate();
    ssize_t write(const iovec *pieces, std::size_t count);
    void sendFiltered(const FrameBatch &batch);
    bool sendAtOnce(const FrameBatch &batch);
    bool afterWrite(const FrameBatch &batch, ssize_t sent);
    void queueRest(const FrameBatch &batch, std::size_t written);
    void enqueue(const FrameRef &frame);
    QueueDrops wait(FrameRef frame);
    void noteQueue(const QueueDrops &drops, std::size_t before);
    void announceGap();
    void flush();
    bool writeQueue();
    void settle();
    void setDirect(bool direct);
    void queueClose(const Farewell &farewell);
    void linger();
    void fail(Departure departure);
    void tellOwner(Departure departure);
    void end();

    std::shared_ptr<net::EventLoop> loop_;
    ViewerOwner *owner_; // null once it has been told
    std::size_t ownerSlot_ = 0;
    net::UniqueFd fd_;
    std::unique_ptr<net::ByteStream> stream_; // null: the plain socket
    net::EventLoop::WatchId watch_ = 0;
    net::EventLoop::TimerId lingerTimer_ = 0;
    net::TimePoint lastHeard_;
    net::TimePoint lastTaken_; // of a queue that is not empty: when the socket last took something
    ViewerQueue queue_;
    std::unique_ptr<QueueDrops> gap_;  // dropped, and not yet announced
    std::unique_ptr<QueueDrops> told_; // what the gap notice in the queue says
    ws::FrameParser parser_{ws::Sender::Client};
    std::string early_; // until start()
    std::optional<net::TimePoint> expiry_;
    StreamPassRef pass_; // counts its messages and pings too
    ViewerInfoRef info_;
    const ViewerFilter *filter_; // null: everything
    const ViewerLimits *limits_;
    ViewerForm form_;
    State state_ = State::Open;
    Departure departure_ = Departure::Closed; // in state Flushing: what the owner will be told
    bool writable_ = false;                   // EPOLLOUT is watched
    bool direct_ = false;                     // the owner writes to the socket
    bool peerClosed_ = false;                 // its close frame has come
    bool deaf_ = false;                       // what comes is read and thrown away
};

} // namespace lt::broadcast
