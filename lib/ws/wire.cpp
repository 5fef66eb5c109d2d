// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/ws/wire.h"

#include <cstring>

namespace lt::ws {

namespace {

constexpr int kFin = 0x80, kMasked = 0x80;
constexpr std::size_t kMaxMedium = 0xffff;
constexpr std::size_t kMaxHeader = 14;
constexpr std::size_t kMaxReason = kMaxControlPayload - 2;

void appendBigEndian(std::string &out, std::uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        out += static_cast<char>(value >> shift & 0xff);
}

} // namespace

void applyMask(char *bytes, std::size_t size, const MaskKey &key, std::uint64_t phase) {
    std::array<std::uint8_t, 8> turned;
    for (std::size_t i = 0; i < turned.size(); i++)
        turned[i] = key[(phase + i) & 3];
    std::uint64_t wide, word;
    std::memcpy(&wide, turned.data(), sizeof wide);
    std::size_t at = 0;
    for (; at + sizeof word <= size; at += sizeof word) {
        std::memcpy(&word, bytes + at, sizeof word);
        word ^= wide;
        std::memcpy(bytes + at, &word, sizeof word);
    }
    for (; at < size; at++)
        bytes[at] = static_cast<char>(static_cast<std::uint8_t>(bytes[at]) ^ turned[at & 7]);
}

void appendFrame(std::string &out, Opcode opcode, std::string_view payload,
                 const std::optional<MaskKey> &key) {
    const int masked = key ? kMasked : 0;
    out.reserve(out.size() + kMaxHeader + payload.size());
    out += static_cast<char>(kFin | static_cast<int>(opcode)); // nothing of ours is fragmented
    if (payload.size() <= kMaxControlPayload) {
        out += static_cast<char>(masked | static_cast<int>(payload.size()));
    } else if (payload.size() <= kMaxMedium) {
        out += static_cast<char>(masked | 126);
        appendBigEndian(out, payload.size(), 2);
    } else {
        out += static_cast<char>(masked | 127);
        appendBigEndian(out, payload.size(), 8);
    }
    if (key)
        out.append(reinterpret_cast<const char *>(key->data()), key->size());
    const std::size_t begin = out.size();
    out += payload;
    if (key)
        applyMask(out.data() + begin, payload.size(), *key, 0);
}

std::string closePayload(std::uint16_t code, std::string_view reason) {
    std::size_t length = reason.size();
    if (length > kMaxReason) {
        length = kMaxReason;
        while (length > 0 && (static_cast<unsigned char>(reason[length]) & 0xc0) == 0x80)
            length--;
    }
    std::string payload;
    appendBigEndian(payload, code, 2);
    payload += reason.substr(0, length);
    return payload;
}

} // namespace lt::ws
