// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/gst/refs.h"

#include <condition_variable>
#include <future>
#include <mutex>

#include <map>
#include <string>

#include <gst/check/gstharness.h>
#include <gst/check/gsttestclock.h>
#include <gst/gst.h>

/// What the tests of pcmchunker share.
namespace chunker_test {

using lt::BufferRef;
using lt::EventRef;
using lt::GPtr;
using lt::MiniRef;
using lt::ObjectRef;
using lt::QueryRef;
using lt::StructureRef;

inline constexpr char kCaps[] = "audio/x-raw,format=S16LE,layout=interleaved,rate=16000,channels=1";
inline constexpr gsize kBytesPerMs = 32;

inline BufferRef audio(double ms, GstClockTime pts, gsize bytesPerMs = kBytesPerMs) {
    BufferRef buffer(gst_buffer_new_allocate(
        nullptr, static_cast<gsize>(ms * static_cast<double>(bytesPerMs) + 0.5), nullptr));
    gst_buffer_memset(buffer.get(), 0, 7, gst_buffer_get_size(buffer.get()));
    GST_BUFFER_PTS(buffer.get()) = pts;
    return buffer;
}

inline void restartStream(GstHarness *h) {
    gst_harness_push_event(h, gst_event_new_stream_start("again"));
    MiniRef<GstCaps> caps(gst_caps_from_string(kCaps));
    gst_harness_push_event(h, gst_event_new_caps(caps.get()));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_harness_push_event(h, gst_event_new_segment(&segment));
}

/// The element in a harness, with a bus and, unless told otherwise, a test clock that stands at 0. A chunk
/// has already left at that time, because a stream's first audio waits for nothing; then there was a flush,
/// so that everything else is as at the start.
class Rig {
public:
    enum class Clock { None, Test, TestFresh /* no chunk has left */ };
    explicit Rig(const char *caps = kCaps, Clock clock = Clock::Test)
        : h(gst_harness_new("pcmchunker")), bus(gst_bus_new()) {
        gst_element_set_bus(h->element, bus.get());
        if (clock != Clock::None)
            gst_harness_use_testclock(h);
        if (caps)
            gst_harness_set_src_caps_str(h, caps);
        if (clock == Clock::Test && caps == kCaps)
            letFirstLeave();
    }
    ~Rig() {
        gst_element_set_bus(h->element, nullptr);
        gst_harness_teardown(h);
    }
    Rig(const Rig &) = delete;
    Rig &operator=(const Rig &) = delete;

    GstFlowReturn push(double ms, GstClockTime pts) { return gst_harness_push(h, audio(ms, pts).release()); }
    void event(GstEvent *event) { g_assert_true(gst_harness_push_event(h, event)); }

    /// The next chunk, checked for length and time.
    BufferRef expect(double ms, GstClockTime pts) {
        BufferRef chunk(gst_harness_pull(h));
        g_assert_nonnull(chunk.get());
        g_assert_cmpuint(gst_buffer_get_size(chunk.get()), ==,
                         static_cast<gsize>(ms * static_cast<double>(kBytesPerMs) + 0.5));
        g_assert_cmpuint(GST_BUFFER_PTS(chunk.get()), ==, pts);
        return chunk;
    }
    void expectDiscont(bool wanted, double ms, GstClockTime pts) {
        const auto chunk = expect(ms, pts);
        g_assert_true(GST_BUFFER_IS_DISCONT(chunk.get()) == wanted);
    }
    /// Returns once the task has worked on everything pushed so far: a TAG passes without an effect.
    void settle() {
        event(gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "settle", nullptr)));
        untilEvent(GST_EVENT_TAG);
    }
    EventRef untilEvent(GstEventType type) {
        for (;;) {
            EventRef got(gst_harness_pull_event(h));
            g_assert_nonnull(got.get());
            if (GST_EVENT_TYPE(got.get()) == type)
                return got;
        }
    }
    void expectNothing() {
        settle();
        g_assert_cmpuint(gst_harness_buffers_in_queue(h), ==, 0);
    }
    guint timers() const {
        ObjectRef<GstTestClock> clock(gst_harness_get_testclock(h));
        return gst_test_clock_peek_id_count(clock.get());
    }
    void setTime(double ms) { gst_harness_set_time(h, static_cast<GstClockTime>(ms * 1e6)); }

    void set(const char *name, gint value) { g_object_set(h->element, name, value, nullptr); }
    guint64 stat(const char *name) const {
        GstStructure *raw = nullptr;
        g_object_get(h->element, "stats", &raw, nullptr);
        StructureRef stats(raw);
        guint64 value = 0;
        g_assert_true(gst_structure_get_uint64(stats.get(), name, &value));
        const auto before = before_.find(name);
        return before == before_.end() ? value : value - before->second;
    }
    /// The next message of a kind; none must be there of it when `wanted` is false.
    MiniRef<GstMessage> message(GstMessageType type, bool wanted = true) {
        MiniRef<GstMessage> got(gst_bus_pop_filtered(bus.get(), type));
        g_assert_true((got != nullptr) == wanted);
        return got;
    }
    void expectFormatError() {
        const auto got = message(GST_MESSAGE_ERROR);
        GError *error = nullptr;
        gst_message_parse_error(got.get(), &error, nullptr);
        g_assert_error(error, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT);
        g_error_free(error);
    }

    GstHarness *const h;
    const ObjectRef<GstBus> bus;

private:
    void letFirstLeave() {
        push(5, 0);
        expect(5, 0);
        event(gst_event_new_flush_start());
        event(gst_event_new_flush_stop(TRUE));
        restartStream(h);
        settle();
        for (const char *name : {"bytes-in", "bytes-out", "chunks", "arrival-chunks", "discontinuities"})
            before_[name] = stat(name);
    }

    std::map<std::string, guint64> before_; // of the first chunk
};

inline EventRef customEvent(GstEventType type) {
    return EventRef(gst_event_new_custom(type, gst_structure_new_empty("test/thing")));
}

/// Blocks the first buffer that leaves the element until the pad is flushed or stopped.
class Block {
public:
    explicit Block(GstHarness *h) : pad_(gst_element_get_static_pad(h->element, "src")) {
        id_ = gst_pad_add_probe(
            pad_.get(), static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER),
            [](GstPad *, GstPadProbeInfo *, gpointer self) {
                auto *block = static_cast<Block *>(self);
                std::lock_guard lock(block->mutex_);
                block->blocked_ = true;
                block->changed_.notify_all();
                return GST_PAD_PROBE_OK;
            },
            this, nullptr);
    }
    ~Block() { gst_pad_remove_probe(pad_.get(), id_); }
    Block(const Block &) = delete;
    Block &operator=(const Block &) = delete;
    void untilBlocked() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return blocked_; });
    }

private:
    ObjectRef<GstPad> pad_;
    gulong id_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool blocked_ = false;
};

/// Pushes until the element says stop; what it said.
inline std::future<GstFlowReturn> pushUntilRefused(Rig &rig) {
    return std::async(std::launch::async, [&rig] {
        for (guint i = 0;; i++) {
            if (const auto flow = rig.push(20, i * 20 * GST_MSECOND); flow != GST_FLOW_OK)
                return flow;
        }
    });
}

void addFlowTests();
void addDirectTests();

} // namespace chunker_test
