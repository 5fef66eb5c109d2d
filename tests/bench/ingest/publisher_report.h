// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lt::bench {

/// Between the starts of two sessions of a publisher process: no multiple of a buffer or of an AAC frame, so
/// that sessions do not march in step.
inline constexpr std::int64_t kStaggerNs = 41'300'000;

/// What ingest-publisher says of one session. Times are monotonic ns; 0 = never happened.
///
/// Lines: `accepted SESSION NS`, `offset SESSION CODEC_S CONVERTED_S`,
/// `marker SESSION NUMBER HANDED_NS CODEC_NS CONVERTED_NS`.
struct PublisherReport {
    struct Marker {
        std::int64_t handedNs = 0;    ///< the buffer with it went into the encoder
        std::int64_t codecNs = 0;     ///< it came out of a decoder beside the encoder
        std::int64_t convertedNs = 0; ///< and out of conversion to 16 kHz mono
    };

    std::int64_t acceptedNs = 0;
    double codecOffset = 0, convertedOffset = 0; ///< delay in samples of the same, in seconds
    std::vector<Marker> markers;
};

/// Throws std::runtime_error when the text is not a report of `sessions` sessions.
std::vector<PublisherReport> parsePublisherReports(const std::string &text, unsigned sessions);

} // namespace lt::bench
