// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/gst/refs.h"
#include "lib/livetranscript/livetranscript.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <gst/check/gstharness.h>

namespace lt::test {

constexpr const char *kSpeechCaps = "audio/x-raw,format=S16LE,layout=interleaved,rate=16000,channels=1";

/// What a buffer of the source pad says.
struct Heard {
    std::string text; ///< of the message; in text form, the bytes
    std::string id;
    std::string epoch;
    std::string language;
    guint64 revision = 0;
    guint words = 0;
    gdouble confidence = -1;
    bool isFinal = false;
    bool droppable = false;
    bool discont = false;
    GstTranscriptKind kind = GST_TRANSCRIPT_KIND_TRANSCRIPT;
    GstClockTime start = 0;
    GstClockTime end = 0;
    GstClockTime pts = 0;
    GstClockTime duration = 0;
    GstTranscriptStamps stamps = GST_TRANSCRIPT_STAMPS_INIT;
};

/// A sphinxtranscriber between two harness pads, with a bus of its own.
class SphinxRig {
public:
    using Setup = std::function<void(GstElement *)>;

    /// The element's properties are set before it leaves NULL; backpressure is block already. `sinkCaps`:
    /// what downstream accepts.
    explicit SphinxRig(const Setup &setup = {}, const char *sinkCaps = nullptr);
    ~SphinxRig();
    SphinxRig(const SphinxRig &) = delete;
    SphinxRig &operator=(const SphinxRig &) = delete;

    GstHarness *harness() { return harness_; }
    GstElement *element() { return element_.get(); }

    void setCaps() { gst_harness_set_src_caps_str(harness_, kSpeechCaps); }
    /// Pushes `samples` in buffers of `chunkMs`; the first starts at running time `fromNs`, which is returned
    /// moved on. Stops at the first flow other than OK.
    GstClockTime push(const std::vector<std::int16_t> &samples, GstClockTime fromNs = 0, int chunkMs = 50);
    GstFlowReturn lastFlow() const { return lastFlow_; }
    bool event(GstEvent *event) { return gst_harness_push_event(harness_, event); }
    void pushEos() { event(gst_event_new_eos()); }

    /// Everything up to EOS; fails the test when that does not come. Other events are kept in events().
    std::vector<Heard> hearUntilEos();
    /// The next transcript; fails the test when none comes.
    Heard hear();
    const std::vector<EventRef> &events() const { return events_; }
    /// The next message of one of these types; null when none comes within a generous time.
    MiniRef<GstMessage> message(int types);
    guint64 stat(const char *name);

private:
    ObjectRef<GstElement> element_;
    ObjectRef<GstBus> bus_;
    GstHarness *harness_;
    GstFlowReturn lastFlow_ = GST_FLOW_OK;
    std::vector<EventRef> events_;
};

/// Texts of the finals, separated by spaces.
std::string finalTexts(const std::vector<Heard> &heard);
/// Fails the test, showing both, unless they are equal.
void assertSame(const std::string &is, const std::string &shouldBe);

} // namespace lt::test
