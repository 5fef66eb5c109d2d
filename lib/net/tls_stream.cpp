// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/net/tls_stream.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <gio/gio.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace lt::net {

namespace {

constexpr std::size_t kMaxRecord = 16 * 1024;

int errnoOf(const GError *error) {
    return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ? EAGAIN : ECONNRESET;
}

} // namespace

TlsStream::TlsStream(GRef<GTlsConnection> connection, GRef<GSocketConnection> owner)
    : owner_(std::move(owner)), connection_(std::move(connection)) {}

TlsStream::~TlsStream() {
    // GIO says goodbye when it disposes of the connection, and would wait for a peer that reads nothing.
    GIOStream *base = nullptr;
    g_object_get(connection_.get(), "base-io-stream", &base, nullptr);
    const GRef<GIOStream> held(base);
    GSocketConnection *below = G_IS_SOCKET_CONNECTION(base) ? G_SOCKET_CONNECTION(base) : owner_.get();
    if (below)
        ::shutdown(g_socket_get_fd(g_socket_connection_get_socket(below)), SHUT_RDWR);
}

void TlsStream::gather(const iovec *pieces, std::size_t count) {
    for (std::size_t i = 0; i < count && record_.size() < kMaxRecord; i++)
        record_.append(static_cast<const char *>(pieces[i].iov_base),
                       std::min(pieces[i].iov_len, kMaxRecord - record_.size()));
}

/// True when the record is gone; else errno says why.
bool TlsStream::writeRecord() {
    auto *output = G_POLLABLE_OUTPUT_STREAM(g_io_stream_get_output_stream(G_IO_STREAM(connection_.get())));
    while (!record_.empty()) {
        ErrorOut error;
        const gssize sent = g_pollable_output_stream_write_nonblocking(output, record_.data(), record_.size(),
                                                                       nullptr, error.out());
        if (sent < 0) {
            errno = errnoOf(error.get());
            return false;
        }
        record_.erase(0, static_cast<std::size_t>(sent));
    }
    record_ = {};
    return true;
}

ssize_t TlsStream::send(const iovec *pieces, std::size_t count) {
    if (!record_.empty()) // its last byte is the caller's first
        return writeRecord() ? 1 : -1;
    gather(pieces, count);
    const auto size = static_cast<ssize_t>(record_.size());
    if (writeRecord())
        return size;
    return errno == EAGAIN && size > 1 ? size - 1 : -1;
}

ssize_t TlsStream::receive(void *buffer, std::size_t size) {
    auto *input = G_POLLABLE_INPUT_STREAM(g_io_stream_get_input_stream(G_IO_STREAM(connection_.get())));
    ErrorOut error;
    const gssize got = g_pollable_input_stream_read_nonblocking(input, buffer, size, nullptr, error.out());
    // What did not fit of a record has left the socket already.
    pending_ = got > 0 && static_cast<std::size_t>(got) == size;
    if (got < 0)
        errno = errnoOf(error.get());
    return got;
}

} // namespace lt::net
