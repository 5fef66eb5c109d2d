// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/gladia_connection.h"

#include <algorithm>
#include <utility>

namespace lt::gladia {

namespace {

constexpr gsize kReadBytes = 16 * 1024;
constexpr std::size_t kMaxBody = 256 * 1024; // of an HTTP answer
constexpr guint64 kMaxMessage = 16 * 1024 * 1024;
constexpr unsigned kCloseAbnormal = 1006;
constexpr guint kMaxPingSeconds = 3600;

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
    unsigned generation;
    GRef<SoupMessage> message;
    GRef<GCancellable> cancellable;
    GRef<GInputStream> stream;
    std::string body;
};

GladiaConnection::GladiaConnection(Settings settings, ConnectionListener &listener)
    : settings_(std::move(settings)),
      listener_(listener),
      soup_(soup_session_new_with_options("user-agent", "gst-livetranscript", "timeout", 0, nullptr)),
      self_(std::make_shared<GladiaConnection *>(this)) {
    // Compressing PCM costs time and saves nothing; without the offer no peer can inflate messages on us.
    soup_session_remove_feature_by_type(soup_.get(), SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
    if (settings_.tlsDatabase)
        soup_session_set_tls_database(soup_.get(), settings_.tlsDatabase.get());
}

GladiaConnection::~GladiaConnection() {
    self_.reset();
    if (cancellable_)
        g_cancellable_cancel(cancellable_.get());
    if (socket_)
        g_signal_handlers_disconnect_by_data(socket_.get(), this);
    for (const Socket &socket : leaving_)
        g_signal_handlers_disconnect_by_data(socket.get(), this);
    soup_session_abort(soup_.get());
}

GladiaConnection::CallPtr GladiaConnection::newCall(SoupMessage *message) {
    cancellable_.reset(g_cancellable_new());
    auto call = std::make_unique<Call>();
    call->owner = self_;
    call->generation = generation_;
    call->message.reset(message);
    call->cancellable = retain(cancellable_.get());
    return call;
}

GladiaConnection *GladiaConnection::ownerOf(const Call &call) {
    const auto owner = call.owner.lock();
    return owner && (*owner)->generation_ == call.generation ? *owner : nullptr;
}

// ---- the request that makes a session

void GladiaConnection::request(const std::string &body) {
    CallPtr call = newCall(soup_message_new("POST", settings_.initUrl.c_str()));
    SoupMessage *message = call->message.get();
    // A redirection would carry the key to another server.
    soup_message_add_flags(message, SOUP_MESSAGE_NO_REDIRECT);
    soup_message_headers_replace(soup_message_get_request_headers(message), "x-gladia-key",
                                 settings_.apiKey.c_str());
    const BytesRef bytes(g_bytes_new(body.data(), body.size()));
    soup_message_set_request_body_from_bytes(message, "application/json", bytes.get());
    GCancellable *cancellable = call->cancellable.get();
    soup_session_send_async(soup_.get(), message, G_PRIORITY_DEFAULT, cancellable, onSent, call.release());
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
        self->listener_.onAttemptFailed(self->failureOf(error.get()));
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
        self->listener_.onAttemptFailed(self->failureOf(error.get()));
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
    self->listener_.onAnswered(status, shown ? self->clean(call->body) : call->body,
                               retryAfterOf(call->message.get()));
}

// ---- the WebSocket

void GladiaConnection::connect(const std::string &url) {
    // The request's connection would idle for a minute: the WebSocket needs one of its own.
    soup_session_abort(soup_.get());
    const std::size_t query = url.find('?');
    token_ = query == std::string::npos ? std::string() : url.substr(query + 1);
    SoupMessage *message = soup_message_new("GET", url.c_str());
    if (!message) {
        // Endpoint::socketUrl() lets only addresses through that parse; libsoup may still be stricter.
        message = soup_message_new("GET", "ws://invalid.");
    }
    CallPtr call = newCall(message);
    GCancellable *cancellable = call->cancellable.get();
    soup_session_websocket_connect_async(soup_.get(), message, nullptr, nullptr, G_PRIORITY_DEFAULT,
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
        self->listener_.onAttemptFailed(self->failureOfUpgrade(call->message.get(), error.get()));
        return;
    }
    self->adopt(std::move(socket));
    self->listener_.onOpened();
}

void GladiaConnection::adopt(Socket socket) {
    socket_ = std::move(socket);
    socketError_.clear();
    soup_websocket_connection_set_max_incoming_payload_size(socket_.get(), kMaxMessage);
    const auto onMessage = +[](SoupWebsocketConnection *, gint type, GBytes *message, gpointer data) {
        gsize size = 0;
        const auto *text = static_cast<const char *>(g_bytes_get_data(message, &size));
        // The service sends text only; binary is handed on too, to be counted as malformed.
        static_cast<GladiaConnection *>(data)->listener_.onReceived(
            type == SOUP_WEBSOCKET_DATA_TEXT ? std::string_view(text, size) : std::string_view());
    };
    const auto onPong = +[](SoupWebsocketConnection *, GBytes *, gpointer data) {
        static_cast<GladiaConnection *>(data)->listener_.onPong();
    };
    const auto onError = +[](SoupWebsocketConnection *, GError *error, gpointer data) {
        static_cast<GladiaConnection *>(data)->socketError_ = error ? error->message : "";
    };
    // The peer's goodbye counts at once: that it also closes TCP is not worth waiting for.
    const auto onClosing = +[](SoupWebsocketConnection *closing, gpointer data) {
        if (soup_websocket_connection_get_close_code(closing) != 0)
            static_cast<GladiaConnection *>(data)->reportClose(closing);
    };
    const auto onClosed = +[](SoupWebsocketConnection *closed, gpointer data) {
        static_cast<GladiaConnection *>(data)->reportClose(closed);
    };
    g_signal_connect(socket_.get(), "message", G_CALLBACK(onMessage), this);
    g_signal_connect(socket_.get(), "pong", G_CALLBACK(onPong), this);
    g_signal_connect(socket_.get(), "error", G_CALLBACK(onError), this);
    g_signal_connect(socket_.get(), "closing", G_CALLBACK(onClosing), this);
    g_signal_connect(socket_.get(), "closed", G_CALLBACK(onClosed), this);
}

void GladiaConnection::reportClose(SoupWebsocketConnection *socket) {
    const unsigned code = soup_websocket_connection_get_close_code(socket);
    const char *data = soup_websocket_connection_get_close_data(socket);
    const std::string reason = clean(data && *data ? data : socketError_);
    leave(std::move(socket_));
    listener_.onClosed(code ? code : kCloseAbnormal, reason);
}

void GladiaConnection::sendAudio(const AudioBlock &block, std::size_t offset, std::size_t bytes) {
    if (!socket_)
        return;
    const BufferMap map(block.buffer.get());
    if (map.ok() && offset + bytes <= map.size())
        soup_websocket_connection_send_binary(socket_.get(), map.data() + offset, bytes);
}

void GladiaConnection::sendText(const std::string &text) {
    if (socket_)
        soup_websocket_connection_send_text(socket_.get(), text.c_str());
}

void GladiaConnection::setPingInterval(std::uint64_t intervalNs) {
    // libsoup counts in whole seconds; 0 turns pings off.
    const std::uint64_t seconds = intervalNs ? std::max<std::uint64_t>(intervalNs / 1'000'000'000, 1) : 0;
    if (socket_)
        soup_websocket_connection_set_keepalive_interval(
            socket_.get(), static_cast<guint>(std::min<std::uint64_t>(seconds, kMaxPingSeconds)));
}

// ---- the end

void GladiaConnection::close(unsigned code, const std::string &reason) {
    generation_++;
    if (cancellable_)
        g_cancellable_cancel(std::exchange(cancellable_, nullptr).get());
    if (!socket_)
        return;
    Socket socket = std::move(socket_);
    g_signal_handlers_disconnect_by_data(socket.get(), this);
    if (soup_websocket_connection_get_state(socket.get()) == SOUP_WEBSOCKET_STATE_OPEN)
        soup_websocket_connection_close(socket.get(), static_cast<gushort>(code),
                                        reason.empty() ? nullptr : reason.c_str());
    leave(std::move(socket));
}

void GladiaConnection::leave(Socket socket) {
    if (!socket)
        return;
    g_signal_handlers_disconnect_by_data(socket.get(), this);
    if (soup_websocket_connection_get_state(socket.get()) == SOUP_WEBSOCKET_STATE_CLOSED)
        return;
    const auto onClosed = +[](SoupWebsocketConnection *closed, gpointer data) {
        auto *self = static_cast<GladiaConnection *>(data);
        const Socket keep = retain(closed); // until libsoup has finished the emission
        std::erase_if(self->leaving_, [&](const Socket &one) { return one.get() == closed; });
        g_signal_handlers_disconnect_by_data(closed, self);
        if (self->leaving_.empty())
            self->listener_.onIdle();
    };
    g_signal_connect(socket.get(), "closed", G_CALLBACK(onClosed), this);
    leaving_.push_back(std::move(socket));
}

// ---- what went wrong

std::string GladiaConnection::clean(std::string text) const {
    return redacted(redacted(std::move(text), settings_.apiKey), token_);
}

Failure GladiaConnection::failureOf(const GError *error) const {
    Failure failure;
    failure.debug = clean(error ? error->message : "unknown error");
    failure.transient = true;
    failure.trouble = Trouble::CannotConnect;
    failure.text = "Cannot connect to Gladia. Check the network and the property endpoint.";
    if (!error)
        return failure;
    if (error->domain == G_RESOLVER_ERROR) {
        failure.trouble = Trouble::NotFound;
        failure.transient = error->code != G_RESOLVER_ERROR_NOT_FOUND;
        failure.text =
            "The host of the endpoint cannot be found. Check the network and the property endpoint.";
    } else if (error->domain == G_TLS_ERROR) {
        failure.transient = error->code != G_TLS_ERROR_BAD_CERTIFICATE;
        failure.text = "No encrypted connection to Gladia is possible. Check the endpoint's certificate, the "
                       "clock of this machine, tls-ca-file.";
    }
    return failure;
}

Failure GladiaConnection::failureOfUpgrade(SoupMessage *message, const GError *error) const {
    const guint status = soup_message_get_status(message);
    if (!error || error->domain != SOUP_WEBSOCKET_ERROR || status == SOUP_STATUS_NONE)
        return failureOf(error);
    Failure failure = failureOfStatus(status, "");
    // The session was made a moment ago: a new one may be let in.
    failure.transient = true;
    failure.text = "Gladia refused the WebSocket of a session that it had just made.";
    failure.debug =
        "Upgrade answered with HTTP status " + std::to_string(status) + ": " + clean(error->message);
    return failure;
}

} // namespace lt::gladia
