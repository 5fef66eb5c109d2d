// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/gladia_connection.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace lt::gladia {

namespace {

constexpr gsize kReadBytes = 16 * 1024;
constexpr std::size_t kMaxBody = 256 * 1024; // of an HTTP answer
constexpr guint64 kMaxMessage = 16 * 1024 * 1024;
constexpr guint kMaxPingSeconds = 3600;

std::uint8_t silenceOf(Encoding encoding) {
    switch (encoding) {
    case Encoding::Alaw:
        return 0xd5;
    case Encoding::Ulaw:
        return 0xff;
    case Encoding::Pcm:
        break;
    }
    return 0;
}

std::uint64_t retryAfterOf(SoupMessage *message) {
    const char *value =
        soup_message_headers_get_one(soup_message_get_response_headers(message), "Retry-After");
    guint64 seconds = 0;
    // The date form is not worth a parser: the own back-off does then.
    if (!value || !g_ascii_string_to_unsigned(value, 10, 0, 3600, &seconds, nullptr))
        return 0;
    return seconds * 1'000'000'000;
}

} // namespace

/// One asynchronous operation of libsoup; owned by its callback.
struct GladiaConnection::Call {
    std::weak_ptr<GladiaConnection *> owner;
    GRef<SoupMessage> message;
    GRef<GCancellable> cancellable;
    GRef<GInputStream> stream;
    std::string body;
};

GladiaConnection::GladiaConnection(const Context &context, ConnectionId id)
    : context_(context),
      id_(id),
      cancellable_(g_cancellable_new()),
      self_(std::make_shared<GladiaConnection *>(this)) {}

GladiaConnection::~GladiaConnection() {
    self_.reset();
    g_cancellable_cancel(cancellable_.get());
    if (socket_)
        g_signal_handlers_disconnect_by_data(socket_.get(), this);
}

GladiaConnection::CallPtr GladiaConnection::newCall(SoupMessage *message) {
    auto call = std::make_unique<Call>();
    call->owner = self_;
    call->message.reset(message);
    call->cancellable = retain(cancellable_.get());
    return call;
}

GladiaConnection *GladiaConnection::ownerOf(const Call &call) {
    const auto owner = call.owner.lock();
    return owner && !(*owner)->closed_ ? *owner : nullptr;
}

// ---- the request that makes a session

void GladiaConnection::request(const std::string &url, const std::string &body) {
    CallPtr call = newCall(soup_message_new("POST", url.c_str()));
    SoupMessage *message = call->message.get();
    // A redirection would carry the key to another server.
    soup_message_add_flags(message, SOUP_MESSAGE_NO_REDIRECT);
    SoupMessageHeaders *headers = soup_message_get_request_headers(message);
    soup_message_headers_replace(headers, "x-gladia-key", context_.apiKey.c_str());
    // It would idle for a minute: the WebSocket needs a connection of its own.
    soup_message_headers_replace(headers, "Connection", "close");
    const BytesRef bytes(g_bytes_new(body.data(), body.size()));
    soup_message_set_request_body_from_bytes(message, "application/json", bytes.get());
    GCancellable *cancellable = call->cancellable.get();
    soup_session_send_async(context_.soup, message, G_PRIORITY_DEFAULT, cancellable, onSent, call.release());
}

void GladiaConnection::onSent(GObject *source, GAsyncResult *result, gpointer data) {
    CallPtr call(static_cast<Call *>(data));
    ErrorOut error;
    call->stream.reset(soup_session_send_finish(SOUP_SESSION(source), result, error.out()));
    GladiaConnection *self = ownerOf(*call);
    if (!self)
        return;
    if (call->stream)
        readOn(std::move(call));
    else
        self->context_.listener.onAttemptFailed(self->id_, self->failureOf(error.get()));
}

void GladiaConnection::readOn(CallPtr call) {
    GInputStream *stream = call->stream.get();
    GCancellable *cancellable = call->cancellable.get();
    g_input_stream_read_bytes_async(stream, kReadBytes, G_PRIORITY_DEFAULT, cancellable, onRead,
                                    call.release());
}

