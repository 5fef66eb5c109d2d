// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/handshake.h"

#include "lib/rtmp/byte_order.h"

namespace lt::rtmp {

namespace {

constexpr std::uint8_t kVersion = 3;

/// The random part needs to differ between connections, no more.
std::uint64_t nextRandom(std::uint64_t &state) {
    state += 0x9e3779b97f4a7c15u;
    std::uint64_t mixed = (state ^ state >> 30) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
    return mixed ^ mixed >> 31;
}

} // namespace

bool Handshake::checkVersion(std::uint8_t version) {
    if (version == kVersion)
        return true;
    if (version == 6 || version == 8)
        error_ = "RTMPE is not supported";
    else if (version == 0x16)
        error_ = "not RTMP: a TLS client hello";
    else if (version == 'G' || version == 'P' || version == 'H' || version == 'O')
        error_ = "not RTMP: looks like an HTTP request";
    else
        error_ = "not RTMP";
    return false;
}

bool Handshake::feed(Bytes &bytes, std::vector<std::uint8_t> &out) {
    if (!error_.empty())
        return false;
    if (state_ == State::Version && !bytes.empty()) {
        if (!checkVersion(bytes.front()))
            return false;
        bytes = bytes.subspan(1);
        state_ = State::First;
    }
    if (state_ == State::First) {
        const Bytes piece = bytes.first(std::min(kPacket - received_, bytes.size()));
        std::copy(piece.begin(), piece.end(), first_.begin() + static_cast<std::ptrdiff_t>(received_));
        received_ += piece.size();
        bytes = bytes.subspan(piece.size());
        if (received_ < kPacket)
            return true;
        answer(out);
        received_ = 0;
        state_ = State::Second;
    }
    if (state_ == State::Second) {
        const std::size_t count = std::min(kPacket - received_, bytes.size());
        received_ += count;
        bytes = bytes.subspan(count);
        if (received_ == kPacket)
            state_ = State::Done;
    }
    return true;
}

void Handshake::answer(std::vector<std::uint8_t> &out) {
    out.push_back(kVersion);
    appendBig(out, timeMs_, 4);
    appendBig(out, 0, 4); // a version here would make some players look for a digest
    for (std::size_t i = 8; i < kPacket; i += 8) {
        const std::uint64_t random = nextRandom(seed_);
        appendBig(out, static_cast<std::uint32_t>(random >> 32), 4);
        appendBig(out, static_cast<std::uint32_t>(random), 4);
    }
    out.insert(out.end(), first_.begin(), first_.begin() + 4);
    appendBig(out, timeMs_, 4);
    out.insert(out.end(), first_.begin() + 8, first_.end());
}

} // namespace lt::rtmp
