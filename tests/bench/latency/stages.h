// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/bench/latency/speech_plan.h"
#include "tests/bench/support/pcm_log.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// From the logs of everybody concerned to the time each message spent in each stage. Pure; times are
/// monotonic ns.
namespace lt::bench {

/// A message as it reached the broadcaster: its own stamps, and when it was there.
struct LineMessage {
    std::string utteranceId;
    bool isFinal = false;
    double endSeconds = 0; ///< of what it covers, counted from the first audio the recogniser got
    std::int64_t enteredNs = 0, sentNs = 0, receivedNs = 0, pushedNs = 0; ///< GstTranscriptStamps
    std::int64_t reachedNs = 0;                                           ///< the broadcaster's sink pad
};

/// The same as a viewer saw it.
struct ViewerMessage {
    std::uint64_t seq = 0;
    std::string utteranceId;
    bool isFinal = false;
    std::string text;
    std::int64_t seenNs = 0; ///< read from the socket
};

/// What a publisher's own clock says.
struct PublisherLog {
    PcmLog handed;  ///< to the encoder, at 44.1 kHz
    PcmLog decoded; ///< by a decoder beside the encoder, at 44.1 kHz
};

enum class Stage : std::uint8_t {
    Codec,    ///< sound handed to the encoder → decodable beside it
    Ingest,   ///< → entered the recogniser element: RTMP, FLV, decoding, conversion, cutting
    Sending,  ///< → handed to the recogniser's socket
    Provider, ///< → its transcript received: both ways of the network, and the service
    Parsing,  ///< → pushed by the recogniser element
    Passing,  ///< → at the broadcaster
    Fanout,   ///< → read by the viewer
};
constexpr std::size_t kStages = 7;
const char *stageName(Stage stage);

struct Path {
    bool isFinal = false;
    bool isNews = true; ///< a partial that covers no more than the one before is none
    std::array<std::int64_t, kStages> ns{};
    std::int64_t totalNs = 0; ///< from the publisher's and the viewer's clocks alone

    std::int64_t operator[](Stage stage) const { return ns[static_cast<std::size_t>(stage)]; }
    /// What the suite is answerable for: all but codec and provider.
    std::int64_t ownNs() const { return totalNs - (*this)[Stage::Codec] - (*this)[Stage::Provider]; }
};

struct SessionPaths {
    std::vector<Path> paths;
    std::vector<std::string> problems; ///< sentences: what does not fit together
};

/// Joins the logs of one session, of which `viewer` is one viewer's.
SessionPaths join(const SpeechPlan &plan, int rate, const PublisherLog &publisher,
                  const std::vector<LineMessage> &line, const std::vector<ViewerMessage> &viewer);

} // namespace lt::bench
