// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/gst/refs.h"
#include "tests/pipelines/rtmp_receiver.h"
#include "tests/support/process.h"

#include <initializer_list>
#include <string>
#include <vector>

#include <gst/gst.h>

/// Publishers as command lines, and what must arrive of them.
namespace lt::test {

constexpr double kSeconds = 3;

inline std::vector<std::string> ffmpeg(std::initializer_list<std::string> arguments) {
    std::vector<std::string> argv = {"ffmpeg", "-hide_banner", "-nostdin", "-loglevel", "warning", "-re"};
    argv.insert(argv.end(), arguments);
    return argv;
}

inline std::vector<std::string> ffmpegAudio(const std::string &url, const std::string &offset = "0") {
    return ffmpeg({"-f", "lavfi", "-i", "sine=duration=" + std::to_string(kSeconds), "-ac", "2", "-c:a",
                   "aac", "-output_ts_offset", offset, "-f", "flv", url});
}

inline bool missing(std::initializer_list<const char *> elements) {
    for (const char *name : elements) {
        if (!ObjectRef<GstElementFactory>(gst_element_factory_find(name))) {
            g_test_skip((std::string("no element ") + name).c_str());
            return true;
        }
    }
    return false;
}

inline bool noFfmpeg() {
    if (!lt::support::haveProgram("ffmpeg"))
        g_test_skip("no ffmpeg");
    return !lt::support::haveProgram("ffmpeg");
}

inline void assertComplete(const Receiver &receiver) {
    // The encoder's first and last frame are partly padding.
    g_assert_cmpfloat(receiver.seconds(), >=, kSeconds * 0.99);
    g_assert_cmpfloat(receiver.seconds(), <=, kSeconds * 1.01 + 2 * 1024.0 / receiver.rate());
    // A frame is 23 ms; flvmux lets audio wait for the video frame beside it.
    g_assert_cmpuint(receiver.largestStep(), <=, 60 * GST_MSECOND);
}

inline constexpr const char *kAudio =
    "audiotestsrc is-live=true num-buffers=130 samplesperbuffer=1024 ! "
    "audio/x-raw,rate=44100,channels=2 ! avenc_aac bitrate=128000 ! aacparse ! "
    "flvmux name=mux streamable=true ";

} // namespace lt::test
