// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/gst/refs.h"
#include "tests/support/rtmp_publisher.h"

#include <string>

#include <gst/check/gstharness.h>
#include <gst/check/gsttestclock.h>
#include <gst/gst.h>

namespace rtmpserversrc_test {

using lt::BufferRef;
using lt::EventRef;
using lt::MiniRef;
using lt::ObjectRef;
using lt::StructureRef;
using lt::support::Raw;
using lt::support::RtmpPublisher;

constexpr GstClockTime kPatience = 30 * GST_SECOND;
constexpr guint8 kAudioTag = 8;
constexpr guint8 kVideoTag = 9;

using Message = MiniRef<GstMessage>;

/// The element in a harness, with a bus and, if wanted, a clock that stands still.
class Rig {
public:
    explicit Rig(bool testClock = false) {
        element = gst_element_factory_make("rtmpserversrc", nullptr);
        g_assert_nonnull(element);
        g_object_set(element, "port", 0, "stream", "demo", nullptr);
        bus.reset(gst_bus_new());
        gst_element_set_bus(element, bus.get());
        h = gst_harness_new_with_element(element, nullptr, "src");
        if (testClock)
            gst_harness_use_testclock(h);
    }
    ~Rig() {
        gst_element_set_state(element, GST_STATE_NULL);
        gst_element_set_bus(element, nullptr);
        gst_harness_teardown(h);
        gst_object_unref(element);
    }
    Rig(const Rig &) = delete;
    Rig &operator=(const Rig &) = delete;

    void play() { gst_harness_play(h); }
    std::uint16_t port() const {
        guint port = 0;
        g_object_get(element, "current-port", &port, nullptr);
        g_assert_cmpuint(port, !=, 0);
        return static_cast<std::uint16_t>(port);
    }
    Message message(GstMessageType type) {
        Message found(gst_bus_timed_pop_filtered(bus.get(), kPatience, type));
        g_assert_nonnull(found.get());
        return found;
    }
    /// The next element message of that name.
    Message news(const char *name) {
        for (;;) {
            auto found = message(GST_MESSAGE_ELEMENT);
            if (gst_structure_has_name(gst_message_get_structure(found.get()), name))
                return found;
        }
    }
    BufferRef pull() {
        BufferRef buffer(gst_harness_pull(h));
        g_assert_nonnull(buffer.get());
        return buffer;
    }
    /// Type of the next tag.
    guint8 pullTag() {
        auto buffer = pull();
        return lt::BufferMap(buffer.get()).data()[0];
    }
    EventRef event(GstEventType type) {
        for (;;) {
            EventRef found(gst_harness_pull_event(h));
            g_assert_nonnull(found.get());
            if (GST_EVENT_TYPE(found.get()) == type)
                return found;
        }
    }
    guint64 stat(const char *name) {
        GstStructure *raw = nullptr;
        g_object_get(element, "stats", &raw, nullptr);
        StructureRef stats(raw);
        guint64 value = 0;
        g_assert_true(gst_structure_get_uint64(stats.get(), name, &value));
        return value;
    }
    void setTime(GstClockTime time) {
        ObjectRef<GstTestClock> clock(gst_harness_get_testclock(h));
        gst_test_clock_set_time(clock.get(), time);
    }

    GstElement *element;
    ObjectRef<GstBus> bus;
    GstHarness *h;
};

inline GstSegment segmentOf(const EventRef &event) {
    const GstSegment *segment = nullptr;
    gst_event_parse_segment(event.get(), &segment);
    return *segment;
}

inline std::string errorText(const Message &message, GQuark domain, gint code) {
    GError *raw = nullptr;
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR)
        gst_message_parse_error(message.get(), &raw, nullptr);
    else
        gst_message_parse_warning(message.get(), &raw, nullptr);
    lt::ErrorRef error(raw);
    g_assert_true(g_error_matches(error.get(), domain, code));
    return error->message;
}

/// Adds the tests of rtmpserversrc_states_test.cpp.
void addStateTests();
/// Adds the tests of rtmpserversrc_audio_test.cpp.
void addAudioTests();
/// Adds the tests of rtmpserversrc_return_test.cpp.
void addReturnTests();
/// Adds the tests of rtmpserversrc_threads_test.cpp.
void addThreadTests();

} // namespace rtmpserversrc_test
