// SPDX-License-Identifier: LGPL-2.1-or-later
// Real publishers with other codecs than AAC, and with TLS.
#include "tests/pipelines/rtmp_commands.h"
#include "tests/support/rtmp_publisher.h"
#include "tests/support/tls_relay.h"

#include <csignal>

using lt::ObjectRef;
using lt::support::Process;
using lt::support::RtmpPublisher;
using namespace lt::test;

/// One codec through ffmpeg, with `line` behind rtmpserversrc; counts decoded samples.
static void ffmpeg_publishes_codec(std::initializer_list<std::string> codec, const char *output,
                                   const char *line, double rate) {
    GError *error = nullptr;
    const auto text = std::string("rtmpserversrc name=src port=0 stream=demo output=") + output + " ! " +
                      line + " ! fakesink name=sink sync=false async=false signal-handoffs=true";
    const ObjectRef<GstElement> pipeline(
        GST_ELEMENT(gst_object_ref_sink(gst_parse_launch(text.c_str(), &error))));
    g_assert_no_error(error);
    guint64 bytes = 0;
    const ObjectRef<GstElement> sink(gst_bin_get_by_name(GST_BIN(pipeline.get()), "sink"));
    g_signal_connect(sink.get(), "handoff",
                     G_CALLBACK(+[](GstElement *, GstBuffer *buffer, GstPad *, guint64 *sum) {
                         *sum += gst_buffer_get_size(buffer);
                     }),
                     &bytes);
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    const ObjectRef<GstElement> source(gst_bin_get_by_name(GST_BIN(pipeline.get()), "src"));
    guint port = 0;
    g_object_get(source.get(), "current-port", &port, nullptr);
    std::vector<std::string> argv = ffmpeg({"-f", "lavfi", "-i", "sine=duration=2"});
    argv.insert(argv.end(), codec);
    argv.insert(argv.end(), {"-f", "flv", "rtmp://127.0.0.1:" + std::to_string(port) + "/live/demo"});
    Process publisher(argv);
    const ObjectRef<GstBus> bus(gst_element_get_bus(pipeline.get()));
    const lt::test::Message message(gst_bus_timed_pop_filtered(
        bus.get(), 60 * GST_SECOND, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
    g_assert_true(message && GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS);
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    const double seconds = static_cast<double>(bytes) / 2 / rate;
    g_assert_cmpfloat(seconds, >=, 1.97);
    g_assert_cmpfloat(seconds, <=, 2.12); // with the encoder's padding
}

static void ffmpeg_publishes_other_codecs() {
    if (noFfmpeg() || missing({"flvdemux", "mulawdec", "alawdec", "avdec_mp3", "avdec_aac"}))
        return;
    constexpr const char *kS16 = "audioconvert ! audio/x-raw,format=S16LE,channels=1";
    const auto behind = [&](const char *decoder) {
        return std::string(decoder) + " ! " + kS16;
    };
    ffmpeg_publishes_codec({"-c:a", "pcm_mulaw", "-ar", "8000"}, "flv", behind("flvdemux ! mulawdec").c_str(),
                           8000);
    ffmpeg_publishes_codec({"-c:a", "pcm_alaw", "-ar", "8000"}, "audio", behind("alawdec").c_str(), 8000);
    ffmpeg_publishes_codec({"-c:a", "libmp3lame", "-ar", "44100"}, "flv",
                           behind("flvdemux ! mpegaudioparse ! avdec_mp3").c_str(), 44100);
    ffmpeg_publishes_codec({"-c:a", "libmp3lame", "-ar", "22050"}, "audio", behind("avdec_mp3").c_str(),
                           22050);
    ffmpeg_publishes_codec({"-c:a", "aac", "-ar", "48000"}, "audio", behind("avdec_aac").c_str(), 48000);
}

static void ffmpeg_is_told_of_a_codec_nobody_takes() {
    if (noFfmpeg())
        return;
    const std::pair<const char *, const char *> codecs[] = {{"adpcm_swf", "ADPCM"}, {"libspeex", "Speex"}};
    for (const auto &[encoder, name] : codecs) {
        Receiver receiver("demo");
        receiver.play();
        Process publisher(ffmpeg({"-f", "lavfi", "-i", "sine", "-ar", encoder[0] == 'l' ? "16000" : "44100",
                                  "-c:a", encoder, "-f", "flv", receiver.url("demo")}));
        const auto reason =
            std::string("this stream takes AAC, MP3 and G.711, the publisher sends ") + name + ".";
        g_assert_true(publisher.waitFor(reason));
        g_assert_cmpint(publisher.waitForEnd().value_or(0), !=, 0);
    }
}

static void publishers_speak_tls() {
    if (noFfmpeg())
        return;
    const lt::support::TemporaryDirectory directory;
    const auto pem = lt::support::makeCertificate(directory, "server", "IP:127.0.0.1");
    const auto settings = "tls-certificate-file=" + pem;
    {
        Receiver receiver("demo", 0, settings.c_str());
        receiver.play();
        Receiver other("other", receiver.port(), settings.c_str()); // shares the port
        other.play();
        RtmpPublisher plain(receiver.port()); // is no TLS
        g_assert_false(plain.handshake());
        auto url = receiver.url("demo");
        url.replace(0, 4, "rtmps");
        Process publisher({"ffmpeg",   "-hide_banner",
                           "-nostdin", "-loglevel",
                           "warning",  "-re",
                           "-f",       "lavfi",
                           "-i",       "sine=duration=3",
                           "-f",       "lavfi",
                           "-i",       "testsrc=duration=3:size=1280x720:rate=30",
                           "-c:a",     "aac",
                           "-ac",      "2",
                           "-c:v",     "libx264",
                           "-preset",  "ultrafast",
                           "-b:v",     "6M",
                           "-f",       "flv",
                           url});
        receiver.waitForEos();
        assertComplete(receiver);
        g_assert_cmpint(publisher.waitForEnd().value_or(-1), ==, 0);
    }
    if (!missing({"rtmp2sink", "avenc_aac", "flvmux"})) {
        Receiver receiver("demo", 0, settings.c_str());
        receiver.play();
        auto url = receiver.url("demo");
        url.replace(0, 4, "rtmps");
        GstPublisher publisher(std::string(kAudio) +
                               "! rtmp2sink tls-validation-flags=0 async=false sync=false location=" + url);
        receiver.waitForEos();
        assertComplete(receiver);
        g_assert_true(publisher.end() == "");
    }
    if (!missing({"rtmpsink", "avenc_aac", "flvmux"})) {
        Receiver receiver("demo", 0, (settings + " reconnect-grace-ms=0 idle-timeout-ms=3000").c_str());
        receiver.play();
        auto url = receiver.url("demo");
        url.replace(0, 4, "rtmps");
        GstPublisher publisher(std::string(kAudio) + "! rtmpsink async=false sync=false location=" + url);
        receiver.waitForEos();
        assertComplete(receiver);
        g_assert_true(publisher.end() == "");
    }
}

int main(int argc, char **argv) {
    std::signal(SIGPIPE, SIG_IGN);
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp-forms/codecs", ffmpeg_publishes_other_codecs);
    g_test_add_func("/rtmp-forms/no-codec", ffmpeg_is_told_of_a_codec_nobody_takes);
    g_test_add_func("/rtmp-forms/tls", publishers_speak_tls);
    const int result = g_test_run();
    gst_deinit();
    return result;
}
