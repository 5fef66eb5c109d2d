// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/enhanced_audio.h"

#include "lib/rtmp/byte_order.h"
#include "lib/rtmp/printable.h"

namespace lt::rtmp {

namespace {

constexpr unsigned kMultitrack = 5;
constexpr unsigned kModEx = 7;

enum TrackForm : unsigned { kOneTrack = 0, kManyTracks = 1, kManyTracksManyCodecs = 2 };

/// Takes bytes off the front; once there are too few it fails for good.
class Cursor {
public:
    explicit Cursor(Bytes bytes) : bytes_(bytes) {}

    unsigned number(std::size_t count) {
        unsigned value = 0;
        for (const std::uint8_t byte : take(count))
            value = value << 8 | byte;
        return value;
    }
    std::array<char, 4> letters() {
        std::array<char, 4> text{};
        const Bytes from = take(4);
        std::copy(from.begin(), from.end(), text.begin());
        return text;
    }
    Bytes take(std::size_t count) {
        failed_ = failed_ || count > left();
        if (failed_)
            return {};
        at_ += count;
        return bytes_.subspan(at_ - count, count);
    }
    std::size_t at() const { return at_; }
    std::size_t left() const { return bytes_.size() - at_; }
    bool failed() const { return failed_; }

private:
    Bytes bytes_;
    std::size_t at_ = 0;
    bool failed_ = false;
};

/// Passes over extensions of the header; the packet type that follows them.
unsigned passExtensions(Cursor &cursor, unsigned packet) {
    while (packet == kModEx && !cursor.failed()) {
        constexpr std::size_t kEscape = 256;
        std::size_t size = cursor.number(1) + 1;
        if (size == kEscape)
            size = cursor.number(2) + 1;
        cursor.take(size);
        packet = cursor.number(1) & 0x0f; // the high half says what the extension was
    }
    return packet;
}

/// Finds track 0 among several.
void findTrack(Cursor &cursor, unsigned form, EnhancedAudio &audio) {
    audio.otherTrack = true;
    while (cursor.left() > 0 && !cursor.failed()) {
        if (form == kManyTracksManyCodecs)
            audio.fourCc = cursor.letters();
        const bool first = cursor.number(1) == 0;
        const std::size_t size = form == kOneTrack ? cursor.left() : cursor.number(3);
        if (first) {
            audio.otherTrack = false;
            audio.from = cursor.at();
            audio.size = size;
        }
        cursor.take(size);
        if (first || form == kOneTrack)
            return;
    }
}

} // namespace

std::string EnhancedAudio::codec() const {
    return printable(std::string_view(fourCc.data(), fourCc.size()), fourCc.size());
}

std::optional<EnhancedAudio> EnhancedAudio::parse(Bytes message) {
    Cursor cursor(message);
    EnhancedAudio audio;
    unsigned packet = passExtensions(cursor, cursor.number(1) & 0x0f);
    const bool several = packet == kMultitrack;
    unsigned form = kOneTrack;
    if (several) {
        const unsigned both = cursor.number(1);
        form = both >> 4;
        packet = both & 0x0f;
    }
    if (form > kManyTracksManyCodecs || packet > 4 || packet == 3)
        return std::nullopt;
    audio.packet = static_cast<Packet>(packet);
    if (form != kManyTracksManyCodecs)
        audio.fourCc = cursor.letters();
    if (several) {
        findTrack(cursor, form, audio);
    } else {
        audio.from = cursor.at();
        audio.size = cursor.left();
    }
    if (cursor.failed())
        return std::nullopt;
    return audio;
}

} // namespace lt::rtmp
