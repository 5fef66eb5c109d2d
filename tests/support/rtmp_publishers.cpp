// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/rtmp_publishers.h"

#include "tests/support/dtmf_tone.h"

#include <fstream>

#include <glib.h>

namespace lt::support {

namespace {

constexpr int kRate = 44100;
constexpr int kChannels = 2;

void writeWav(const std::string &path, std::string_view sequence) {
    DtmfTiming timing;
    timing.sampleRate = kRate;
    timing.leadMs = 300; // so that a lost beginning is silence, and a lost first digit is a bug
    timing.tailMs = 500;
    const auto samples = spreadToChannels(makeDtmf(sequence, timing), kChannels);
    const auto bytes = static_cast<std::uint32_t>(samples.size() * sizeof samples[0]);
    const auto header = wavHeader(kRate, kChannels, bytes);
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char *>(header.data()), static_cast<std::streamsize>(header.size()));
    file.write(reinterpret_cast<const char *>(samples.data()), bytes);
    g_assert_true(file.good());
}

std::vector<std::string> words(std::initializer_list<std::string_view> list) {
    return {list.begin(), list.end()};
}

void append(std::vector<std::string> &to, const std::vector<std::string> &more) {
    to.insert(to.end(), more.begin(), more.end());
}

/// flvmux as LiveKit's egress sets it, in front of either sink.
std::vector<std::string> gstPublisher(const PublishedFile &file, const std::vector<std::string> &sink) {
    auto argv = words({"gst-launch-1.0", "-q", "filesrc", "location=" + file.path, "!", "flvdemux", "name=in",
                       "flvmux", "name=out", "streamable=true", "skip-backwards-streams=true", "in.audio",
                       "!", "queue", "!", "aacparse", "!", "out.audio"});
    if (file.video)
        append(argv, words({"in.video", "!", "queue", "!", "h264parse", "!", "out.video"}));
    append(argv, words({"out.", "!"}));
    append(argv, sink);
    return argv;
}

} // namespace

PublishedFile makePublishedFile(const TemporaryDirectory &directory, std::string_view sequence, bool video) {
    const std::string wav = directory.file("dtmf.wav");
    PublishedFile file{directory.file(video ? "av.flv" : "audio.flv"), video};
    writeWav(wav, sequence);
    auto argv = words({"ffmpeg", "-nostdin", "-y", "-loglevel", "error", "-i", wav});
    if (video)
        append(argv, words({"-f",       "lavfi",       "-i",       "testsrc2=size=1280x720:rate=30",
                            "-map",     "0:a",         "-map",     "1:v",
                            "-c:v",     "libx264",     "-preset",  "ultrafast",
                            "-tune",    "zerolatency", "-pix_fmt", "yuv420p",
                            "-g",       "120",         "-b:v",     "3000k",
                            "-shortest"}));
    append(argv, words({"-c:a", "aac", "-b:a", "128k", file.path}));
    Process ffmpeg(argv);
    if (ffmpeg.waitForEnd() != 0)
        g_error("ffmpeg cannot make %s: %s", file.path.c_str(), ffmpeg.output().c_str());
    return file;
}

const char *publisherName(Publisher publisher) {
    switch (publisher) {
    case Publisher::Ffmpeg:
        return "ffmpeg";
    case Publisher::Rtmp2Sink:
        return "rtmp2sink";
    case Publisher::RtmpSink:
        break;
    }
    return "rtmpsink";
}

std::unique_ptr<Process> publish(Publisher publisher, const PublishedFile &file, const std::string &url) {
    // Stock GStreamer with nothing of ours: a sanitizer's plugins could not be loaded there, and the registry
    // that this process uses must not learn so.
    const std::vector<std::string> stock = {
        "GST_PLUGIN_PATH_1_0=", "GST_PLUGIN_PATH=",      "GST_TRACERS=",
        "GST_DEBUG=",           "GST_REGISTRY_FORK=yes", "GST_REGISTRY_1_0=" + file.path + ".registry"};
    switch (publisher) {
    case Publisher::Ffmpeg:
        return std::make_unique<Process>(words({"ffmpeg", "-nostdin", "-loglevel", "warning", "-re", "-i",
                                                file.path, "-c", "copy", "-f", "flv", url}));
    case Publisher::Rtmp2Sink:
        return std::make_unique<Process>(gstPublisher(file, {"rtmp2sink", "location=" + url}), stock);
    case Publisher::RtmpSink:
        break;
    }
    return std::make_unique<Process>(gstPublisher(file, {"rtmpsink", "location=" + url}), stock);
}

} // namespace lt::support
