// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/http_client.h"

#include <utility>

namespace lt::support {

namespace {

constexpr guint64 kMaxMessage = 16 << 20;

std::string messageOf(GError *error) {
    const ErrorRef owned(error);
    return error ? error->message : "";
}

/// libsoup wants ws:// for sockets; tests often hold the base of an HTTP server.
std::string socketUrl(const std::string &url) {
    return url.starts_with("http") ? "ws" + url.substr(4) : url;
}

void addHeaders(SoupMessage *message, const Headers &headers) {
    for (const auto &[name, value] : headers)
        soup_message_headers_append(soup_message_get_request_headers(message), name.c_str(), value.c_str());
}

void believe(SoupSession *session, const std::string &caFile) {
    if (caFile.empty())
        return;
    GError *error = nullptr;
    const ObjectRef<GTlsDatabase> database(g_tls_file_database_new(caFile.c_str(), &error));
    g_assert_no_error(error);
    soup_session_set_tls_database(session, database.get());
}

} // namespace

HttpAnswer httpRequest(const std::string &method, const std::string &url, const Headers &headers,
                       const std::string &body, unsigned timeoutSeconds, const std::string &caFile) {
    HttpAnswer answer;
    const ObjectRef<SoupSession> session(soup_session_new_with_options("timeout", timeoutSeconds, nullptr));
    believe(session.get(), caFile);
    const ObjectRef<SoupMessage> message(soup_message_new(method.c_str(), url.c_str()));
    if (!message) {
        answer.error = "'" + url + "' is not a URL";
        return answer;
    }
    addHeaders(message.get(), headers);
    if (!body.empty()) {
        const BytesRef bytes(g_bytes_new(body.data(), body.size()));
        soup_message_set_request_body_from_bytes(message.get(), "application/json", bytes.get());
    }
    GError *error = nullptr;
    const BytesRef received(soup_session_send_and_read(session.get(), message.get(), nullptr, &error));
    if (!received) {
        answer.error = messageOf(error);
        return answer;
    }
    gsize size = 0;
    const auto *data = static_cast<const char *>(g_bytes_get_data(received.get(), &size));
    answer.body.assign(data ? data : "", size);
    answer.status = static_cast<int>(soup_message_get_status(message.get()));
    SoupMessageHeadersIter iter;
    const char *name = nullptr;
    const char *value = nullptr;
    soup_message_headers_iter_init(&iter, soup_message_get_response_headers(message.get()));
    while (soup_message_headers_iter_next(&iter, &name, &value)) {
        const CharPtr lower(g_ascii_strdown(name, -1));
        answer.headers[lower.get()] = value;
    }
    return answer;
}

WebSocketClient::WebSocketClient(Options options) : thread_("lt-test-client") {
    thread_.call([&] { connect(options); });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return over_ || connected_; });
}

WebSocketClient::~WebSocketClient() {
    thread_.call([this] {
        if (websocket_)
            g_signal_handlers_disconnect_by_data(websocket_.get(), this);
        websocket_.reset();
        message_.reset();
        soup_session_abort(session_.get());
        session_.reset();
    });
}

void WebSocketClient::connect(const Options &options) {
    session_.reset(soup_session_new_with_options("timeout", options.timeoutSeconds, nullptr));
    believe(session_.get(), options.caFile);
    message_.reset(soup_message_new("GET", socketUrl(options.url).c_str()));
    if (!message_) {
        std::lock_guard lock(mutex_);
        error_ = "'" + options.url + "' is not a URL";
        over_ = true;
        return;
    }
    addHeaders(message_.get(), options.headers);
    std::vector<char *> protocols;
    for (const auto &protocol : options.protocols)
        protocols.push_back(const_cast<char *>(protocol.c_str()));
    protocols.push_back(nullptr);
    soup_session_websocket_connect_async(
        session_.get(), message_.get(), nullptr, protocols.size() > 1 ? protocols.data() : nullptr,
        G_PRIORITY_DEFAULT, nullptr,
        [](GObject *session, GAsyncResult *result, gpointer data) {
            auto *self = static_cast<WebSocketClient *>(data);
            GError *error = nullptr;
            auto *websocket = soup_session_websocket_connect_finish(SOUP_SESSION(session), result, &error);
            std::lock_guard lock(self->mutex_);
            self->status_ = static_cast<int>(soup_message_get_status(self->message_.get()));
            self->error_ = messageOf(error);
            self->over_ = !websocket;
            self->connected_ = websocket != nullptr;
            if (websocket)
                self->adopt(websocket);
            self->changed_.notify_all();
        },
        this);
}

