// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/audio_track.h"
#include "lib/rtmp/flv.h"

#include <cstdlib>
#include <vector>

#include <glib.h>

using namespace lt::rtmp;
using Raw = std::vector<std::uint8_t>;

namespace {

Block blockOf(const Raw &bytes) {
    Block block(bytes.size());
    block.append(bytes);
    return block;
}

} // namespace

static void a_tag_is_written_around_its_body() {
    Block body = blockOf({0xaf, 1, 2});
    const auto *place = body.data();
    const auto tag = makeFlvTag(8, 0x12345678, std::move(body));
    const Raw expected = {8, 0, 0, 3, 0x34, 0x56, 0x78, 0x12, 0, 0, 0, 0xaf, 1, 2, 0, 0, 0, 14};
    g_assert_true(Raw(tag.region + tag.start, tag.region + tag.start + tag.size) == expected);
    g_assert_true(tag.region + tag.start + 11 == place);
    std::free(tag.region);
    Block cut = blockOf({1, 2, 3, 4, 5});
    cut.trimFront(3);
    const auto shorter = makeFlvTag(18, 0, std::move(cut));
    g_assert_cmpuint(shorter.start, ==, 3);
    g_assert_cmpuint(shorter.region[shorter.start + 11], ==, 4);
    std::free(shorter.region);
    const auto header = flvHeader(true, false);
    g_assert_true(Raw(header.begin(), header.end()) == (Raw{'F', 'L', 'V', 1, 4, 0, 0, 0, 9, 0, 0, 0, 0}));
}

static void configurations_are_checked() {
    const auto lc = AudioFormat::ofAac(Raw{0x12, 0x10, 0x56, 0xe5, 0x00});
    g_assert_true(lc->codecData == (Raw{0x12, 0x10, 0x56, 0xe5, 0x00}));
    g_assert_cmpuint(lc->rate, ==, 44100);
    g_assert_cmpuint(lc->channels, ==, 2);
    g_assert_cmpuint(AudioFormat::ofAac(Raw{0x11, 0x90})->rate, ==, 48000);
    const auto explicitRate = AudioFormat::ofAac(Raw{0x17, 0x80, 0x1f, 0x40, 0x08});
    g_assert_cmpuint(explicitRate->rate, ==, 16000);
    g_assert_cmpuint(explicitRate->channels, ==, 1);
    for (const auto &bad : {Raw{}, Raw{0x12}, Raw{0x16, 0x90}, Raw{0x12, 0x00}, Raw{0x02, 0x10},
                            Raw{0x12, 0x78}, Raw{0xff, 0xff, 0xff, 0xff, 0xff}})
        g_assert_false(AudioFormat::ofAac(bad).has_value());
}

static void other_codecs_say_what_they_are_themselves() {
    const auto mp3 = AudioFormat::ofMp3(Raw{0xff, 0xfb, 0x90, 0x00});
    g_assert_cmpuint(mp3->rate, ==, 44100);
    g_assert_cmpuint(mp3->channels, ==, 2);
    g_assert_cmpuint(mp3->samplesIn({}), ==, 1152);
    const auto slow = AudioFormat::ofMp3(Raw{0xff, 0xf3, 0x90, 0xc4}); // MPEG-2, mono
    g_assert_cmpuint(slow->rate, ==, 22050);
    g_assert_cmpuint(slow->channels, ==, 1);
    g_assert_cmpuint(slow->samplesIn({}), ==, 576);
    for (const auto &bad : {Raw{}, Raw{0xff, 0xfb, 0x90}, Raw{0xff, 0xfb, 0x9c, 0}, Raw{0xff, 0xfb, 0xf0, 0},
                            Raw{0xff, 0xeb, 0x90, 0}, Raw{0xff, 0xfd, 0x90, 0}, Raw{0x12, 0x10, 0, 0}})
        g_assert_false(AudioFormat::ofMp3(bad).has_value());
    Raw head = {'O', 'p', 'u', 's', 'H', 'e', 'a', 'd', 1, 2, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0};
    g_assert_cmpuint(AudioFormat::ofOpus(head)->channels, ==, 2);
    head[9] = 3;
    g_assert_false(AudioFormat::ofOpus(head).has_value());
    head.resize(18);
    g_assert_false(AudioFormat::ofOpus(head).has_value());
    const auto packet = AudioFormat::ofOpusPacket(Raw{0xfc, 1, 2}); // CELT, 20 ms, stereo
    g_assert_cmpuint(packet->channels, ==, 2);
    g_assert_cmpuint(packet->samplesIn(Raw{0xfc, 1}), ==, 960);
    g_assert_cmpuint(packet->samplesIn(Raw{0x18, 1}), ==, 2880);    // SILK, 60 ms
    g_assert_cmpuint(packet->samplesIn(Raw{0xff, 0x03}), ==, 2880); // three of 20 ms
    g_assert_cmpuint(packet->samplesIn(Raw{0xff, 0x3f}), ==, 0);    // 1.26 s: not allowed
    g_assert_cmpuint(packet->samplesIn(Raw{0xff}), ==, 0);
}

