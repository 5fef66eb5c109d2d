// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/gst/refs.h"
#include "tests/bench/latency/speech_plan.h"
#include "tests/bench/latency/stages.h"

#include <atomic>
#include <cstdint>
#include <string>

#include <gst/app/gstappsrc.h>

namespace lt::bench {

/// Speaks a plan into a pipeline in real time, and keeps the codec's own time beside it:
///
///   appsrc ─ voaacenc ─ tee ┬ queue ─ flvmux ─ rtmp2sink
///                           └ queue ─ avdec_aac
class Publisher {
public:
    static constexpr int kRate = 44100;

    /// Throws std::runtime_error with a sentence.
    Publisher(std::string url, SpeechPlan plan);
    ~Publisher();
    Publisher(const Publisher &) = delete;
    Publisher &operator=(const Publisher &) = delete;

    const SpeechPlan &plan() const { return plan_; }
    /// Speaks from `startNs` (monotonic) to the end of the plan, then ends the stream and returns when that
    /// has been sent. Blocks: a thread per publisher. False with a sentence on stderr when it failed.
    bool speak(std::int64_t startNs);
    /// After speak() only.
    const PublisherLog &log() const { return log_; }

private:
    void feed(std::int64_t startNs);
    bool waitForEnd() const;
    static GstPadProbeReturn onDecoded(GstPad *pad, GstPadProbeInfo *info, gpointer self);

    const SpeechPlan plan_;
    PublisherLog log_; // handed: the feeding thread; decoded: the decoder's
    ObjectRef<GstElement> pipeline_;
    ObjectRef<GstAppSrc> source_;
};

} // namespace lt::bench
