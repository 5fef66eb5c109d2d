// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/gladia_socket.h"

#include "elements/gladiasink/connect_failure.h"

#include <utility>

namespace lt::gladia {

namespace {

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

/// Nothing but the time of reading hangs on it: what looks like one and is none comes a little later.
bool isAcknowledgement(std::string_view text) {
    constexpr std::size_t kLongest = 400;
    return text.size() <= kLongest && text.find("\"audio_chunk\"") != text.npos;
}

} // namespace

GladiaSocket::GladiaSocket(const Context &context, ws::Client::Settings settings, ConnectionId id)
    : context_(context), id_(id), client_(std::move(settings), *this) {}

void GladiaSocket::connect(const std::string &url) {
    const std::size_t query = url.find('?');
    token_ = query == std::string::npos ? std::string() : url.substr(query + 1);
    client_.connect(url);
}

void GladiaSocket::sendAudio(const AudioBlock &block) {
    if (!block.buffer)
        return client_.sendFill(silenceOf(block.format.encoding), block.bytes);
    const BufferMap map(block.buffer.get());
    if (map.ok() && block.offset + block.bytes <= map.size())
        client_.send(ws::Opcode::Binary,
                     {reinterpret_cast<const char *>(map.data()) + block.offset, block.bytes});
}

bool GladiaSocket::close(unsigned code, const std::string &reason) {
    return client_.close(static_cast<std::uint16_t>(code), reason);
}

void GladiaSocket::onFailed(ws::ConnectFailure why) {
    Failure failure;
    if (why.status != 0)
        failure = failureOfUpgrade(why.status, clean(std::move(why.text)));
    else
        failure = connectFailure(
            {why.dial.value_or(net::DialFailure::Kind::Unreachable), quotable(clean(std::move(why.text)))});
    context_.listener.onAttemptFailed(id_, std::move(failure));
}

void GladiaSocket::onMessage(ws::Opcode type, std::string_view payload) {
    if (isAcknowledgement(payload))
        client_.mayWait(payload.size());
    // The service sends text only; binary is handed on too, to be counted as malformed.
    context_.listener.onReceived(id_, type == ws::Opcode::Text ? payload : std::string_view());
}

void GladiaSocket::onClosed(std::uint16_t code, std::string_view reason) {
    context_.listener.onClosed(id_, code, clean(std::string(reason)));
}

std::string GladiaSocket::clean(std::string text) const {
    return redacted(redacted(std::move(text), context_.apiKey), token_);
}

} // namespace lt::gladia
