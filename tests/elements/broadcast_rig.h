// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/gst/refs.h"
#include "tests/support/http_client.h"
#include "tests/support/raw_viewer.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gst/check/gstharness.h>
#include <gst/gst.h>

/// What the tests of transcriptbroadcast share.
namespace broadcast_test {

using lt::support::WebSocketClient;

inline constexpr const char *kJsonCaps = "application/x-json,format=transcript";
inline constexpr GstClockTime kPatience = 20 * GST_SECOND;

/// One message of a transcript stream.
inline std::string transcript(const std::string &id, const std::string &text, bool isFinal = true) {
    return R"({"kind":"transcript","epoch":"e1","utteranceId":")" + id + R"(","revision":1,"isFinal":)" +
           (isFinal ? "true" : "false") + R"(,"language":"en","text":")" + text + R"(","start":1.5,"end":2})";
}

inline lt::BufferRef bufferOf(const std::string &text) {
    lt::BufferRef buffer(gst_buffer_new_allocate(nullptr, text.size(), nullptr));
    gst_buffer_fill(buffer.get(), 0, text.data(), text.size());
    GST_BUFFER_PTS(buffer.get()) = 0;
    return buffer;
}

/// An element made, but not started; the caller's reference.
inline lt::ObjectRef<GstElement> makeBroadcast(const char *session, guint port = 0) {
    lt::ObjectRef<GstElement> element(
        GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("transcriptbroadcast", nullptr))));
    g_object_set(element.get(), "session", session, "port", port, nullptr);
    return element;
}

/// The next message of `types` on the bus; the test fails without one.
inline lt::MiniRef<GstMessage> waitFor(GstBus *bus, GstMessageType types) {
    lt::MiniRef<GstMessage> message(gst_bus_timed_pop_filtered(bus, kPatience, types));
    g_assert_nonnull(message.get());
    return message;
}

/// The element playing in a harness, with a bus.
class Rig {
public:
    explicit Rig(const char *session = "demo", guint port = 0, const char *caps = kJsonCaps)
        : Rig(makeBroadcast(session, port), caps) {}
    explicit Rig(lt::ObjectRef<GstElement> made, const char *caps = kJsonCaps)
        : element(std::move(made)), bus(gst_bus_new()) {
        gst_element_set_bus(element.get(), bus.get());
        h = gst_harness_new_with_element(element.get(), "sink", nullptr);
        if (caps)
            gst_harness_set_src_caps_str(h, caps);
    }
    ~Rig() {
        gst_element_set_bus(element.get(), nullptr);
        gst_harness_teardown(h);
        g_assert_cmpint(gst_element_set_state(element.get(), GST_STATE_NULL), ==, GST_STATE_CHANGE_SUCCESS);
    }
    Rig(const Rig &) = delete;
    Rig &operator=(const Rig &) = delete;

    std::uint16_t port() const {
        guint value = 0;
        g_object_get(element.get(), "current-port", &value, nullptr);
        return static_cast<std::uint16_t>(value);
    }
    std::string http(const std::string &path) const {
        return "http://127.0.0.1:" + std::to_string(port()) + path;
    }
    /// Options of a WebSocket client for a path.
    WebSocketClient::Options at(const std::string &path) const {
        return {"ws://127.0.0.1:" + std::to_string(port()) + path, {}, {}};
    }

    void push(const std::string &text) {
        g_assert_cmpint(gst_harness_push(h, bufferOf(text).release()), ==, GST_FLOW_OK);
    }
    guint64 stat(const char *name) const {
        GstStructure *raw = nullptr;
        g_object_get(element.get(), "stats", &raw, nullptr);
        const lt::StructureRef stats(raw);
        guint64 value = 0;
        g_assert_true(gst_structure_get_uint64(stats.get(), name, &value));
        return value;
    }
    /// Open descriptors of this process.
    static std::size_t descriptors() {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto &entry : std::filesystem::directory_iterator("/proc/self/fd"))
            count++;
        return count;
    }
    /// Waits for the element message `transcriptbroadcast/…`; returns its reason, if it has one.
    std::string waitForClient(const char *what) {
        const std::string name = std::string("transcriptbroadcast/") + what;
        for (;;) {
            const auto message = waitFor(bus.get(), GST_MESSAGE_ELEMENT);
            const GstStructure *structure = gst_message_get_structure(message.get());
            if (!gst_structure_has_name(structure, name.c_str()))
                continue;
            const gchar *reason = gst_structure_get_string(structure, "reason");
            return reason ? reason : "";
        }
    }
    /// The next error or warning: "BUSY: sentence", with the name of its code.
    std::string waitForProblem(GstMessageType type) {
        const auto message = waitFor(bus.get(), type);
        return problemOf(message.get());
    }
    static std::string problemOf(GstMessage *message) {
        GError *raw = nullptr;
        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
            gst_message_parse_error(message, &raw, nullptr);
        else
            gst_message_parse_warning(message, &raw, nullptr);
        const lt::ErrorRef error(raw);
        return std::string(g_quark_to_string(error->domain)) + " " + std::to_string(error->code) + ": " +
               error->message;
    }

    lt::ObjectRef<GstElement> element;
    lt::ObjectRef<GstBus> bus;
    GstHarness *h = nullptr;
};

/// Texts of the messages, joined by spaces; partials in parentheses.
inline std::string textsOf(const std::vector<WebSocketClient::Frame> &frames) {
    std::string joined;
    for (const auto &frame : frames) {
        const auto from = frame.data.find("\"text\":\"") + 8;
        const std::string text = frame.data.substr(from, frame.data.find('"', from) - from);
        const bool isFinal = frame.data.find("\"isFinal\":true") != frame.data.npos;
        joined += (joined.empty() ? "" : " ") + (isFinal ? text : "(" + text + ")");
    }
    return joined;
}

inline bool waitForTexts(const WebSocketClient &client, const std::string &wanted) {
    return client.waitForFrames([&](const auto &frames) { return textsOf(frames) == wanted; });
}

} // namespace broadcast_test