void GladiaConnection::onRead(GObject *source, GAsyncResult *result, gpointer data) {
    CallPtr call(static_cast<Call *>(data));
    ErrorOut error;
    const BytesRef bytes(g_input_stream_read_bytes_finish(G_INPUT_STREAM(source), result, error.out()));
    GladiaConnection *self = ownerOf(*call);
    if (!self)
        return;
    if (!bytes) {
        self->context_.listener.onAttemptFailed(self->id_, self->failureOf(error.get()));
        return;
    }
    gsize size = 0;
    const auto *text = static_cast<const char *>(g_bytes_get_data(bytes.get(), &size));
    if (size > 0 && call->body.size() + size <= kMaxBody) {
        call->body.append(text, size);
        readOn(std::move(call));
        return;
    }
    // At the end, or beyond what any answer of the service has: what is cut off is no JSON.
    const unsigned status = soup_message_get_status(call->message.get());
    // A refusal is shown to people; the answer they never see must stay as it is, whatever it has in common
    // with a key.
    const bool shown = !SOUP_STATUS_IS_SUCCESSFUL(status);
    self->context_.listener.onAnswered(self->id_, status, shown ? self->clean(call->body) : call->body,
                                       retryAfterOf(call->message.get()));
}

// ---- the WebSocket

void GladiaConnection::connect(const std::string &url) {
    const std::size_t query = url.find('?');
    token_ = query == std::string::npos ? std::string() : url.substr(query + 1);
    SoupMessage *message = soup_message_new("GET", url.c_str());
    if (!message) {
        // Endpoint::socketUrl() lets only addresses through that parse; libsoup may still be stricter.
        message = soup_message_new("GET", "ws://invalid.");
    }
    CallPtr call = newCall(message);
    GCancellable *cancellable = call->cancellable.get();
    soup_session_websocket_connect_async(context_.soup, message, nullptr, nullptr, G_PRIORITY_DEFAULT,
                                         cancellable, onConnected, call.release());
}

void GladiaConnection::onConnected(GObject *source, GAsyncResult *result, gpointer data) {
    CallPtr call(static_cast<Call *>(data));
    ErrorOut error;
    Socket socket(soup_session_websocket_connect_finish(SOUP_SESSION(source), result, error.out()));
    GladiaConnection *self = ownerOf(*call);
    if (!self)
        return;
    if (!socket) {
        self->context_.listener.onAttemptFailed(self->id_,
                                                self->failureOfAnswer(call->message.get(), error.get()));
        return;
    }
    self->adopt(std::move(socket));
    self->context_.listener.onOpened(self->id_);
}

void GladiaConnection::adopt(Socket socket) {
    socket_ = std::move(socket);
    socketError_.clear();
    soup_websocket_connection_set_max_incoming_payload_size(socket_.get(), kMaxMessage);
    const auto onMessage = +[](SoupWebsocketConnection *, gint type, GBytes *message, gpointer data) {
        auto *self = static_cast<GladiaConnection *>(data);
        gsize size = 0;
        const auto *text = static_cast<const char *>(g_bytes_get_data(message, &size));
        // The service sends text only; binary is handed on too, to be counted as malformed.
        self->context_.listener.onReceived(
            self->id_, type == SOUP_WEBSOCKET_DATA_TEXT ? std::string_view(text, size) : std::string_view());
    };
    const auto onPong = +[](SoupWebsocketConnection *, GBytes *, gpointer data) {
        auto *self = static_cast<GladiaConnection *>(data);
        self->context_.listener.onPong(self->id_);
    };
    const auto onError = +[](SoupWebsocketConnection *, GError *error, gpointer data) {
        static_cast<GladiaConnection *>(data)->socketError_ = error ? error->message : "";
    };
    // The peer's goodbye counts at once: that it also closes TCP is not worth waiting for.
    const auto onClosing = +[](SoupWebsocketConnection *closing, gpointer data) {
        if (soup_websocket_connection_get_close_code(closing) != 0)
            static_cast<GladiaConnection *>(data)->reportClose();
    };
    const auto onClosed = +[](SoupWebsocketConnection *closed, gpointer data) {
        auto *self = static_cast<GladiaConnection *>(data);
        const Socket keep = retain(closed); // until libsoup has finished the emission
        if (self->closed_)
            self->context_.onIdle(self);
        else
            self->reportClose();
    };
    g_signal_connect(socket_.get(), "message", G_CALLBACK(onMessage), this);
    g_signal_connect(socket_.get(), "pong", G_CALLBACK(onPong), this);
    g_signal_connect(socket_.get(), "error", G_CALLBACK(onError), this);
    g_signal_connect(socket_.get(), "closing", G_CALLBACK(onClosing), this);
    g_signal_connect(socket_.get(), "closed", G_CALLBACK(onClosed), this);
}

