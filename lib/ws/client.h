// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/net/dial.h"
#include "lib/net/event_loop.h"
#include "lib/ws/client_handshake.h"
#include "lib/ws/frame_parser.h"
#include "lib/ws/gathered_reads.h"
#include "lib/ws/outlet.h"
#include "lib/ws/wire.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <gio/gio.h>

namespace lt::ws {

/// Why there is no WebSocket.
struct ConnectFailure {
    std::optional<net::DialFailure::Kind> dial; ///< no connection; else there was one
    unsigned status = 0;                        ///< of the HTTP answer that was no upgrade; 0: none came
    std::string text;
};

/// Whom a client reports to, on its loop. May call the client, but not destroy it.
class LT_EXPORT ClientListener {
public:
    virtual ~ClientListener() = default;
    virtual void onOpened() = 0;
    /// In the place of onOpened(). Last, and the socket is no more.
    virtual void onFailed(ConnectFailure failure) = 0;
    virtual void onMessage(Opcode type, std::string_view payload) = 0;
    virtual void onPong() = 0;
    /// The peer has closed, or the connection has broken (1006). Last, but for onGone().
    virtual void onClosed(std::uint16_t code, std::string_view reason) = 0;
    /// The socket is no more.
    virtual void onGone() = 0;
};

/// One WebSocket of a client, on an EventLoop's thread. What is sent waits for flush(), so that (small)
/// frames which belong together leave together, and then for the socket, in memory of the client's own; it is
/// for the caller not to send what nobody takes. Frames may also come from another thread, and leave from
/// there.
class LT_EXPORT Client final : private net::FdListener, private FrameHandler {
public:
    struct Settings {
        std::shared_ptr<net::EventLoop> loop;
        std::shared_ptr<net::ContextThread> dialler;
        GRef<GTlsDatabase> authorities{}; ///< null: the system's
        std::string userAgent = "gst-livetranscript";
        std::size_t maxMessage = FrameParser::kDefaultMaxMessage;
    };
    /// So long the peer may take for its part of the closing handshake.
    static constexpr std::chrono::seconds kGoodbye{2};

    Client(Settings settings, ClientListener &listener);
    /// Breaks what is still open.
    ~Client() override;
    Client(const Client &) = delete;
    Client &operator=(const Client &) = delete;

    /// `url` is ws:// or wss://. onOpened() or onFailed() follows, never from inside. There is no time limit.
    void connect(const std::string &url);
    /// The same from an open connection on. `host`: as in ClientHandshake.
    void start(net::Dialled connection, std::string_view host, std::string_view target);

    /// These do nothing unless open. Any thread, while nobody destroys it.
    void send(Opcode type, std::string_view payload);
    /// A binary message of `size` times the same byte.
    void sendFill(std::uint8_t byte, std::size_t size);
    /// As flush(), and never waits for the loop: false when there is something left for a flush() there.
    bool flushNow();

    // On the loop again.
    /// From onMessage(), each time: nobody waits for this message, and its like may be told up to
    /// GatheredReads::kRound later. What is longer is not.
    void mayWait(std::size_t payloadBytes);
    void ping();
    void flush();
    /// Nothing is reported any more but onGone(), which follows within kGoodbye unless it is gone already:
    /// then this answers true. An open one says goodbye first.
    bool close(std::uint16_t code, std::string_view reason);

private:
    enum class State { Idle, Dialling, Shaking, Open, Closing, Gone };

    void onDialled(net::Dial::Outcome outcome);
    void onReady(std::uint32_t events) override;
    bool readSome();
    bool consume(std::string_view bytes);
    bool shake(std::string_view &bytes);
    void onMessage(Opcode type, std::string_view payload) override;
    void onPing(std::string_view payload) override;
    void onPong(std::string_view payload) override;
    void onClose(std::optional<std::uint16_t> code, std::string_view reason) override;
    void fail(ConnectFailure failure);
    void reportClose(std::uint16_t code, std::string_view reason);
    void broken(const std::string &why);
    void sayGoodbye(std::string_view payload);
    void gone();
    void release();

    const Settings settings_;
    ClientListener &listener_;
    State state_ = State::Idle;
    std::shared_ptr<Client *> self_; // what is under way elsewhere holds it weakly
    std::unique_ptr<net::Dial> dial_;
    std::string host_, target_; // until the connection is there
    std::unique_ptr<ClientHandshake> handshake_;
    net::UniqueFd fd_;
    std::unique_ptr<net::ByteStream> stream_; // null: the socket itself
    net::EventLoop::WatchId watch_ = 0;
    net::EventLoop::TimerId goodbye_ = 0;
    FrameParser parser_;
    GatheredReads gathered_;
    Outlet outlet_;
    bool awaitsSpace_ = false; // EPOLLOUT is watched
    bool silent_ = false;      // nothing is reported any more
    bool peerClosed_ = false;  // its close frame has come
};

} // namespace lt::ws
