// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/gst/refs.h"
#include "tests/bench/ingest/marker_detector.h"
#include "tests/bench/ingest/marker_signal.h"
#include "tests/bench/support/pcm_log.h"

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include <gst/app/gstappsrc.h>

namespace lt::bench {

struct PublisherSettings {
    std::string url;
    std::uint32_t seed = 1;
    double seconds = 10;                     ///< at most
    unsigned feedFrames = kSourceRate / 100; ///< what is handed to the encoder at a time
    std::int64_t startNs = 0;                ///< monotonic time at which the signal starts
};

/// One publisher: live audio → AAC → FLV → RTMP, and the codec's own floor beside it:
///
///   appsrc ─ voaacenc ─ tee ┬ queue ─ flvmux ─ rtmp2sink
///                           └ queue ─ avdec_aac ─(codec floor)─ audioconvert ─ audioresample ─(with
///                           conversion)
///
/// The audio runs from startNs on, whether or not the server has accepted the publish yet, as a call does;
/// what has piled up by then is sent at once.
class PublisherSession {
public:
    /// `stop` ends the audio early, from any thread; it outlives this.
    PublisherSession(PublisherSettings settings, const std::atomic<bool> &stop);
    ~PublisherSession();
    PublisherSession(const PublisherSession &) = delete;
    PublisherSession &operator=(const PublisherSession &) = delete;

    /// Builds and starts the pipeline, then hands over audio in real time until the end; returns after the
    /// sinks have seen EOS. False with a sentence on stderr when the pipeline failed. Blocks: a thread per
    /// session.
    bool run();

    /// "accepted", "offset" and "marker" lines, see publisher_report.h. After run() only.
    void report(unsigned session) const;

private:
    bool build();
    void feed();
    bool waitForEnd();
    void watchPads();

    static GstPadProbeReturn onHandedOver(GstPad *pad, GstPadProbeInfo *info, gpointer self);
    static GstPadProbeReturn onDecoded(GstPad *pad, GstPadProbeInfo *info, gpointer self);
    static GstPadProbeReturn onPlain(GstPad *pad, GstPadProbeInfo *info, gpointer self);
    static GstPadProbeReturn onConverted(GstPad *pad, GstPadProbeInfo *info, gpointer self);
    static GstPadProbeReturn onFlv(GstPad *pad, GstPadProbeInfo *info, gpointer self);
    static GstPadProbeReturn onFlvSent(GstPad *pad, GstPadProbeInfo *info, gpointer self);

    PublisherSettings settings_;
    const std::atomic<bool> &stop_;
    MarkerSignal signal_;
    ObjectRef<GstElement> pipeline_;
    ObjectRef<GstAppSrc> source_;

    // Each is written by one streaming thread and read after run().
    PcmLog handedOver_;
    PcmLog decoded_;
    MarkerDetector decodedMarkers_{kSourceRate, kSourceChannels};
    PcmLog converted_;
    MarkerDetector convertedMarkers_{16000, 1};
    std::atomic<std::int64_t> acceptedNs_ = 0;
};

} // namespace lt::bench
