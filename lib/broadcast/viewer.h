// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/frame.h"
#include "lib/broadcast/viewer_profile.h"
#include "lib/broadcast/viewer_queue.h"
#include "lib/broadcast/ws_frame_parser.h"
#include "lib/export.h"
#include "lib/net/event_loop.h"
#include "lib/net/http_request.h"
#include "lib/net/unique_fd.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>

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
};
/// The word for messages and logs, e.g. "heartbeat-timeout".
LT_EXPORT const char *departureWord(Departure departure);

/// Told by a viewer, on the loop's thread. None of these calls back into the viewer's send().
class ViewerOwner {
public:
    virtual ~ViewerOwner() = default;
    virtual void onViewerGone(Viewer &viewer, Departure departure) = 0;
    virtual void onDelivered(const Frame &frame) = 0;
    virtual void onQueueChanged(const QueueDrops &drops, int sizeDelta) = 0;
    /// A text or binary message; v1 viewers have nothing to say.
    virtual void onIgnoredMessage() = 0;
    virtual net::TimePoint now() const = 0;
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
class Viewer : public net::FdListener, public std::enable_shared_from_this<Viewer>, private WsFrameHandler {
public:
    struct Setup {
        net::UpgradedSocket socket;
        ViewerProfile profile;
        std::size_t maxQueue = 500;
    };

    Viewer(std::shared_ptr<net::EventLoop> loop, ViewerOwner &owner, std::uint64_t id, Setup setup);
    ~Viewer() override;
    Viewer(const Viewer &) = delete;
    Viewer &operator=(const Viewer &) = delete;

    /// Starts listening; `early` is what the client has sent already. May end in onViewerGone().
    void start(std::string_view early);

    void send(const FrameBatch &batch);
    /// A control frame; a ping that finds another one waiting replaces it.
    void sendControl(const FrameRef &frame);
    /// Sends what waits, then a close frame; then onViewerGone(departure).
    void closeAfterQueue(std::uint16_t code, std::string_view reason, Departure departure);
    /// Drops what waits and closes; onViewerGone(departure) at once.
    void closeNow(std::uint16_t code, std::string_view reason, Departure departure);

    std::uint64_t id() const { return id_; }
    ViewerForm form() const { return form_; }
    const std::string &peer() const { return peer_; }
    net::TimePoint lastHeard() const { return lastHeard_; }
    void setLastHeard(net::TimePoint now) { lastHeard_ = now; }
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
    bool sendAtOnce(const FrameBatch &batch);
    void queueRest(const FrameBatch &batch, std::size_t written);
    void enqueue(const FrameRef &frame);
    void flush();
    void wantWritable(bool wanted);
    void queueClose(std::uint16_t code, std::string_view reason, Departure departure);
    void linger();
    void fail(Departure departure);
    void tellOwner(Departure departure);
    void end();

    std::shared_ptr<net::EventLoop> loop_;
    ViewerOwner *owner_; // null once it has been told
    std::uint64_t id_;
    std::size_t ownerSlot_ = 0;
    net::UniqueFd fd_;
    net::EventLoop::WatchId watch_ = 0;
    net::EventLoop::TimerId lingerTimer_ = 0;
    net::TimePoint lastHeard_;
    ViewerQueue queue_;
    WsFrameParser parser_;
    std::string peer_;
    ViewerForm form_;
    std::shared_ptr<void> admission_;
    State state_ = State::Open;
    Departure departure_ = Departure::Closed; // in state Flushing: what the owner will be told
    bool writable_ = false;                   // EPOLLOUT is watched
    bool peerClosed_ = false;                 // its close frame has come
    bool deaf_ = false;                       // what comes is read and thrown away
};

} // namespace lt::broadcast
