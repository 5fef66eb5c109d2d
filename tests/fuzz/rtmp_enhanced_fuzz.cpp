// SPDX-License-Identifier: LGPL-2.1-or-later
// Audio messages. The first byte chooses whether Opus is taken; then messages, each behind its length (two
// bytes). What a track lets through lies inside the message and is what its format says.
#include "lib/rtmp/audio_track.h"
#include "lib/rtmp/byte_order.h"
#include "tests/fuzz/fuzz_target.h"

#include <cstdio>
#include <cstdlib>

using namespace lt::rtmp;

namespace {

[[noreturn]] void fail(const char *what) {
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

void checkHeader(Bytes message) {
    const auto header = EnhancedAudio::parse(message);
    if (!header)
        return;
    if (!header->otherTrack &&
        (header->from > message.size() || header->size > message.size() - header->from))
        fail("a payload outside of its message");
    for (const char letter : header->codec()) {
        if (letter < ' ' || letter > '~')
            fail("a codec's name that cannot be printed");
    }
}

void checkTrack(AudioTrack &track, Bytes message) {
    using Verdict = AudioTrack::Verdict;
    const auto before = track.format();
    Block body(message.size());
    body.append(message);
    const Verdict verdict = track.look(body);
    if (verdict == Verdict::Unsupported && track.unsupported().empty())
        fail("refused without a name");
    if (verdict == Verdict::Malformed && track.format() != before)
        fail("malformed, and taken");
    if (verdict != Verdict::Frame && verdict != Verdict::Config)
        return;
    if (!track.format() || track.format()->channels == 0 || track.format()->rate == 0)
        fail("a frame without a format");
    if (body.size() <= track.headerBytes() || body.size() > message.size() + 2)
        fail("a frame of the wrong length");
    if (before && before->codec != track.format()->codec)
        fail("a codec that changes");
    track.format()->samplesIn(body.bytes().subspan(track.headerBytes()));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    if (size == 0)
        return 0;
    AudioTrack track;
    track.takeOpus(data[0] & 1);
    for (Bytes rest(data + 1, size - 1); rest.size() > 2;) {
        const auto length = std::min<std::size_t>(readU16(rest.data()), rest.size() - 2);
        const Bytes message = rest.subspan(2, length);
        checkHeader(message);
        checkTrack(track, message);
        rest = rest.subspan(2 + length);
    }
    return 0;
}