static AudioTrack::Verdict lookAt(AudioTrack &track, const Raw &message, Raw *left = nullptr) {
    Block block = blockOf(message);
    const auto verdict = track.look(block);
    if (left)
        left->assign(block.bytes().begin(), block.bytes().end());
    return verdict;
}

static void enhanced_forms_become_legacy_ones() {
    using Verdict = AudioTrack::Verdict;
    AudioTrack track;
    Raw left;
    g_assert_true(lookAt(track, {0x90, 'm', 'p', '4', 'a', 0x12, 0x10}, &left) == Verdict::Config);
    g_assert_true(left == (Raw{0xaf, 0, 0x12, 0x10}));
    g_assert_true(lookAt(track, {0x91, 'm', 'p', '4', 'a', 0x21}, &left) == Verdict::Frame);
    g_assert_true(left == (Raw{0xaf, 1, 0x21}));
    for (const auto &ignored : {Raw{0x92, 'm', 'p', '4', 'a'}, Raw{0x94, 'm', 'p', '4', 'a', 1},
                                Raw{0x91, 'O', 'p', 'u', 's', 1}, Raw{0x2f, 1}, Raw{0x72, 1}, Raw{0xbf, 1}})
        g_assert_true(lookAt(track, ignored) == Verdict::Ignored);
    for (const auto &malformed : {Raw{0x90}, Raw{0x91, 'm', 'p', '4'}, Raw{0x9f, 0}, Raw{0xaf, 7, 1},
                                  Raw{0x95, 1, 2}, Raw{0x97, 0, 0}})
        g_assert_true(lookAt(track, malformed) == Verdict::Malformed);
    AudioTrack mp3;
    g_assert_true(lookAt(mp3, {0x90, '.', 'm', 'p', '3'}) == Verdict::Ignored);
    g_assert_true(lookAt(mp3, {0x91, '.', 'm', 'p', '3', 0xff, 0xfb, 0x90, 0, 1}, &left) == Verdict::Frame);
    g_assert_true(left == (Raw{0x2f, 0xff, 0xfb, 0x90, 0, 1}));
    g_assert_true(lookAt(mp3, {0x2e, 0xff, 0xfb, 0x90, 0, 2}) == Verdict::Frame);
}

static void envelopes_are_taken_off() {
    const Raw cases[] = {
        {0x97, 2, 9, 9, 9, 0x00, 'm', 'p', '4', 'a', 0x12, 0x10},       // an extension of three bytes
        {0x97, 0, 9, 0x07, 0, 8, 0x00, 'm', 'p', '4', 'a', 0x12, 0x10}, // two
        {0x97, 255, 0, 0, 9, 0x00, 'm', 'p', '4', 'a', 0x12, 0x10},     // its length in the long form
        {0x95, 0x00, 'm', 'p', '4', 'a', 0, 0x12, 0x10},                // one track
        {0x95, 0x10, 'm', 'p', '4', 'a', 1, 0, 0, 1, 7, 0, 0, 0, 2, 0x12, 0x10}, // the second of many
        {0x95, 0x20, 'O', 'p', 'u', 's', 3, 0, 0, 0, 'm', 'p', '4', 'a', 0, 0, 0, 2, 0x12, 0x10},
    };
    for (const auto &message : cases) {
        AudioTrack track;
        Raw left;
        g_assert_true(lookAt(track, message, &left) == AudioTrack::Verdict::Config);
        g_assert_true(left == (Raw{0xaf, 0, 0x12, 0x10}));
        for (std::size_t size = 1; size < message.size() - 1; size++) {
            AudioTrack other; // cut short: nothing, but no crash
            lookAt(other, Raw(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(size)));
        }
    }
    AudioTrack track;
    g_assert_true(lookAt(track, {0x95, 0x01, 'm', 'p', '4', 'a', 5, 1, 2}) == AudioTrack::Verdict::Ignored);
    g_assert_true(lookAt(track, {0x95, 0x31, 'm', 'p', '4', 'a', 0}) == AudioTrack::Verdict::Malformed);
    g_assert_true(lookAt(track, {0x95, 0x11, 'm', 'p', '4', 'a', 0, 0xff, 0xff, 0xff, 1}) ==
                  AudioTrack::Verdict::Malformed);
}

