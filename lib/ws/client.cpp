// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/ws/client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace lt::ws {

namespace {

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr int kReadsPerTurn = 16; // others want to be heard, too
/// A peer that asks without end and takes no answers gets none.
constexpr std::size_t kMaxForPongs = 64 * 1024;
/// What a frame of a server, and a record of TLS 1.3, add to a short message.
constexpr std::size_t kFrameHead = 4, kRecordHead = 22;

struct UriUnref {
    void operator()(GUri *uri) const noexcept { g_uri_unref(uri); }
};

/// What a ws address says.
struct Address {
    net::DialTarget dial;
    std::string host; ///< for the Host header
    std::string target;
};

bool isPrintable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return g_ascii_isgraph(c); });
}

std::optional<Address> parse(const std::string &url) {
    const std::unique_ptr<GUri, UriUnref> uri(g_uri_parse(
        url.c_str(), static_cast<GUriFlags>(G_URI_FLAGS_ENCODED | G_URI_FLAGS_SCHEME_NORMALIZE), nullptr));
    if (!uri)
        return std::nullopt;
    const std::string scheme = g_uri_get_scheme(uri.get());
    const gchar *host = g_uri_get_host(uri.get());
    const CharPtr name(host ? g_hostname_to_ascii(host) : nullptr);
    if ((scheme != "ws" && scheme != "wss") || !name || !*name)
        return std::nullopt;
    Address address;
    address.dial.encrypted = scheme == "wss";
    const int usual = address.dial.encrypted ? 443 : 80;
    const int port = g_uri_get_port(uri.get()) > 0 ? g_uri_get_port(uri.get()) : usual;
    address.dial.host = name.get();
    address.dial.port = static_cast<std::uint16_t>(port);
    const bool isIpv6 = address.dial.host.find(':') != std::string::npos;
    address.host = isIpv6 ? "[" + address.dial.host + "]" : address.dial.host;
    if (port != usual)
        (address.host += ':') += std::to_string(port);
    const gchar *path = g_uri_get_path(uri.get());
    const gchar *query = g_uri_get_query(uri.get());
    address.target = *path ? path : "/";
    if (query)
        address.target += std::string("?") + query;
    return isPrintable(address.host) && isPrintable(address.target) ? std::optional(std::move(address))
                                                                    : std::nullopt;
}

} // namespace

Client::Client(Settings settings, ClientListener &listener)
    : settings_(std::move(settings)),
      listener_(listener),
      self_(std::make_shared<Client *>(this)),
      parser_(Sender::Server, settings_.maxMessage),
      gathered_(settings_.loop, [this] { onReady(EPOLLIN); }) {}

Client::~Client() {
    settings_.loop->cancelTimer(goodbye_);
    settings_.loop->unwatch(watch_);
}

// ---- connecting

void Client::connect(const std::string &url) {
    state_ = State::Dialling;
    auto address = parse(url);
    if (!address) {
        // Not from inside.
        settings_.loop->post([self = std::weak_ptr(self_)] {
            if (const auto client = self.lock())
                (*client)->fail({{}, 0, "That is no address of a WebSocket."});
        });
        return;
    }
    host_ = std::move(address->host);
    target_ = std::move(address->target);
    address->dial.authorities = retain(settings_.authorities.get());
    // On the dialler's thread; what the token guards is looked at on the loop only.
    auto done = [loop = settings_.loop, self = std::weak_ptr(self_)](net::Dial::Outcome outcome) {
        loop->post([self, outcome = std::make_shared<net::Dial::Outcome>(std::move(outcome))] {
            if (const auto client = self.lock())
                (*client)->onDialled(std::move(*outcome));
        });
    };
    dial_ = std::make_unique<net::Dial>(settings_.dialler, std::move(address->dial), std::move(done));
}

void Client::onDialled(net::Dial::Outcome outcome) {
    if (state_ != State::Dialling)
        return;
    dial_.reset();
    if (auto *failure = std::get_if<net::DialFailure>(&outcome))
        return fail({failure->kind, 0, std::move(failure->text)});
    start(std::move(std::get<net::Dialled>(outcome)), std::exchange(host_, {}), std::exchange(target_, {}));
}

void Client::start(net::Dialled connection, std::string_view host, std::string_view target) {
    fd_ = std::move(connection.fd);
    stream_ = std::move(connection.stream);
    const int on = 1;
    // A chunk of audio does not wait for the acknowledgement of the one before.
    setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ClientHandshake::Nonce nonce;
    secureRandom(nonce.data(), nonce.size());
    handshake_ = std::make_unique<ClientHandshake>(host, target, settings_.userAgent, nonce);
    outlet_.open(fd_.get(), stream_.get());
    outlet_.append(handshake_->request());
    state_ = State::Shaking;
    watch_ = settings_.loop->watch(fd_.get(), EPOLLIN, this);
    flush();
    // TLS may have read more than its handshake.
    if (stream_)
        onReady(EPOLLIN);
}

