// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/live_connection.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace lt::emulator {

namespace {

using ws::Opcode;

constexpr std::size_t kMaxMessage = 1 << 20;
constexpr std::size_t kReadSize = 64 * 1024;
/// So long a client may take to notice that the connection has ended.
constexpr unsigned kFarewellMs = 2000;
/// A throttled connection reads so often.
constexpr unsigned kPaceMs = 20;
constexpr int kNoStatus = 1005;

std::string frameOf(Opcode opcode, std::string_view payload) {
    std::string frame;
    ws::appendFrame(frame, opcode, payload);
    return frame;
}

std::string closeFrame(std::uint16_t code, std::string_view reason) {
    return frameOf(Opcode::Close, ws::closePayload(code, reason));
}

} // namespace

LiveConnection::LiveConnection(support::ObjectRef<GIOStream> stream, support::ObjectRef<GSocket> socket,
                               std::shared_ptr<Session> session, Faults &faults, support::LoopThread &thread,
                               Callbacks callbacks)
    : number_(faults.connectionOpened()),
      faults_(faults),
      thread_(thread),
      session_(std::move(session)),
      callbacks_(std::move(callbacks)),
      stream_(std::move(stream)),
      socket_(std::move(socket)),
      parser_(ws::Sender::Client, kMaxMessage) {
    g_socket_set_blocking(socket_.get(), FALSE);
    // Small answers in quick succession must not wait for each other; tests measure latency against them.
    g_socket_set_option(socket_.get(), IPPROTO_TCP, TCP_NODELAY, TRUE, nullptr);
}

LiveConnection::~LiveConnection() {
    faults_.connectionClosed(number_);
    g_socket_close(socket_.get(), nullptr);
}

void LiveConnection::faultsChanged() {
    readIfAllowed();
    session_->runDue();
    armDueTimer();
}

void LiveConnection::readIfAllowed() {
    if (open_ && (frozen_ || faults_.holds(FaultKind::kStopReading, number_)))
        input_.reset();
    else if (!input_ && !paceTimer_ && !finishTask_)
        watchInput();
}

void LiveConnection::freeze(bool frozen) {
    frozen_ = frozen;
    faultsChanged();
}

void LiveConnection::watchInput() {
    GInputStream *in = g_io_stream_get_input_stream(stream_.get());
    GSource *source = g_pollable_input_stream_create_source(G_POLLABLE_INPUT_STREAM(in), nullptr);
    g_source_set_callback(source, G_SOURCE_FUNC(+[](GObject *, gpointer self) -> gboolean {
                              return static_cast<LiveConnection *>(self)->readSome() ? G_SOURCE_CONTINUE
                                                                                     : G_SOURCE_REMOVE;
                          }),
                          this, nullptr);
    g_source_attach(source, g_main_context_get_thread_default());
    input_.reset(source);
}

/// False when no more is to be read for now; the source is gone then.
bool LiveConnection::readSome() {
    std::array<char, kReadSize> buffer;
    const std::uint64_t pace = open_ ? faults_.bytesPerSecond(number_) : 0;
    const std::size_t most =
        pace == 0
            ? buffer.size()
            : std::clamp<std::size_t>(static_cast<std::size_t>(pace) * kPaceMs / 1000, 1, buffer.size());
    GInputStream *in = g_io_stream_get_input_stream(stream_.get());
    GError *error = nullptr;
    const gssize count = g_pollable_input_stream_read_nonblocking(G_POLLABLE_INPUT_STREAM(in), buffer.data(),
                                                                  most, nullptr, &error);
    if (count < 0 && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
        g_error_free(error);
        return true;
    }
    g_clear_error(&error);
    if (count <= 0) {
        open_ = false;
        finishLater();
    } else if (!endWithFin_) {
        consume({buffer.data(), static_cast<std::size_t>(count)});
    }
    if (count > 0 && pace > 0 && input_) {
        input_.reset();
        paceTimer_ = thread_.startTimer(kPaceMs, [this] {
            const support::SourceRef self = std::move(paceTimer_);
            readIfAllowed();
            return false;
        });
    }
    return input_ != nullptr;
}

void LiveConnection::consume(std::string_view bytes) {
    const auto error = parser_.consume(bytes, *this);
    if (error)
        close(error->code, error->reason);
    armDueTimer();
    callbacks_.changed();
}

void LiveConnection::onMessage(Opcode type, std::string_view payload) {
    if (!open_)
        return; // what the client sent before it noticed
    if (type == Opcode::Binary) {
        if (callbacks_.heard)
            callbacks_.heard(payload.size());
        session_->receiveBinary({reinterpret_cast<const std::uint8_t *>(payload.data()), payload.size()});
        return;
    }
    callbacks_.print("<- " + std::string(payload.substr(0, 200)));
    session_->receiveText(payload);
}