static void extensions_without_end_are_no_audio() {
    AudioTrack track;
    Raw message = {0x97};
    for (int i = 0; i < 100000; i++)
        message.insert(message.end(), {0, 9, 0x07});
    g_assert_true(lookAt(track, message) == AudioTrack::Verdict::Malformed);
}

static void opus_is_taken_where_it_is_wanted() {
    using Verdict = AudioTrack::Verdict;
    const Raw head = {0x90, 'O', 'p', 'u', 's', 'O',  'p',  'u', 's', 'H', 'e', 'a',
                      'd',  1,   1,   0,   0,   0x80, 0xbb, 0,   0,   0,   0,   0};
    AudioTrack track;
    track.takeOpus(true);
    Raw left;
    g_assert_true(lookAt(track, head) == Verdict::Config);
    g_assert_cmpuint(track.format()->codecData.size(), ==, 19);
    const auto format = track.format();
    g_assert_true(lookAt(track, {0x91, 'O', 'p', 'u', 's', 0xf8, 1, 2}, &left) == Verdict::Frame);
    g_assert_true(left == (Raw{0xf8, 1, 2}));
    g_assert_cmpuint(track.headerBytes(), ==, 0);
    g_assert_true(lookAt(track, head) == Verdict::Config && track.format() == format);
    g_assert_true(lookAt(track, {0x91, 'O', 'p', 'u', 's'}) == Verdict::Silence);
    AudioTrack bare; // no header was sent
    bare.takeOpus(true);
    g_assert_true(lookAt(bare, {0x91, 'O', 'p', 'u', 's', 0xfc, 1, 2}) == Verdict::Frame);
    g_assert_cmpuint(bare.format()->channels, ==, 2);
    AudioTrack flv;
    g_assert_true(lookAt(flv, head) == Verdict::Unsupported);
    g_assert_true(flv.unsupported() == "Opus");
}

static void g711_is_eight_kilohertz_whatever_its_bits_say() {
    AudioTrack track;
    g_assert_true(lookAt(track, {0x7e, 1, 2}) == AudioTrack::Verdict::Frame);
    g_assert_cmpuint(track.format()->rate, ==, 8000);
    g_assert_cmpuint(track.format()->channels, ==, 1);
    g_assert_cmpuint(track.format()->samplesIn(Raw(160, 0)), ==, 160);
    g_assert_true(lookAt(track, {0x8e, 1, 2}) == AudioTrack::Verdict::Ignored);
}

static void a_bad_configuration_does_not_replace_a_good_one() {
    AudioTrack track;
    Block good = blockOf({0xaf, 0, 0x12, 0x10}), bad = blockOf({0xaf, 0, 0, 0}), empty = blockOf({0xaf, 0});
    g_assert_true(track.look(good) == AudioTrack::Verdict::Config);
    g_assert_true(track.look(bad) == AudioTrack::Verdict::Malformed);
    g_assert_true(track.look(empty) == AudioTrack::Verdict::Silence);
    g_assert_cmpuint(track.format()->rate, ==, 44100);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp/media/flv", a_tag_is_written_around_its_body);
    g_test_add_func("/rtmp/media/config", configurations_are_checked);
    g_test_add_func("/rtmp/media/codecs", other_codecs_say_what_they_are_themselves);
    g_test_add_func("/rtmp/media/enhanced", enhanced_forms_become_legacy_ones);
    g_test_add_func("/rtmp/media/envelopes", envelopes_are_taken_off);
    g_test_add_func("/rtmp/media/extensions", extensions_without_end_are_no_audio);
    g_test_add_func("/rtmp/media/opus", opus_is_taken_where_it_is_wanted);
    g_test_add_func("/rtmp/media/g711", g711_is_eight_kilohertz_whatever_its_bits_say);
    g_test_add_func("/rtmp/media/bad-config", a_bad_configuration_does_not_replace_a_good_one);
    return g_test_run();
}