void GladiaConnection::reportClose() {
    if (closed_)
        return;
    const unsigned code = soup_websocket_connection_get_close_code(socket_.get());
    const char *data = soup_websocket_connection_get_close_data(socket_.get());
    const std::string reason = clean(data && *data ? data : socketError_);
    context_.listener.onClosed(id_, code ? code : kCloseAbnormal, reason);
}

/// False also when it has just broken, while what had come before is still being read: what is not sent then
/// goes again on the next connection.
bool GladiaConnection::canSend() const {
    return socket_ && !closed_ &&
           soup_websocket_connection_get_state(socket_.get()) == SOUP_WEBSOCKET_STATE_OPEN;
}

void GladiaConnection::sendAudio(const AudioBlock &block) {
    if (!canSend())
        return;
    if (!block.buffer)
        return sendSilence(block);
    const BufferMap map(block.buffer.get());
    if (map.ok() && block.offset + block.bytes <= map.size())
        soup_websocket_connection_send_binary(socket_.get(), map.data() + block.offset, block.bytes);
}

void GladiaConnection::sendSilence(const AudioBlock &block) {
    const std::vector<std::uint8_t> silence(block.bytes, silenceOf(block.format.encoding));
    soup_websocket_connection_send_binary(socket_.get(), silence.data(), silence.size());
}

void GladiaConnection::sendText(const std::string &text) {
    if (canSend())
        soup_websocket_connection_send_text(socket_.get(), text.c_str());
}

void GladiaConnection::setPingInterval(std::uint64_t intervalNs) {
    // libsoup counts in whole seconds; 0 turns pings off.
    const std::uint64_t seconds = intervalNs ? std::max<std::uint64_t>(intervalNs / 1'000'000'000, 1) : 0;
    if (socket_)
        soup_websocket_connection_set_keepalive_interval(
            socket_.get(), static_cast<guint>(std::min<std::uint64_t>(seconds, kMaxPingSeconds)));
}

bool GladiaConnection::close(unsigned code, const std::string &reason) {
    closed_ = true;
    g_cancellable_cancel(cancellable_.get());
    if (!socket_)
        return true;
    if (soup_websocket_connection_get_state(socket_.get()) == SOUP_WEBSOCKET_STATE_OPEN)
        soup_websocket_connection_close(socket_.get(), static_cast<gushort>(code),
                                        reason.empty() ? nullptr : reason.c_str());
    return soup_websocket_connection_get_state(socket_.get()) == SOUP_WEBSOCKET_STATE_CLOSED;
}

// ---- what went wrong

std::string GladiaConnection::clean(std::string text) const {
    return redacted(redacted(std::move(text), context_.apiKey), token_);
}

Failure GladiaConnection::failureOf(const GError *error) const {
    Failure failure;
    failure.debug = clean(error ? error->message : "unknown error");
    failure.trouble = Trouble::CannotConnect;
    failure.text = "Cannot connect to Gladia. Check the network and the property endpoint.";
    if (!error)
        return failure;
    if (error->domain == G_RESOLVER_ERROR) {
        failure.trouble = Trouble::NotFound;
        // A name that was good once is good again when the network is back.
        failure.remedy = error->code == G_RESOLVER_ERROR_NOT_FOUND ? Remedy::StopAtFirst : Remedy::Retry;
        failure.text =
            "The host of the endpoint cannot be found. Check the network and the property endpoint.";
    } else if (error->domain == G_TLS_ERROR) {
        failure.remedy = error->code == G_TLS_ERROR_BAD_CERTIFICATE ? Remedy::StopAtFirst : Remedy::Retry;
        failure.text = "No encrypted connection to Gladia is possible. Check the endpoint's certificate, the "
                       "clock of this machine, tls-ca-file.";
    }
    return failure;
}

Failure GladiaConnection::failureOfAnswer(SoupMessage *message, const GError *error) const {
    const guint status = soup_message_get_status(message);
    if (!error || error->domain != SOUP_WEBSOCKET_ERROR || status == SOUP_STATUS_NONE)
        return failureOf(error);
    return failureOfUpgrade(status, clean(error->message));
}

} // namespace lt::gladia
