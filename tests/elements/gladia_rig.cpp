// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/elements/gladia_rig.h"

#include <algorithm>
#include <cstring>
#include <thread>

namespace lt::test {

GladiaRig::GladiaRig(const std::string &endpoint, const Setup &setup, const char *sinkCaps)
    : element_(GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("gladiasink", nullptr)))),
      bus_(gst_bus_new()) {
    g_assert_nonnull(element_.get());
    // Sound comes as fast as it is pushed: what is not about pacing need not wait.
    g_object_set(element_.get(), "endpoint", endpoint.c_str(), "api-key", kKey, "catchup-speed", 100.0,
                 nullptr);
    if (setup)
        setup(element_.get());
    gst_element_set_bus(element_.get(), bus_.get());
    // The harness plays the element as soon as it has it.
    harness_ = gst_harness_new_with_element(element_.get(), "sink", "src");
    if (sinkCaps)
        gst_harness_set_sink_caps_str(harness_, sinkCaps);
}

GladiaRig::~GladiaRig() {
    gst_harness_teardown(harness_);
    gst_element_set_bus(element_.get(), nullptr);
}

void GladiaRig::setCaps(const char *caps) {
    gst_harness_set_src_caps_str(harness_, caps);
}

GstClockTime GladiaRig::push(const std::vector<std::int16_t> &samples, GstClockTime fromNs, int rate,
                             int channels, int chunkMs) {
    const auto step = static_cast<std::size_t>(rate * chunkMs / 1000 * channels);
    for (std::size_t at = 0; at < samples.size(); at += step) {
        const std::size_t count = std::min(step, samples.size() - at);
        GstBuffer *buffer = gst_buffer_new_memdup(samples.data() + at, count * sizeof(std::int16_t));
        const guint64 frames = count / static_cast<std::size_t>(channels);
        GST_BUFFER_PTS(buffer) = fromNs;
        GST_BUFFER_DURATION(buffer) = gst_util_uint64_scale(frames, GST_SECOND, static_cast<guint64>(rate));
        fromNs += GST_BUFFER_DURATION(buffer);
        lastFlow_ = gst_harness_push(harness_, buffer);
        if (lastFlow_ != GST_FLOW_OK)
            break;
    }
    return fromNs;
}

void GladiaRig::pushEos() {
    gst_harness_push_event(harness_, gst_event_new_eos());
}

static Heard heardOf(GstBuffer *buffer) {
    Heard heard;
    heard.pts = GST_BUFFER_PTS(buffer);
    heard.duration = GST_BUFFER_DURATION(buffer);
    heard.droppable = GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DROPPABLE);
    heard.discont = GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DISCONT);
    GstTranscriptMeta *meta = gst_buffer_get_transcript_meta(buffer);
    g_assert_nonnull(meta);
    heard.stamps = meta->stamps;
    g_autoptr(GstTranscript) transcript = gst_transcript_from_buffer(buffer, nullptr, nullptr);
    heard.text = gst_transcript_get_text(transcript);
    heard.id = gst_transcript_get_utterance_id(transcript);
    heard.epoch = gst_transcript_get_epoch(transcript);
    heard.language = gst_transcript_get_language(transcript);
    heard.json = CharPtr(gst_transcript_to_json(transcript)).get();
    heard.findings = gst_transcript_get_n_findings(transcript);
    heard.revision = gst_transcript_get_revision(transcript);
    heard.isFinal = gst_transcript_is_final(transcript);
    heard.kind = gst_transcript_get_kind(transcript);
    heard.start = gst_transcript_get_start(transcript);
    heard.end = gst_transcript_get_end(transcript);
    return heard;
}

std::vector<Heard> GladiaRig::hearUntilEos() {
    std::vector<Heard> all;
    const gint64 end = g_get_monotonic_time() + std::chrono::microseconds(kPatience).count();
    bool ended = false;
    while (!ended) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        // Events come out of a queue of their own: a look at it is what tells that no buffer follows.
        while (const BufferRef buffer{gst_harness_try_pull(harness_)})
            all.push_back(heardOf(buffer.get()));
        while (const EventRef event{gst_harness_try_pull_event(harness_)})
            ended |= GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS;
        if (!ended)
            std::this_thread::yield();
    }
    while (const BufferRef buffer{gst_harness_try_pull(harness_)})
        all.push_back(heardOf(buffer.get()));
    return all;
}

Heard GladiaRig::hear() {
    const BufferRef buffer(gst_harness_pull(harness_));
    g_assert_nonnull(buffer.get());
    return heardOf(buffer.get());
}

EventRef GladiaRig::event(GstEventType type) {
    const gint64 end = g_get_monotonic_time() + std::chrono::microseconds(kPatience).count();
    while (g_get_monotonic_time() < end)
        if (EventRef next{gst_harness_pull_event(harness_)}; next && GST_EVENT_TYPE(next.get()) == type)
            return next;
    g_assert_not_reached();
}

MessageRef GladiaRig::message(int types, std::chrono::milliseconds patience) {
    const auto ns = static_cast<GstClockTime>(std::chrono::nanoseconds(patience).count());
    return MessageRef(gst_bus_timed_pop_filtered(bus_.get(), ns, static_cast<GstMessageType>(types)));
}

MessageRef GladiaRig::elementMessage(const std::string &name) {
    while (MessageRef one = message(GST_MESSAGE_ELEMENT))
        if (gst_message_has_name(one.get(), name.c_str()))
            return one;
    return nullptr;
}

guint64 GladiaRig::stat(const char *name) {
    GstStructure *raw = nullptr;
    g_object_get(element_.get(), "stats", &raw, nullptr);
    const StructureRef stats(raw);
    guint64 value = 0;
    g_assert_true(gst_structure_get_uint64(stats.get(), name, &value));
    return value;
}

std::string GladiaRig::state() {
    GstStructure *raw = nullptr;
    g_object_get(element_.get(), "stats", &raw, nullptr);
    const StructureRef stats(raw);
    return gst_structure_get_string(stats.get(), "state");
}

std::string finalTexts(const std::vector<Heard> &heard) {
    std::string all;
    for (const Heard &one : heard)
        if (one.isFinal && one.kind == GST_TRANSCRIPT_KIND_TRANSCRIPT && !one.text.empty())
            all += (all.empty() ? "" : " ") + one.text;
    return all;
}

std::string spoken(const std::string &sequence) {
    std::string all;
    for (const char c : sequence)
        if (c != ',')
            all += std::string(all.empty() ? "" : " ") + c;
    return all;
}

void assertSame(const std::string &is, const std::string &shouldBe) {
    g_assert_cmpstr(is.c_str(), ==, shouldBe.c_str());
}

bool eventually(const std::function<bool()> &holds, std::chrono::milliseconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

} // namespace lt::test
