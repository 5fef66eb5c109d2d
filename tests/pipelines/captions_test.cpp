// SPDX-License-Identifier: LGPL-2.1-or-later
// Captions for players and on pictures: the shipped descriptions turn a recording into a WebVTT file and into
// a video with the words burnt in. The audio carries DTMF digits, the emulator says them, and the test reads
// the file and looks at the picture. Argument: the path of pipelines/run.
#include "tests/support/dtmf_tone.h"
#include "tests/support/gladia_emulator/emulator.h"
#include "tests/support/process.h"
#include "tests/support/shipped_pipeline.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gst/app/gstappsink.h>
#include <gst/gst.h>

using namespace lt;
using namespace lt::support;
using lt::emulator::GladiaEmulator;
using lt::emulator::SessionReport;

namespace {

constexpr unsigned kEndMs = 60000;
constexpr std::size_t kWidth = 320, kHeight = 240;
/// Long enough for a busy machine: what is not in time is shown later than it was spoken.
constexpr const char *kLatency = "LATENCY=5000";

std::string runner; // pipelines/run

/// Plain blue, and digits in three utterances.
std::string makeRecording(const TemporaryDirectory &directory) {
    DtmfTiming timing;
    timing.digitMs = 300;
    timing.leadMs = 500;
    timing.tailMs = 1000;
    const auto samples = makeDtmf("12,345,6", timing);
    std::ofstream raw(directory.file("audio.raw"), std::ios::binary);
    raw.write(reinterpret_cast<const char *>(samples.data()),
              static_cast<std::streamsize>(samples.size() * sizeof samples[0]));
    raw.close();
    const std::string path = directory.file("talk 1.mp4");
    Process ffmpeg({"ffmpeg",
                    "-nostdin",
                    "-y",
                    "-loglevel",
                    "error",
                    "-f",
                    "s16le",
                    "-ar",
                    "16000",
                    "-ac",
                    "1",
                    "-i",
                    directory.file("audio.raw"),
                    "-f",
                    "lavfi",
                    "-i",
                    "color=c=0x204080:size=320x240:rate=10",
                    "-c:v",
                    "libx264",
                    "-pix_fmt",
                    "yuv420p",
                    "-c:a",
                    "aac",
                    "-shortest",
                    path});
    if (ffmpeg.waitForEnd() != 0)
        g_error("ffmpeg cannot make the recording: %s", ffmpeg.output().c_str());
    return path;
}

/// Runs the description over the recording; returns what was said.
std::vector<SessionReport::Final> caption(const char *description, const std::string &recording,
                                          const std::string &output) {
    GladiaEmulator emulator;
    g_setenv("GLADIA_URL", emulator.url().c_str(), TRUE);
    ShippedPipeline pipeline(runner, description, {"FILE=" + recording, "OUTPUT=" + output, kLatency});
    pipeline.setState(GST_STATE_PLAYING);
    const std::string error = pipeline.waitForEnd(kEndMs);
    if (!error.empty())
        g_error("%s", error.c_str());
    const auto sessions = emulator.report().sessions;
    g_assert_cmpuint(sessions.size(), ==, 1);
    const std::string text = sessions[0].text();
    g_assert_cmpstr(text.c_str(), ==, "1 2 3 4 5 6");
    g_assert_cmpuint(sessions[0].finals.size(), ==, 3);
    return sessions[0].finals;
}

struct Frame {
    double at; ///< seconds
    std::vector<std::uint8_t> gray;
};

std::vector<Frame> framesOf(const std::string &path) {
    ErrorOut error;
    const ObjectRef<GstElement> pipeline(GST_ELEMENT(gst_object_ref_sink(
        gst_parse_launch("filesrc name=in ! decodebin ! videoconvert ! video/x-raw,format=GRAY8 "
                         "! appsink name=out sync=false",
                         error.out()))));
    const ObjectRef<GstElement> in(gst_bin_get_by_name(GST_BIN(pipeline.get()), "in"));
    const ObjectRef<GstElement> out(gst_bin_get_by_name(GST_BIN(pipeline.get()), "out"));
    g_object_set(in.get(), "location", path.c_str(), nullptr);
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    std::vector<Frame> frames;
    while (const MiniRef<GstSample> sample{gst_app_sink_pull_sample(GST_APP_SINK(out.get()))}) {
        GstBuffer *buffer = gst_sample_get_buffer(sample.get());
        const BufferMap map(buffer);
        g_assert_cmpuint(map.size(), ==, kWidth * kHeight);
        frames.push_back({static_cast<double>(GST_BUFFER_PTS(buffer)) / GST_SECOND,
                          std::vector<std::uint8_t>(map.data(), map.data() + map.size())});
    }
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    return frames;
}

/// Pixels that differ clearly, in the rows from `first` to before `end`.
std::size_t differences(const Frame &one, const Frame &other, std::size_t first, std::size_t end) {
    constexpr int kClearly = 40;
    std::size_t count = 0;
    for (std::size_t i = first * kWidth; i < end * kWidth; i++)
        count += std::abs(one.gray[i] - other.gray[i]) > kClearly;
    return count;
}

std::size_t whitePixels(const Frame &frame) {
    std::size_t count = 0;
    for (const std::uint8_t gray : frame.gray)
        count += gray > 200;
    return count;
}

const Frame &frameAt(const std::vector<Frame> &frames, double at) {
    const Frame *nearest = &frames.at(0);
    for (const Frame &frame : frames)
        if (std::abs(frame.at - at) < std::abs(nearest->at - at))
            nearest = &frame;
    return *nearest;
}

struct Cue {
    double start, end; ///< seconds
    std::string text;
};

std::vector<Cue> cuesOf(const std::string &file) {
    std::vector<Cue> cues;
    std::istringstream lines(file);
    for (std::string line; std::getline(lines, line);) {
        unsigned hours[2], minutes[2];
        double seconds[2];
        if (std::sscanf(line.c_str(), "%u:%u:%lf --> %u:%u:%lf", &hours[0], &minutes[0], &seconds[0],
                        &hours[1], &minutes[1], &seconds[1]) != 6)
            continue;
        const auto at = [&](int i) {
            return hours[i] * 3600 + minutes[i] * 60 + seconds[i];
        };
        std::string text;
        std::getline(lines, text);
        cues.push_back({at(0), at(1), text});
    }
    return cues;
}

} // namespace

