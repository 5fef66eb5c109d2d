// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/init_call.h"

#include "elements/gladiasink/connect_failure.h"

#include <utility>

#include <libsoup/soup.h>

namespace lt::gladia {

namespace {

constexpr gsize kReadBytes = 16 * 1024;
constexpr std::size_t kMaxBody = 256 * 1024;

std::uint64_t retryAfterOf(SoupMessage *message) {
    const char *value =
        soup_message_headers_get_one(soup_message_get_response_headers(message), "Retry-After");
    guint64 seconds = 0;
    // The date form is not worth a parser: the own back-off does then.
    if (!value || !g_ascii_string_to_unsigned(value, 10, 0, 3600, &seconds, nullptr))
        return 0;
    return seconds * 1'000'000'000;
}

net::DialFailure failureOfProxy(unsigned status) {
    const bool refused =
        status == SOUP_STATUS_FORBIDDEN || status == SOUP_STATUS_PROXY_AUTHENTICATION_REQUIRED;
    return {refused ? net::DialFailure::Kind::Proxy : net::DialFailure::Kind::Unreachable,
            "the proxy answered with HTTP status " + std::to_string(status)};
}

} // namespace

/// On the thread only. The callback of each operation of libsoup's owns a reference.
struct InitCall::Exchange : std::enable_shared_from_this<Exchange> {
    Request request;
    std::function<void(Answer)> tell; // empty: told, or cancelled
    GRef<GCancellable> cancellable{g_cancellable_new()};
    GRef<SoupSession> soup;
    GRef<SoupMessage> message;
    GRef<GInputStream> stream;
    Answer answer;

    void start() {
        soup.reset(soup_session_new_with_options("user-agent", "gst-livetranscript", "timeout", 0, nullptr));
        if (request.authorities)
            soup_session_set_tls_database(soup.get(), request.authorities.get());
        message.reset(soup_message_new("POST", request.url.c_str()));
        // A redirection would carry the key to another server.
        soup_message_add_flags(message.get(), SOUP_MESSAGE_NO_REDIRECT);
        SoupMessageHeaders *headers = soup_message_get_request_headers(message.get());
        soup_message_headers_replace(headers, "x-gladia-key", request.apiKey.c_str());
        soup_message_headers_replace(headers, "Connection", "close");
        const BytesRef bytes(g_bytes_new(request.body.data(), request.body.size()));
        soup_message_set_request_body_from_bytes(message.get(), "application/json", bytes.get());
        soup_session_send_async(soup.get(), message.get(), G_PRIORITY_DEFAULT, cancellable.get(), onSent,
                                new std::shared_ptr<Exchange>(shared_from_this()));
    }

    void readOn() {
        g_input_stream_read_bytes_async(stream.get(), kReadBytes, G_PRIORITY_DEFAULT, cancellable.get(),
                                        onRead, new std::shared_ptr<Exchange>(shared_from_this()));
    }

    static std::shared_ptr<Exchange> take(gpointer data) {
        const std::unique_ptr<std::shared_ptr<Exchange>> holder(
            static_cast<std::shared_ptr<Exchange> *>(data));
        return std::move(*holder);
    }

    static void onSent(GObject *source, GAsyncResult *result, gpointer data) {
        const auto self = take(data);
        ErrorOut error;
        self->stream.reset(soup_session_send_finish(SOUP_SESSION(source), result, error.out()));
        if (self->stream)
            self->readOn();
        else
            self->failed(error.get());
    }

    static void onRead(GObject *source, GAsyncResult *result, gpointer data) {
        const auto self = take(data);
        ErrorOut error;
        const BytesRef bytes(g_input_stream_read_bytes_finish(G_INPUT_STREAM(source), result, error.out()));
        if (!bytes)
            return self->failed(error.get());
        gsize size = 0;
        const auto *text = static_cast<const char *>(g_bytes_get_data(bytes.get(), &size));
        if (size > 0 && self->answer.body.size() + size <= kMaxBody) {
            self->answer.body.append(text, size);
            return self->readOn();
        }
        // At the end, or beyond what any answer of the service has: what is cut off is no JSON.
        const unsigned status = soup_message_get_status(self->message.get());
        if (self->comesFromProxy(status)) {
            self->answer.failure = connectFailure(failureOfProxy(status));
        } else {
            self->answer.status = status;
            self->answer.retryAfterNs = retryAfterOf(self->message.get());
        }
        self->finish();
    }

    /// What a proxy on the way answers to CONNECT, libsoup hands on as if the service had said it; but the
    /// service shows a certificate first.
    bool comesFromProxy(unsigned status) const {
        return status == SOUP_STATUS_PROXY_AUTHENTICATION_REQUIRED ||
               (request.url.starts_with("https:") && !soup_message_get_tls_peer_certificate(message.get()));
    }

    void failed(const GError *error) {
        net::DialFailure why = net::dialFailureOf(error);
        why.text = redacted(std::move(why.text), request.apiKey);
        answer.failure = connectFailure(std::move(why));
        finish();
    }

    void finish() {
        if (const auto last = std::exchange(tell, nullptr))
            last(std::move(answer));
        release();
    }

    /// Libsoup's objects go on the thread, and not later.
    void release() {
        stream.reset();
        message.reset();
        if (soup)
            soup_session_abort(soup.get());
        soup.reset();
    }
};

InitCall::InitCall(std::shared_ptr<net::EventLoop> loop, std::shared_ptr<net::ContextThread> thread,
                   Request request, Done done)
    : thread_(std::move(thread)),
      exchange_(std::make_shared<Exchange>()),
      done_(std::make_shared<const Done>(std::move(done))) {
    exchange_->request = std::move(request);
    exchange_->tell = [loop = std::move(loop), done = std::weak_ptr(done_)](Answer answer) {
        loop->post([done, answer = std::move(answer)] {
            if (const auto still = done.lock())
                (*still)(answer);
        });
    };
    thread_->post([exchange = exchange_] {
        if (exchange->tell)
            exchange->start();
    });
}

InitCall::~InitCall() {
    thread_->post([exchange = std::move(exchange_)] {
        exchange->tell = nullptr;
        g_cancellable_cancel(exchange->cancellable.get());
    });
}

} // namespace lt::gladia