bool Client::shake(std::string_view &bytes) {
    switch (handshake_->consume(bytes)) {
    case ClientHandshake::State::Reading:
        break;
    case ClientHandshake::State::Done:
        handshake_.reset();
        state_ = State::Open;
        outlet_.begin();
        listener_.onOpened();
        break;
    case ClientHandshake::State::Refused:
        fail({{}, handshake_->status(), handshake_->reason()});
        break;
    case ClientHandshake::State::Broken:
        fail({{}, 0, handshake_->reason()});
        break;
    }
    return state_ == State::Open || state_ == State::Closing; // may have been closed by the listener
}

// ---- in

void Client::onReady(std::uint32_t events) {
    if (events & EPOLLOUT)
        flush();
    if (!(events & ~EPOLLOUT) || state_ == State::Gone)
        return;
    for (int i = 0; i < kReadsPerTurn && state_ != State::Gone; i++)
        if (!readSome())
            return;
    // What the stream has read for us no event announces any more.
    if (state_ != State::Gone && stream_ && stream_->pending())
        settings_.loop->post([self = std::weak_ptr(self_)] {
            if (const auto client = self.lock())
                (*client)->onReady(EPOLLIN);
        });
}

/// True when there may be more.
bool Client::readSome() {
    std::array<char, kReadBytes> buffer;
    const ssize_t got = stream_ ? outlet_.receive(buffer.data(), buffer.size())
                                : ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (got <= 0) {
        broken(got == 0 ? "The peer ended the connection." : g_strerror(errno));
        return false;
    }
    const auto size = static_cast<std::size_t>(got);
    return consume({buffer.data(), size}) && (size == buffer.size() || (stream_ && stream_->pending()));
}

/// False when the connection is of no more use.
bool Client::consume(std::string_view bytes) {
    if (state_ == State::Shaking && !shake(bytes))
        return state_ == State::Shaking;
    if (const auto error = parser_.consume(bytes, *this); error && !silent_) {
        sayGoodbye(closePayload(error->code, error->reason));
        reportClose(closecode::kAbnormal, std::string("The peer broke the protocol: ") + error->reason);
    }
    return state_ != State::Gone;
}

void Client::mayWait(std::size_t payloadBytes) {
    if (state_ == State::Open)
        gathered_.mayWait(fd_.get(), payloadBytes + kFrameHead + (stream_ ? kRecordHead : 0));
}

void Client::onMessage(Opcode type, std::string_view payload) {
    if (!silent_)
        listener_.onMessage(type, payload);
}

void Client::onPing(std::string_view payload) {
    if (state_ != State::Open || outlet_.pending() > kMaxForPongs)
        return;
    outlet_.append(Opcode::Pong, payload);
    flush();
}

void Client::onPong(std::string_view) {
    if (!silent_)
        listener_.onPong();
}

void Client::onClose(std::optional<std::uint16_t> code, std::string_view reason) {
    peerClosed_ = true;
    if (state_ == State::Closing) {
        flush(); // gone when everything has left
        return;
    }
    sayGoodbye(code ? closePayload(*code, "") : std::string());
    reportClose(code.value_or(closecode::kNoStatus), reason);
}

// ---- out

void Client::send(Opcode type, std::string_view payload) {
    outlet_.append(type, payload);
}

void Client::sendFill(std::uint8_t byte, std::size_t size) {
    outlet_.appendFill(byte, size);
}

bool Client::flushNow() {
    return outlet_.flush();
}

void Client::ping() {
    send(Opcode::Ping, {});
    flush();
}

void Client::flush() {
    if (!fd_)
        return;
    const bool left = !outlet_.flush();
    if (left != awaitsSpace_) {
        awaitsSpace_ = left;
        settings_.loop->modify(watch_, left ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }
    if (state_ == State::Closing && peerClosed_ && !left)
        ::shutdown(fd_.get(), SHUT_WR);
}

// ---- the end

/// Whatever is to be said has been said; the rest is the closing handshake.
void Client::sayGoodbye(std::string_view payload) {
    outlet_.appendLast(Opcode::Close, payload);
    state_ = State::Closing;
    gathered_.end();
    flush();
    goodbye_ = settings_.loop->startTimer(kGoodbye, [this] {
        goodbye_ = 0;
        gone();
    });
}

bool Client::close(std::uint16_t code, std::string_view reason) {
    silent_ = true;
    if (state_ == State::Open)
        sayGoodbye(closePayload(code, reason));
    if (state_ == State::Closing)
        return false;
    release();
    return true;
}

void Client::fail(ConnectFailure failure) {
    if (std::exchange(silent_, true))
        return;
    release();
    listener_.onFailed(std::move(failure));
}

void Client::reportClose(std::uint16_t code, std::string_view reason) {
    if (!std::exchange(silent_, true))
        listener_.onClosed(code, reason);
}

void Client::broken(const std::string &why) {
    if (state_ == State::Shaking)
        return fail({{}, 0, why});
    reportClose(closecode::kAbnormal, why);
    gone();
}

void Client::gone() {
    if (state_ == State::Gone)
        return;
    release();
    silent_ = true;
    listener_.onGone();
}

void Client::release() {
    state_ = State::Gone;
    self_.reset();
    dial_.reset();
    settings_.loop->cancelTimer(std::exchange(goodbye_, 0));
    settings_.loop->unwatch(std::exchange(watch_, 0));
    gathered_.close();
    outlet_.close();
    stream_.reset();
    fd_.reset();
}

} // namespace lt::ws