void LiveConnection::onPing(std::string_view payload) {
    if (open_ && !faults_.holds(FaultKind::kMute, number_))
        write(frameOf(Opcode::Pong, payload));
}

void LiveConnection::onClose(std::optional<std::uint16_t> code, std::string_view) {
    // An answer to our close says nothing of its own, whatever code the client thinks fit.
    if (closeCode_ == 0)
        write(code ? closeFrame(*code, "") : frameOf(Opcode::Close, ""));
    endCode_ = closeCode_ != 0 ? closeCode_ : code.value_or(kNoStatus);
    leave();
    finishLater();
}

void LiveConnection::armDueTimer() {
    dueTimer_.reset();
    const auto wait = session_->msUntilDue();
    if (!open_ || !wait)
        return;
    dueTimer_ = thread_.startTimer(static_cast<unsigned>(*wait), [this] {
        const support::SourceRef self = std::move(dueTimer_);
        session_->runDue();
        armDueTimer();
        callbacks_.changed();
        return false;
    });
}

void LiveConnection::send(const Message &message) {
    if (callbacks_.sent)
        callbacks_.sent(message.text);
    sendRaw(message.text);
}

void LiveConnection::sendRaw(std::string_view bytes) {
    if (open_)
        write(frameOf(Opcode::Text, bytes));
}

void LiveConnection::close(int code, const std::string &reason) {
    if (!open_)
        return;
    callbacks_.print("-> close " + std::to_string(code) + " " + reason);
    closeCode_ = code;
    write(code == kNoStatus ? frameOf(Opcode::Close, "")
                            : closeFrame(static_cast<std::uint16_t>(code), reason));
    leave();
}

void LiveConnection::drop() {
    if (!open_)
        return;
    callbacks_.print("-> connection dropped");
    leave();
    // A FIN behind what is still queued, and what the client goes on sending is read and thrown away. Closing
    // at once would make the kernel answer that with a reset, on which clients give up without reading the
    // acknowledgements they already have.
    endWithFin_ = true;
    flush();
}

void LiveConnection::reset() {
    if (!open_)
        return;
    callbacks_.print("-> connection reset");
    open_ = false;
    const linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(g_socket_get_fd(socket_.get()), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    input_.reset();
    output_.reset();
    g_socket_close(socket_.get(), nullptr);
    finishLater();
}

/// From here on nothing is sent, and nothing that comes counts but the client's close.
void LiveConnection::leave() {
    open_ = false;
    dueTimer_.reset();
    giveUpTimer_ = thread_.startTimer(kFarewellMs, [this] {
        finishLater();
        return false;
    });
    readIfAllowed();
}

void LiveConnection::write(std::string_view bytes) {
    outgoing_.append(bytes);
    if (!output_)
        flush();
}

/// True when the socket has taken everything.
bool LiveConnection::flush() {
    std::size_t sent = 0;
    while (sent < outgoing_.size()) {
        const gssize count = g_socket_send_with_blocking(socket_.get(), outgoing_.data() + sent,
                                                         outgoing_.size() - sent, FALSE, nullptr, nullptr);
        if (count <= 0)
            break; // full, or broken: reading will tell
        sent += static_cast<std::size_t>(count);
    }
    outgoing_.erase(0, sent);
    if (!outgoing_.empty()) {
        if (output_)
            return false;
        GSource *source = g_socket_create_source(socket_.get(), G_IO_OUT, nullptr);
        g_source_set_callback(source, G_SOURCE_FUNC(+[](GSocket *, GIOCondition, gpointer self) -> gboolean {
                                  return static_cast<LiveConnection *>(self)->flush() ? G_SOURCE_REMOVE
                                                                                      : G_SOURCE_CONTINUE;
                              }),
                              this, nullptr);
        g_source_attach(source, g_main_context_get_thread_default());
        output_.reset(source);
        return false;
    }
    output_.reset();
    if (endWithFin_)
        g_socket_shutdown(socket_.get(), FALSE, TRUE, nullptr);
    return true;
}

/// Not at once: the caller may be in the middle of one of this object's functions.
void LiveConnection::finishLater() {
    input_.reset();
    if (!finishTask_)
        finishTask_ = thread_.startTimer(0, [this] {
            finish();
            return false;
        });
}

void LiveConnection::finish() {
    callbacks_.print("<- closed " + std::to_string(endCode_));
    session_->detach(this, endCode_);
    callbacks_.closed(this); // destroys this
}

} // namespace lt::emulator
