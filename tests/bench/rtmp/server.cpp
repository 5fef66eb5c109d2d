// SPDX-License-Identifier: LGPL-2.1-or-later
// rtmp-server PORT STREAMS: so many rtmpserversrc in one process. When standard input ends it writes its
// figures to descriptor 3, a line `name value` each: how long frames took, in ms.
#include "lib/gst/refs.h"
#include "tests/bench/rtmp/stamps.h"
#include "tests/bench/support/monotonic.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include <gst/gst.h>
#include <unistd.h>

using namespace lt;
using namespace lt::bench;

namespace {

constexpr gulong kQuietUs = 500000;

/// Durations in steps of 10 µs; what is longer than the last step counts there. Any thread.
class Durations {
public:
    void add(std::int64_t ns) {
        const auto step = static_cast<std::size_t>(std::max<std::int64_t>(ns, 0) / kStepNs);
        steps_[std::min(step, kSteps - 1)].fetch_add(1, std::memory_order_relaxed);
    }
    double percentileMs(double share) const {
        std::uint64_t all = 0, seen = 0;
        for (const auto &step : steps_)
            all += step;
        for (std::size_t i = 0; i < kSteps; i++) {
            seen += steps_[i];
            if (all > 0 && static_cast<double>(seen) >= share * static_cast<double>(all))
                return static_cast<double>(i + 1) * kStepNs * 1e-6;
        }
        return 0;
    }
    std::uint64_t count() const {
        std::uint64_t all = 0;
        for (const auto &step : steps_)
            all += step;
        return all;
    }

private:
    static constexpr std::size_t kSteps = 50000;
    static constexpr std::int64_t kStepNs = 10000;
    std::array<std::atomic<std::uint32_t>, kSteps> steps_{};
};

struct Figures {
    Durations toPad, toFirstAudio;
};

struct Stream {
    Figures *figures;
    bool first = true;
};

GstPadProbeReturn onBuffer(GstPad *, GstPadProbeInfo *info, gpointer data) {
    auto *stream = static_cast<Stream *>(data);
    const std::int64_t now = monotonicNs();
    const BufferMap map(GST_PAD_PROBE_INFO_BUFFER(info));
    if (map.size() < sizeof(FrameStamp))
        return GST_PAD_PROBE_OK;
    const auto stamp = FrameStamp::read(map.data());
    stream->figures->toPad.add(now - stamp.sentNs);
    if (std::exchange(stream->first, false))
        stream->figures->toFirstAudio.add(now - stamp.connectNs);
    return GST_PAD_PROBE_OK;
}

void addStream(GstBin *pipeline, unsigned port, int number, Figures &figures) {
    GstElement *source = gst_element_factory_make("rtmpserversrc", nullptr);
    GstElement *sink = gst_element_factory_make("fakesink", nullptr);
    if (!source || !sink)
        std::exit(1);
    g_object_set(source, "port", port, "stream", ("s" + std::to_string(number)).c_str(), "max-publish-rate",
                 0, "max-publish-rate-per-address", 0, nullptr);
    gst_util_set_object_arg(G_OBJECT(source), "output", "audio");
    g_object_set(sink, "sync", FALSE, "async", FALSE, nullptr);
    gst_bin_add_many(pipeline, source, sink, nullptr);
    gst_element_link(source, sink);
    const ObjectRef<GstPad> pad(gst_element_get_static_pad(source, "src"));
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, onBuffer, new Stream{&figures},
                      [](gpointer data) { delete static_cast<Stream *>(data); });
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    if (argc != 3)
        return 2;
    const auto figures = std::make_unique<Figures>();
    const ObjectRef<GstElement> pipeline(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr))));
    for (int i = 0; i < std::atoi(argv[2]); i++)
        addStream(GST_BIN(pipeline.get()), static_cast<unsigned>(std::atoi(argv[1])), i, *figures);
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    char ignored;
    while (read(STDIN_FILENO, &ignored, 1) > 0)
        continue;
    // What has been sent may still be on its way.
    for (std::uint64_t seen = 0; seen != figures->toPad.count();) {
        seen = figures->toPad.count();
        g_usleep(kQuietUs);
    }
    FILE *out = fdopen(3, "w");
    std::fprintf(out, "frames %llu\n", static_cast<unsigned long long>(figures->toPad.count()));
    std::fprintf(out, "to-pad-p50 %f\nto-pad-p99 %f\n", figures->toPad.percentileMs(0.5),
                 figures->toPad.percentileMs(0.99));
    std::fprintf(out, "first-audio-p50 %f\nfirst-audio-p99 %f\n", figures->toFirstAudio.percentileMs(0.5),
                 figures->toFirstAudio.percentileMs(0.99));
    std::fclose(out);
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    return 0;
}
