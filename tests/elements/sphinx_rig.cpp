// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/elements/sphinx_rig.h"

#include <algorithm>
#include <thread>

namespace lt::test {

namespace {

/// Only ever reached when something hangs.
constexpr GstClockTime kPatience = 50 * GST_SECOND;

Heard heardOf(GstBuffer *buffer) {
    Heard heard;
    heard.pts = GST_BUFFER_PTS(buffer);
    heard.duration = GST_BUFFER_DURATION(buffer);
    heard.droppable = GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DROPPABLE);
    heard.discont = GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DISCONT);
    GstTranscriptMeta *meta = gst_buffer_get_transcript_meta(buffer);
    g_assert_nonnull(meta);
    heard.stamps = meta->stamps;
    const GstTranscript *transcript = meta->transcript;
    heard.text = gst_transcript_get_text(transcript);
    heard.id = gst_transcript_get_utterance_id(transcript);
    heard.epoch = gst_transcript_get_epoch(transcript);
    heard.language = gst_transcript_get_language(transcript);
    heard.revision = gst_transcript_get_revision(transcript);
    heard.words = gst_transcript_get_n_words(transcript);
    heard.confidence = gst_transcript_get_confidence(transcript);
    heard.isFinal = gst_transcript_is_final(transcript);
    heard.kind = gst_transcript_get_kind(transcript);
    heard.start = gst_transcript_get_start(transcript);
    heard.end = gst_transcript_get_end(transcript);
    return heard;
}

} // namespace

SphinxRig::SphinxRig(const Setup &setup, const char *sinkCaps)
    : element_(GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("sphinxtranscriber", nullptr)))),
      bus_(gst_bus_new()) {
    g_assert_nonnull(element_.get());
    // A harness says it is live; the tests are faster than that.
    gst_util_set_object_arg(G_OBJECT(element_.get()), "backpressure", "block");
    if (setup)
        setup(element_.get());
    gst_element_set_bus(element_.get(), bus_.get());
    // The harness plays the element as soon as it has it.
    harness_ = gst_harness_new_with_element(element_.get(), "sink", "src");
    if (sinkCaps)
        gst_harness_set_sink_caps_str(harness_, sinkCaps);
}

SphinxRig::~SphinxRig() {
    gst_harness_teardown(harness_);
    gst_element_set_bus(element_.get(), nullptr);
}

GstClockTime SphinxRig::push(const std::vector<std::int16_t> &samples, GstClockTime fromNs, int chunkMs) {
    const auto step = static_cast<std::size_t>(16 * chunkMs);
    for (std::size_t at = 0; at < samples.size(); at += step) {
        const std::size_t count = std::min(step, samples.size() - at);
        GstBuffer *buffer = gst_buffer_new_memdup(samples.data() + at, count * sizeof(std::int16_t));
        GST_BUFFER_PTS(buffer) = fromNs;
        GST_BUFFER_DURATION(buffer) = gst_util_uint64_scale(count, GST_SECOND, 16000);
        fromNs += GST_BUFFER_DURATION(buffer);
        lastFlow_ = gst_harness_push(harness_, buffer);
        if (lastFlow_ != GST_FLOW_OK)
            break;
    }
    return fromNs;
}

std::vector<Heard> SphinxRig::hearUntilEos() {
    std::vector<Heard> all;
    const gint64 end = g_get_monotonic_time() + static_cast<gint64>(kPatience / 1000);
    const auto takeBuffers = [&] {
        while (const BufferRef buffer{gst_harness_try_pull(harness_)})
            all.push_back(heardOf(buffer.get()));
    };
    for (bool ended = false; !ended; std::this_thread::yield()) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        takeBuffers();
        while (EventRef event{gst_harness_try_pull_event(harness_)}) {
            ended |= GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS;
            events_.push_back(std::move(event));
        }
    }
    takeBuffers(); // events come out of a queue of their own
    return all;
}

Heard SphinxRig::hear() {
    const BufferRef buffer(gst_harness_pull(harness_));
    g_assert_nonnull(buffer.get());
    return heardOf(buffer.get());
}

MiniRef<GstMessage> SphinxRig::message(int types) {
    return MiniRef<GstMessage>(
        gst_bus_timed_pop_filtered(bus_.get(), kPatience, static_cast<GstMessageType>(types)));
}

guint64 SphinxRig::stat(const char *name) {
    GstStructure *raw = nullptr;
    g_object_get(element_.get(), "stats", &raw, nullptr);
    const StructureRef stats(raw);
    guint64 value = 0;
    g_assert_true(gst_structure_get_uint64(stats.get(), name, &value));
    return value;
}

std::string finalTexts(const std::vector<Heard> &heard) {
    std::string all;
    for (const Heard &one : heard)
        if (one.isFinal && one.kind == GST_TRANSCRIPT_KIND_TRANSCRIPT && !one.text.empty())
            all += (all.empty() ? "" : " ") + one.text;
    return all;
}

void assertSame(const std::string &is, const std::string &shouldBe) {
    g_assert_cmpstr(is.c_str(), ==, shouldBe.c_str());
}

} // namespace lt::test
