// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/ack_scanner.h"

#include "elements/gladiasink/plain_json.h"

#include <cstdint>
#include <utility>

namespace lt::gladia {

namespace {

/// What of the message matters; a name that comes twice is unusual.
struct Ack {
    bool type = false, acknowledged = false, data = false, range = false;
    std::uint64_t start = 0, end = 0;

    bool readRange(PlainJson &json) {
        std::size_t size = 0;
        return !std::exchange(range, true) &&
               json.elements([&] { return size < 2 && json.count(size++ == 0 ? start : end); }) && size == 2;
    }
    bool readData(PlainJson &json) {
        return !std::exchange(data, true) && json.members([&](std::string_view name) {
            return name == "byte_range" ? readRange(json) : json.skip(1);
        });
    }
    bool readMember(PlainJson &json, std::string_view name) {
        if (name == "type") {
            std::string_view value;
            return !std::exchange(type, true) && json.string(value) && value == "audio_chunk";
        }
        if (name == "acknowledged")
            return !std::exchange(acknowledged, true) && json.literal("true");
        return name == "data" ? readData(json) : json.skip();
    }
};

} // namespace

std::optional<AudioAck> scanAudioAck(std::string_view text) {
    PlainJson json(text);
    Ack ack;
    const bool read =
        json.members([&](std::string_view name) { return ack.readMember(json, name); }) && json.end();
    if (!read || !ack.type || !ack.acknowledged || !ack.range || ack.end < ack.start)
        return std::nullopt;
    return AudioAck{ack.start, ack.end};
}

} // namespace lt::gladia