void WebSocketClient::adopt(SoupWebsocketConnection *websocket) {
    websocket_.reset(websocket);
    soup_websocket_connection_set_max_incoming_payload_size(websocket, kMaxMessage);
    g_signal_connect(websocket, "message",
                     G_CALLBACK(+[](SoupWebsocketConnection *, int type, GBytes *bytes, gpointer data) {
                         auto *self = static_cast<WebSocketClient *>(data);
                         gsize size = 0;
                         const auto *text = static_cast<const char *>(g_bytes_get_data(bytes, &size));
                         std::lock_guard lock(self->mutex_);
                         self->frames_.push_back({type == SOUP_WEBSOCKET_DATA_TEXT, std::string(text, size)});
                         self->changed_.notify_all();
                     }),
                     this);
    g_signal_connect(websocket, "closed", G_CALLBACK(+[](SoupWebsocketConnection *, gpointer data) {
                         static_cast<WebSocketClient *>(data)->onClosed();
                     }),
                     this);
}

void WebSocketClient::onClosed() {
    const int code = soup_websocket_connection_get_close_code(websocket_.get());
    const char *reason = soup_websocket_connection_get_close_data(websocket_.get());
    std::lock_guard lock(mutex_);
    over_ = true;
    closeCode_ = code == SOUP_WEBSOCKET_CLOSE_ABNORMAL ? 0 : code;
    closeReason_ = reason ? reason : "";
    changed_.notify_all();
}

void WebSocketClient::send(SoupWebsocketDataType type, BytesRef bytes) {
    // Not waited for: a test with very many small messages would spend its time on changing threads.
    thread_.post([this, type, shared = std::shared_ptr<GBytes>(std::move(bytes))] {
        if (websocket_ && soup_websocket_connection_get_state(websocket_.get()) == SOUP_WEBSOCKET_STATE_OPEN)
            soup_websocket_connection_send_message(websocket_.get(), type, shared.get());
    });
}

void WebSocketClient::sendText(const std::string &text) {
    send(SOUP_WEBSOCKET_DATA_TEXT, BytesRef(g_bytes_new(text.data(), text.size())));
}

void WebSocketClient::sendBinary(std::span<const std::uint8_t> bytes) {
    send(SOUP_WEBSOCKET_DATA_BINARY, BytesRef(g_bytes_new(bytes.data(), bytes.size())));
}

void WebSocketClient::close(int code, const std::string &reason) {
    thread_.call([&] {
        if (websocket_ && soup_websocket_connection_get_state(websocket_.get()) == SOUP_WEBSOCKET_STATE_OPEN)
            soup_websocket_connection_close(websocket_.get(), static_cast<gushort>(code),
                                            reason.empty() ? nullptr : reason.c_str());
    });
}

void WebSocketClient::breakOff() {
    thread_.call([this] {
        if (websocket_)
            g_io_stream_close(soup_websocket_connection_get_io_stream(websocket_.get()), nullptr, nullptr);
    });
    std::lock_guard lock(mutex_);
    over_ = true;
    changed_.notify_all();
}

std::vector<WebSocketClient::Frame> WebSocketClient::frames() const {
    std::lock_guard lock(mutex_);
    return frames_;
}

bool WebSocketClient::waitForFrames(const std::function<bool(const std::vector<Frame> &)> &holds,
                                    std::chrono::milliseconds timeout) const {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    std::unique_lock lock(mutex_);
    for (;;) {
        const std::vector<Frame> seen = frames_;
        const bool last = over_;
        lock.unlock();
        if (holds(seen))
            return true;
        lock.lock();
        const auto isNews = [&] {
            return frames_.size() != seen.size() || over_ != last;
        };
        if (last && !isNews())
            return false;
        if (!changed_.wait_until(lock, deadline, isNews))
            return false;
    }
}

bool WebSocketClient::waitForClose(std::chrono::milliseconds timeout) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [this] { return over_; });
}

bool WebSocketClient::closed() const {
    std::lock_guard lock(mutex_);
    return over_;
}

int WebSocketClient::closeCode() const {
    std::lock_guard lock(mutex_);
    return closeCode_;
}

std::string WebSocketClient::closeReason() const {
    std::lock_guard lock(mutex_);
    return closeReason_;
}

} // namespace lt::support