static void the_words_stand_in_the_picture_while_they_are_spoken() {
    const TemporaryDirectory directory;
    const std::string recording = makeRecording(directory), output = directory.file("captioned.webm");
    const auto finals = caption("captions-burnt-in", recording, output);
    const auto plain = framesOf(recording), captioned = framesOf(output);
    g_assert_cmpuint(captioned.size(), ==, plain.size());
    std::size_t with = 0, without = 0;
    for (const Frame &frame : captioned) {
        const Frame &original = frameAt(plain, frame.at);
        g_assert_cmpuint(differences(frame, original, 0, kHeight / 2), ==, 0); // the text is below
        bool spoken = false, near = false;
        for (const auto &final : finals) {
            spoken |= frame.at > final.start + 0.1 && frame.at < final.end - 0.1;
            near |= frame.at > final.start - 0.15 && frame.at < final.end + 0.15;
        }
        const std::size_t changed = differences(frame, original, kHeight / 2, kHeight);
        if (spoken) {
            g_assert_cmpuint(changed, >, 100);
            g_assert_cmpuint(whitePixels(frame), >, 30);
            g_assert_cmpuint(whitePixels(original), ==, 0);
            with++;
        } else if (!near) {
            g_assert_cmpuint(changed, ==, 0);
            without++;
        }
    }
    g_assert_cmpuint(with, >=, 10);
    g_assert_cmpuint(without, >=, 10);
}

static void the_words_stand_in_the_file_with_their_times() {
    const TemporaryDirectory directory;
    const std::string output = directory.file("captions.vtt");
    const auto finals = caption("captions-webvtt", makeRecording(directory), output);
    std::ostringstream text;
    text << std::ifstream(output).rdbuf();
    const std::string file = text.str();
    g_assert_true(file.starts_with("WEBVTT\n"));
    std::size_t at = 0;
    for (const Cue &cue : cuesOf(file)) {
        g_assert_cmpuint(at, <, finals.size());
        const std::string spoken = " " + cue.text;
        g_assert_cmpstr(spoken.c_str(), ==, finals[at].text.c_str());
        g_assert_cmpfloat(std::abs(cue.start - finals[at].start), <, 0.05);
        g_assert_cmpfloat(std::abs(cue.end - finals[at].end), <, 0.05);
        at++;
    }
    g_assert_cmpuint(at, ==, finals.size());
}

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_assert_cmpint(argc, ==, 2);
    runner = argv[1];
    g_setenv("GLADIA_API_KEY", "a-key-of-the-test", TRUE);
    g_test_add_func("/captions/the words stand in the picture while they are spoken",
                    the_words_stand_in_the_picture_while_they_are_spoken);
    g_test_add_func("/captions/the words stand in the file with their times",
                    the_words_stand_in_the_file_with_their_times);
    const int status = g_test_run();
    gst_deinit();
    return status;
}
