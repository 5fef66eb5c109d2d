// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/rtmp_publisher.h"

#include "lib/rtmp/byte_order.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace lt::support {

using namespace rtmp;

namespace {

constexpr std::size_t kPacket = 1536;
constexpr std::uint32_t kChunkSize = 4096;

[[noreturn]] void die(const char *what) {
    std::perror(what);
    std::abort();
}

/// One frame of stereo silence in AAC-LC.
const Raw kSilence = {0xaf, 0x01, 0x21, 0x10, 0x04, 0x60, 0x8c, 0x1c};
const Raw kConfig = {0xaf, 0x00, 0x12, 0x10};

} // namespace

RtmpPublisher::RtmpPublisher(std::uint16_t port, int receiveBuffer, const std::string &host)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), reader_(*this, limits_) {
    if (receiveBuffer > 0)
        setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receiveBuffer, sizeof receiveBuffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
        die("not a numeric IPv4 address");
    if (::connect(fd_.get(), reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
        die("connect to the server under test");
    const int on = 1;
    setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void RtmpPublisher::sendRaw(const Raw &bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
        const ssize_t count = send(fd_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return; // seen when reading
        sent += static_cast<std::size_t>(count);
    }
}

long RtmpPublisher::sendSome(const Raw &bytes) {
    const ssize_t count = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return count < 0 && errno == EAGAIN ? 0 : count;
}

bool RtmpPublisher::readMore(int timeoutMs) {
    pollfd waiting{fd_.get(), POLLIN, 0};
    if (poll(&waiting, 1, timeoutMs) <= 0)
        return false;
    std::uint8_t buffer[16384];
    const ssize_t count = recv(fd_.get(), buffer, sizeof buffer, 0);
    if (count <= 0) {
        reset_ = count < 0;
        return false;
    }
    const Bytes bytes(buffer, static_cast<std::size_t>(count));
    if (!chunks_)
        raw_.insert(raw_.end(), bytes.begin(), bytes.end());
    else if (!reader_.feed(bytes, TimePoint()))
        std::fprintf(stderr, "# the server broke the protocol: %s\n", reader_.error().data());
    return true;
}

bool RtmpPublisher::readExactly(std::size_t count) {
    while (raw_.size() < count) {
        if (!readMore())
            return false;
    }
    return true;
}

void RtmpPublisher::readAvailable() {
    while (readMore(0)) {
    }
}

bool RtmpPublisher::handshake() {
    Raw hello(1 + kPacket, 0x55);
    hello[0] = 3;
    std::fill_n(hello.begin() + 1, 8, 0);
    sendRaw(hello);
    if (!readExactly(1 + 2 * kPacket))
        return false;
    sendRaw(Raw(raw_.begin() + 1, raw_.begin() + 1 + kPacket));
    const Raw rest(raw_.begin() + 1 + 2 * kPacket, raw_.end());
    chunks_ = true;
    return reader_.feed(rest, TimePoint());
}

void RtmpPublisher::command(const Raw &body, std::uint32_t messageStream) {
    Raw out;
    writer_.write(out, {.chunkStream = 3, .type = kCommand, .messageStream = messageStream}, body);
    sendRaw(out);
}

void RtmpPublisher::message(const MessageHeader &header, Block body) {
    const Bytes bytes = body.bytes();
    if (header.type == kSetChunkSize && bytes.size() >= 4) {
        reader_.setChunkSize(readU32(bytes.data()));
    } else if (header.type == kAcknowledgement && bytes.size() >= 4) {
        acknowledged_ = readU32(bytes.data());
    } else if (header.type == kCommand) {
        AmfReader amf(bytes, limits_);
        Command command;
        command.name = amf.next().value_or(AmfValue()).text;
        command.transaction = amf.next().value_or(AmfValue()).number;
        amf.next();
        const auto info = amf.next().value_or(AmfValue());
        command.number = info.number;
        command.code = info.memberText("code");
        command.description = info.memberText("description");
        commands_.push_back(command);
    }
}

bool RtmpPublisher::awaitResult(double transaction, Command &result) {
    for (;;) {
        for (const auto &command : commands_) {
            if (command.name == "_result" && command.transaction == transaction) {
                result = command;
                return true;
            }
        }
        if (!readMore())
            return false;
    }
}

bool RtmpPublisher::connect(const std::string &app) {
    Raw size;
    appendBig(size, kChunkSize, 4);
    Raw out;
    writer_.write(out, {.chunkStream = 2, .type = kSetChunkSize}, size);
    writer_.setChunkSize(kChunkSize);
    sendRaw(out);
    Raw body;
    AmfWriter amf(body);
    amf.string("connect").number(1).beginObject();
    amf.key("app").string(app).key("flashVer").string("test publisher").endObject();
    command(body);
    Raw create;
    AmfWriter(create).string("createStream").number(2).null();
    command(create);
    Command result;
    if (!awaitResult(2, result))
        return false;
    messageStream_ = static_cast<std::uint32_t>(result.number);
    return true;
}

void RtmpPublisher::requestPublish(const std::string &name) {
    Raw body;
    AmfWriter(body).string("publish").number(3).null().string(name).string("live");
    command(body, messageStream_);
}

PublishVerdict RtmpPublisher::awaitVerdict() {
    PublishVerdict verdict;
    bool open = true;
    for (;;) {
        for (const auto &command : commands_) {
            if (command.name != "onStatus" && command.name != "_error")
                continue;
            if (verdict.codes.empty()) {
                verdict.code = command.code;
                verdict.description = command.description;
                verdict.accepted = command.code == "NetStream.Publish.Start";
            }
            verdict.codes.push_back(command.code);
        }
        commands_.clear();
        if (verdict.accepted || !open)
            break;
        open = readMore();
    }
    verdict.reset = reset_;
    return verdict;
}

PublishVerdict RtmpPublisher::publish(const std::string &app, const std::string &name) {
    if (!handshake() || !connect(app))
        return {.reset = reset_};
    requestPublish(name);
    return awaitVerdict();
}

void RtmpPublisher::sendMessage(std::uint8_t type, std::uint32_t timestamp, const Raw &body,
                                std::uint32_t chunkStream) {
    Raw out;
    writer_.write(
        out,
        {.chunkStream = chunkStream, .timestamp = timestamp, .type = type, .messageStream = messageStream_},
        body);
    sendRaw(out);
}

void RtmpPublisher::sendConfig(std::uint32_t timestamp) {
    sendMessage(kAudio, timestamp, kConfig);
}

void RtmpPublisher::sendFrame(std::uint32_t timestamp) {
    sendMessage(kAudio, timestamp, kSilence);
}

void RtmpPublisher::sendFrames(unsigned count, std::uint32_t first) {
    for (unsigned i = 0; i < count; i++)
        sendFrame(first + static_cast<std::uint32_t>(std::uint64_t(i) * kSamplesPerFrame * 1000 / kRate));
}

void RtmpPublisher::unpublish() {
    Raw body;
    AmfWriter(body).string("FCUnpublish").number(4).null().string("x");
    command(body);
    body.clear();
    AmfWriter(body).string("deleteStream").number(5).null().number(messageStream_);
    command(body);
    shutdown(fd_.get(), SHUT_WR);
    bool reset;
    readToEnd(reset);
    drop();
}

void RtmpPublisher::drop() {
    fd_.reset();
}

Raw RtmpPublisher::readToEnd(bool &reset) {
    while (readMore()) {
    }
    reset = reset_;
    return std::exchange(raw_, {});
}

} // namespace lt::support
