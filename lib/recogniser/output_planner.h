// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>

namespace lt {

/// Decides the times of what leaves by the source pad: buffers never go backwards, GAPs keep downstream going
/// while nobody speaks. All times are ns of the outgoing segment, whose base is the lateness. Pure.
///
/// A GAP promises that nothing older follows. So it stays behind the present by what an utterance may take to
/// arrive: in a text stream by the latency the element reports (what comes later still is moved to the
/// present position and counted), in a JSON stream, which promises no latency, by as much as an utterance
/// ever takes, so that timestamps there stay the utterance's own.
class OutputPlanner {
public:
    struct Settings {
        bool text = false;
        std::uint64_t latencyNs = 0;  ///< text only
        std::uint64_t latenessNs = 0; ///< text only
        std::uint64_t jsonLagNs = 0;
    };
    struct Slot {
        std::uint64_t ptsNs;
        std::uint64_t durationNs;
        bool discont;
    };
    struct Gap {
        std::uint64_t startNs;
        std::uint64_t durationNs;
    };

    OutputPlanner() = default;
    explicit OutputPlanner(const Settings &settings) : settings_(settings) {}
    /// In force from the next call on.
    void setLatency(std::uint64_t latencyNs) { settings_.latencyNs = latencyNs; }

    /// `nowNs`: the pipeline's running time, nothing while it does not run.
    Slot place(std::uint64_t startNs, std::uint64_t endNs, bool afterHole, bool isFinal,
               std::optional<std::uint64_t> nowNs);
    /// To be sent when nothing else was sent for a while. May be empty: it then says only that the stream
    /// lives.
    Gap gap(std::optional<std::uint64_t> nowNs);

    /// Finals that came too late for their own time. Text only.
    std::uint64_t late() const { return late_; }
    /// Longest time from the start of an utterance to its final, ns.
    std::uint64_t maxDelayNs() const { return maxDelayNs_; }

private:
    Settings settings_;
    std::uint64_t position_ = 0;
    std::uint64_t late_ = 0;
    std::uint64_t maxDelayNs_ = 0;
};

} // namespace lt
