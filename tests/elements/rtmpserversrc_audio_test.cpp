// SPDX-License-Identifier: LGPL-2.1-or-later
// rtmpserversrc output=audio: each codec with the caps a decoder needs.
#include "tests/elements/rtmpserversrc_rig.h"

#include <cstdlib>
#include <vector>

using namespace rtmpserversrc_test;

namespace {

void setAudio(Rig &rig) {
    gst_util_set_object_arg(G_OBJECT(rig.element), "output", "audio");
}

lt::CapsRef nextCaps(Rig &rig) {
    const auto event = rig.event(GST_EVENT_CAPS);
    GstCaps *caps = nullptr;
    gst_event_parse_caps(event.get(), &caps);
    return lt::CapsRef(gst_caps_ref(caps));
}

void assertCaps(Rig &rig, const char *expected) {
    const auto caps = nextCaps(rig);
    const lt::CapsRef wanted(gst_caps_from_string(expected));
    if (!gst_caps_is_equal(caps.get(), wanted.get())) {
        const lt::CharPtr text(gst_caps_to_string(caps.get()));
        g_error("%s instead of %s", text.get(), expected);
    }
}

Raw contentOf(const BufferRef &buffer) {
    const lt::BufferMap map(buffer.get());
    return {map.data(), map.data() + map.size()};
}

const Raw kOpusStart = {0x90, 'O', 'p', 'u', 's', 'O',  'p',  'u', 's', 'H', 'e', 'a',
                        'd',  1,   1,   0,   0,   0x80, 0xbb, 0,   0,   0,   0,   0};

} // namespace

static void aac_comes_without_its_envelope_and_counted_in_samples() {
    Rig rig;
    setAudio(rig);
    rig.play();
    RtmpPublisher publisher(rig.port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    publisher.sendFrames(200);
    GstClockTime expected = 0;
    for (int i = 0; i < 200; i++) {
        const auto buffer = rig.pull();
        g_assert_cmpuint(GST_BUFFER_DURATION(buffer.get()), ==, 1024 * GST_SECOND / 44100);
        const auto pts = GST_BUFFER_PTS(buffer.get());
        g_assert_cmpint(std::llabs(GST_CLOCK_DIFF(expected, pts)), <, GST_MSECOND);
        g_assert_true(GST_BUFFER_FLAG_IS_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT) == (i == 0));
        expected += GST_BUFFER_DURATION(buffer.get());
    }
    assertCaps(rig, "audio/mpeg,mpegversion=4,stream-format=raw,framed=true,rate=44100,channels=2,"
                    "codec_data=(buffer)1210");
    // Another configuration renegotiates before its first frame.
    publisher.sendMessage(8, 5000, {0xaf, 0, 0x11, 0x90});
    publisher.sendFrame(4644);
    rig.pull();
    assertCaps(rig, "audio/mpeg,mpegversion=4,stream-format=raw,framed=true,rate=48000,channels=2,"
                    "codec_data=(buffer)1190");
}

static void every_codec_has_its_caps() {
    struct Case {
        const char *caps;
        std::vector<Raw> messages;
        Raw payload;
        GstClockTime duration;
    };
    const Case cases[] = {
        {"audio/mpeg,mpegversion=1,layer=3,parsed=true,rate=44100,channels=2",
         {{0x2f, 0xff, 0xfb, 0x90, 0x00, 1}},
         {0xff, 0xfb, 0x90, 0x00, 1},
         1152 * GST_SECOND / 44100},
        {"audio/x-alaw,rate=8000,channels=1",
         {{0x7e, 1, 2, 3, 4, 5, 6, 7, 8}},
         {1, 2, 3, 4, 5, 6, 7, 8},
         GST_MSECOND},
        {"audio/x-mulaw,rate=8000,channels=1", {{0x8e, 9, 9, 9, 9, 9, 9, 9, 9}}, Raw(8, 9), GST_MSECOND},
        {"audio/x-opus,channel-mapping-family=0,rate=48000,channels=1",
         {kOpusStart, {0x91, 'O', 'p', 'u', 's', 0xf8, 7}},
         {0xf8, 7},
         20 * GST_MSECOND},
    };
    for (const auto &one : cases) {
        Rig rig;
        setAudio(rig);
        rig.play();
        RtmpPublisher publisher(rig.port());
        g_assert_true(publisher.publish("live", "demo").accepted);
        for (const auto &message : one.messages)
            publisher.sendMessage(8, 0, message);
        const auto buffer = rig.pull();
        g_assert_true(contentOf(buffer) == one.payload);
        g_assert_cmpuint(GST_BUFFER_DURATION(buffer.get()), ==, one.duration);
        assertCaps(rig, one.caps);
        publisher.unpublish();
        rig.event(GST_EVENT_EOS);
    }
}

static void a_publisher_that_comes_back_with_the_same_audio_needs_no_new_caps() {
    Rig rig;
    setAudio(rig);
    rig.play();
    for (int i = 0; i < 2; i++) {
        RtmpPublisher publisher(rig.port());
        g_assert_true(publisher.publish("live", "demo").accepted);
        publisher.sendConfig();
        publisher.sendFrames(1);
        const auto buffer = rig.pull();
        g_assert_true(GST_BUFFER_FLAG_IS_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT));
        publisher.drop();
        rig.news("rtmpserversrc/unpublish");
    }
    nextCaps(rig);
    while (EventRef event{gst_harness_try_pull_event(rig.h)})
        g_assert_cmpint(GST_EVENT_TYPE(event.get()), !=, GST_EVENT_CAPS);
}

static void another_configuration_in_the_middle_is_another_format() {
    Rig rig;
    setAudio(rig);
    rig.play();
    RtmpPublisher publisher(rig.port());
    g_assert_true(publisher.publish("live", "demo").accepted);
    publisher.sendConfig();
    publisher.sendFrames(2);
    publisher.sendMessage(kAudioTag, 46, {0xaf, 0, 0x11, 0x90});
    publisher.sendFrames(2, 46);
    for (int i = 0; i < 4; i++)
        rig.pull();
    assertCaps(rig, "audio/mpeg,mpegversion=4,stream-format=raw,framed=true,rate=44100,channels=2,"
                    "codec_data=(buffer)1210");
    assertCaps(rig, "audio/mpeg,mpegversion=4,stream-format=raw,framed=true,rate=48000,channels=2,"
                    "codec_data=(buffer)1190");
    publisher.unpublish();
    rig.event(GST_EVENT_EOS);
}

void rtmpserversrc_test::addAudioTests() {
    g_test_add_func("/rtmpserversrc/audio/aac", aac_comes_without_its_envelope_and_counted_in_samples);
    g_test_add_func("/rtmpserversrc/audio/codecs", every_codec_has_its_caps);
    g_test_add_func("/rtmpserversrc/audio/reconfigured",
                    another_configuration_in_the_middle_is_another_format);
    g_test_add_func("/rtmpserversrc/audio/return",
                    a_publisher_that_comes_back_with_the_same_audio_needs_no_new_caps);
}
