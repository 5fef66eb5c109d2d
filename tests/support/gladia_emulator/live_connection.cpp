// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/live_connection.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace lt::emulator {

namespace {

constexpr std::size_t kMaxMessage = 1 << 20;
/// libsoup breaks the connection without a word at its own limit; so ours is answered well before that.
constexpr guint64 kHardLimit = 64 << 20;
/// So long a client may take to notice that the connection has been dropped.
constexpr unsigned kDropMs = 2000;

std::span<const std::uint8_t> bytesOf(GBytes *bytes) {
    gsize size = 0;
    const auto *data = static_cast<const std::uint8_t *>(g_bytes_get_data(bytes, &size));
    return {data, size};
}

} // namespace

LiveConnection::LiveConnection(support::ObjectRef<GIOStream> stream, support::ObjectRef<GSocket> socket,
                               GUri *uri, std::shared_ptr<Session> session, support::LoopThread &thread,
                               Callbacks callbacks)
    : thread_(thread),
      session_(std::move(session)),
      callbacks_(std::move(callbacks)),
      socket_(std::move(socket)),
      websocket_(soup_websocket_connection_new(stream.get(), uri, SOUP_WEBSOCKET_CONNECTION_SERVER, nullptr,
                                               nullptr, nullptr)) {
    soup_websocket_connection_set_max_incoming_payload_size(websocket_.get(), kHardLimit);
    // Small answers in quick succession must not wait for each other; tests measure latency against them.
    g_socket_set_option(socket_.get(), IPPROTO_TCP, TCP_NODELAY, TRUE, nullptr);
    g_signal_connect(websocket_.get(), "message",
                     G_CALLBACK(+[](SoupWebsocketConnection *, int type, GBytes *bytes, gpointer self) {
                         static_cast<LiveConnection *>(self)->receive(type, bytes);
                     }),
                     this);
    g_signal_connect(websocket_.get(), "closed", G_CALLBACK(+[](SoupWebsocketConnection *, gpointer self) {
                         static_cast<LiveConnection *>(self)->onClosed();
                     }),
                     this);
}

LiveConnection::~LiveConnection() {
    g_signal_handlers_disconnect_by_data(websocket_.get(), this);
    g_socket_shutdown(socket_.get(), TRUE, TRUE, nullptr);
}

void LiveConnection::receive(int type, GBytes *bytes) {
    if (over_)
        return;
    const auto data = bytesOf(bytes);
    if (data.size() > kMaxMessage) {
        close(SOUP_WEBSOCKET_CLOSE_TOO_BIG, "message too big");
    } else if (type == SOUP_WEBSOCKET_DATA_BINARY) {
        session_->receiveBinary(data);
    } else {
        callbacks_.print("<- " + std::string(reinterpret_cast<const char *>(data.data()),
                                             std::min<std::size_t>(data.size(), 200)));
        session_->receiveText({reinterpret_cast<const char *>(data.data()), data.size()});
    }
    callbacks_.changed();
}

void LiveConnection::send(const Message &message) {
    sendRaw(message.text);
}

void LiveConnection::sendRaw(const std::string &text) {
    if (over_ || soup_websocket_connection_get_state(websocket_.get()) != SOUP_WEBSOCKET_STATE_OPEN)
        return;
    soup_websocket_connection_send_text(websocket_.get(), text.c_str());
}

void LiveConnection::close(int code, const std::string &reason) {
    if (over_ || soup_websocket_connection_get_state(websocket_.get()) != SOUP_WEBSOCKET_STATE_OPEN)
        return;
    over_ = true;
    callbacks_.print("-> close " + std::to_string(code) + " " + reason);
    soup_websocket_connection_close(websocket_.get(), static_cast<gushort>(code), reason.c_str());
}

void LiveConnection::drop() {
    if (dropTask_)
        return;
    over_ = true;
    callbacks_.print("-> connection dropped");
    // A FIN behind what is still queued, and what the client goes on sending is read and thrown away. Closing
    // at once would make the kernel answer that with a reset, on which clients give up without reading the
    // acknowledgements they already have.
    dropTask_ = thread_.whenIdle([this] {
        g_socket_shutdown(socket_.get(), FALSE, TRUE, nullptr);
        giveUpTimer_ = thread_.startTimer(kDropMs, [this] {
            g_socket_shutdown(socket_.get(), TRUE, TRUE, nullptr);
            return false;
        });
    });
}

void LiveConnection::reset() {
    over_ = true;
    callbacks_.print("-> connection reset");
    const linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(g_socket_get_fd(socket_.get()), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    g_socket_shutdown(socket_.get(), TRUE, TRUE, nullptr);
}

void LiveConnection::onClosed() {
    const int code = soup_websocket_connection_get_close_code(websocket_.get());
    over_ = true;
    callbacks_.print("<- closed " + std::to_string(code));
    session_->detach(this, code == SOUP_WEBSOCKET_CLOSE_ABNORMAL ? 0 : code);
    callbacks_.closed(this); // destroys this
}

} // namespace lt::emulator
