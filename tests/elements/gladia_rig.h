// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/gst/refs.h"
#include "lib/livetranscript/livetranscript.h"
#include "tests/support/dtmf_tone.h"
#include "tests/support/gladia_emulator/emulator.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gst/check/gstharness.h>

namespace lt::test {

using MessageRef = MiniRef<GstMessage>;

constexpr const char *kKey = "k-rig-9f3a77c1";
constexpr const char *kPcmCaps = "audio/x-raw,format=S16LE,layout=interleaved,rate=16000,channels=1";
/// Only ever reached when something hangs.
constexpr std::chrono::seconds kPatience{20};

/// What a buffer of the source pad says.
struct Heard {
    std::string text;
    std::string id;
    std::string epoch;
    std::string language;
    std::string json;
    guint findings = 0;
    guint64 revision = 0;
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

/// A gladiasink between two harness pads, with a bus of its own.
class GladiaRig {
public:
    using Setup = std::function<void(GstElement *)>;

    /// The element's properties are set before it leaves NULL. `sinkCaps`: what downstream accepts.
    explicit GladiaRig(const std::string &endpoint, const Setup &setup = {}, const char *sinkCaps = nullptr);
    ~GladiaRig();
    GladiaRig(const GladiaRig &) = delete;
    GladiaRig &operator=(const GladiaRig &) = delete;

    GstHarness *harness() { return harness_; }
    GstElement *element() { return element_.get(); }

    void setCaps(const char *caps = kPcmCaps);
    /// Pushes `samples` in buffers of `chunkMs`; the first starts at running time `fromNs`, which is returned
    /// moved on. Stops at the first flow other than OK.
    GstClockTime push(const std::vector<std::int16_t> &samples, GstClockTime fromNs = 0, int rate = 16000,
                      int channels = 1, int chunkMs = 50);
    GstFlowReturn lastFlow() const { return lastFlow_; }
    void pushEos();

    /// Everything up to EOS; fails the test when that does not come.
    std::vector<Heard> hearUntilEos();
    /// The next transcript; fails the test when none comes.
    Heard hear();
    /// The next event of this type; fails the test when none comes.
    EventRef event(GstEventType type);
    /// The next message of one of these types; null when none comes within the patience.
    MessageRef message(int types, std::chrono::milliseconds patience = kPatience);
    /// The element message `name`.
    MessageRef elementMessage(const std::string &name);
    /// A number of the element's stats.
    guint64 stat(const char *name);
    std::string state();

private:
    ObjectRef<GstElement> element_;
    ObjectRef<GstBus> bus_;
    GstHarness *harness_;
    GstFlowReturn lastFlow_ = GST_FLOW_OK;
};

/// Texts of the finals, separated by spaces.
std::string finalTexts(const std::vector<Heard> &heard);
/// The characters of `sequence` as the emulator says them: separated by spaces, without pauses.
std::string spoken(const std::string &sequence);
/// Fails the test, showing both, unless they are equal.
void assertSame(const std::string &is, const std::string &shouldBe);
/// Waits until `holds`; false when it did not within the patience.
bool eventually(const std::function<bool()> &holds, std::chrono::milliseconds patience = kPatience);

} // namespace lt::test
