// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/process.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lt::support {

/// What a publisher sends: made once, then played in real time by any number of publishers.
struct PublishedFile {
    std::string path;
    bool video; ///< LiveKit's shape: 1280x720 H.264 beside the AAC
};

/// AAC, 44.1 kHz stereo at 128 kbit/s as LiveKit's egress sends it, carrying the DTMF `sequence` (see
/// makeDtmf), with H.264 video if wanted, as FLV in `directory`. Needs ffmpeg.
PublishedFile makePublishedFile(const TemporaryDirectory &directory, std::string_view sequence, bool video);

/// A publisher that people really use.
enum class Publisher { Ffmpeg, Rtmp2Sink, RtmpSink };

const char *publisherName(Publisher publisher);

/// Starts to publish the file at `url` in real time; it ends by itself after the last tag.
std::unique_ptr<Process> publish(Publisher publisher, const PublishedFile &file, const std::string &url);

} // namespace lt::support
