// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-pcmchunker
 * @title: pcmchunker
 * @short_description: cuts PCM into chunks of at most a given length
 *
 * Cuts a stream of PCM into chunks as a streaming speech recogniser likes them: none longer than #chunk-ms,
 * and none held back for longer than that.
 *
 * A full chunk leaves at once. With a live source in PLAYING, audio that does not fill a chunk leaves
 *
 *  - when more audio arrives and at least #flush-ms has passed, by then, since the last chunk left, and
 *  - when its oldest byte has waited #chunk-ms because the audio has stopped coming. Such a chunk does not
 * count as the last one above, so that the audio that comes next need not wait for the clock once more.
 *
 * With a source that is not live time means nothing, so a file is cut into full chunks, the same in every
 * run. In any case the rest leaves at EOS, at a discontinuity (DISCONT, GAP, a new segment, or timestamps
 * that jump by more than 40 ms), before new caps and before any other serialized event but TAG. A flush
 * discards it.
 *
 * ## Which numbers
 *
 * Audio from an AAC decoder comes in frames of 1024 samples: 21.3 ms at 48 kHz, 23.2 ms at 44.1 kHz. With the
 * defaults, 50 and 25, a single frame neither fills a chunk nor leaves on arrival, because less than 25 ms
 * have passed; with the second one 43 to 46 ms have passed, and both leave together. A chunk is therefore
 * about two AAC frames: few messages, and a mean delay of half a frame. With chunk-ms=20 flush-ms=5 every
 * frame leaves as it arrives, as a full chunk and its small rest: next to no delay, four times the messages.
 * That is worth it when the recogniser answers to each message and milliseconds count. 100 and 0 make the
 * fewest messages.
 *
 * ## Time, latency, threads
 *
 * Buffers carry PTS and duration counted in frames from the last discontinuity: no drift, whatever the
 * length. Every buffer needs a timestamp and the segment must be in time. When upstream is live the element
 * adds #chunk-ms to the minimum latency; set in PLAYING, it posts a LATENCY message. Chunks share the memory
 * of the input buffers: nothing is copied.
 *
 * In PLAYING, while downstream takes chunks quickly (eight in a row, each within 5 ms), a chunk is pushed by
 * the thread that brings the audio, and no other is woken. Else, and for what leaves by the clock and for
 * events, it is the task of the source pad that pushes, and upstream is made to wait only when 200 ms of
 * audio (or 128 buffers) wait for it. The first push that is slow does hold upstream up.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -v audiotestsrc is-live=true num-buffers=100
 *   ! audio/x-raw,format=S16LE,rate=16000,channels=1
 *   ! pcmchunker chunk-ms=50 flush-ms=25 ! fakesink silent=false
 * ]|
 *
 * Since: 0.1
 */

#include "elements/pcmchunker/gstpcmchunker.h"

#include "elements/pcmchunker/chunker_pads.h"

#include "config.h"

GST_DEBUG_CATEGORY(gst_pcm_chunker_debug);
#define GST_CAT_DEFAULT gst_pcm_chunker_debug

namespace {

using lt::chunker::Reason;

constexpr guint kDefaultChunkMs = 50;
constexpr guint kMinChunkMs = 5;
constexpr guint kMaxChunkMs = 1000;
constexpr gint kDefaultFlushMs = 25;
constexpr gint kMinFlushMs = -1;
constexpr gint kMaxFlushMs = 1000;

enum Property { PROP_0, PROP_CHUNK_MS, PROP_FLUSH_MS, PROP_STATS };

} // namespace

G_DEFINE_TYPE_WITH_CODE(GstPcmChunker, gst_pcm_chunker, GST_TYPE_ELEMENT,
                        GST_DEBUG_CATEGORY_INIT(gst_pcm_chunker_debug, "pcmchunker", 0, "PCM chunker"))
GST_ELEMENT_REGISTER_DEFINE(pcmchunker, "pcmchunker", GST_RANK_NONE, GST_TYPE_PCM_CHUNKER)

static GstStateChangeReturn gst_pcm_chunker_change_state(GstElement *element, GstStateChange transition) {
    auto &shared = GST_PCM_CHUNKER(element)->state->shared;
    if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
        shared.live = false;
        shared.liveStale = true;
        shared.resetCounters();
    } else if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED) {
        shared.playing = false;
        shared.queue.wake();
    }
    const auto result = GST_ELEMENT_CLASS(gst_pcm_chunker_parent_class)->change_state(element, transition);
    if (result != GST_STATE_CHANGE_FAILURE && transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING) {
        shared.playing = true;
        shared.queue.wake();
    }
    return result;
}

static gboolean gst_pcm_chunker_set_clock(GstElement *element, GstClock *clock) {
    const gboolean result = GST_ELEMENT_CLASS(gst_pcm_chunker_parent_class)->set_clock(element, clock);
    GST_PCM_CHUNKER(element)->state->shared.queue.wake();
    return result;
}

static GstStructure *gst_pcm_chunker_get_stats(GstPcmChunker *self) {
    const auto &shared = self->state->shared;
    const auto &counters = shared.counters;
    const auto chunks = [&](Reason reason) {
        return counters.chunks[static_cast<std::size_t>(reason)].load();
    };
    // clang-format off
    return gst_structure_new("pcmchunker/stats",
        "chunks", G_TYPE_UINT64, chunks(Reason::Full) + chunks(Reason::Arrival) + chunks(Reason::Timer) +
                                 chunks(Reason::Boundary),
        "full-chunks", G_TYPE_UINT64, chunks(Reason::Full),
        "arrival-chunks", G_TYPE_UINT64, chunks(Reason::Arrival),
        "timer-chunks", G_TYPE_UINT64, chunks(Reason::Timer),
        "boundary-chunks", G_TYPE_UINT64, chunks(Reason::Boundary),
        "bytes-in", G_TYPE_UINT64, counters.bytesIn.load(),
        "bytes-out", G_TYPE_UINT64, counters.bytesOut.load(),
        "bytes-dropped", G_TYPE_UINT64, counters.bytesDropped.load(),
        "discontinuities", G_TYPE_UINT64, counters.discontinuities.load(),
        "queued-ms", G_TYPE_UINT64, shared.queue.queuedNs() / GST_MSECOND,
        nullptr);
    // clang-format on
}

static void gst_pcm_chunker_set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec) {
    auto *self = GST_PCM_CHUNKER(object);
    auto &shared = self->state->shared;
    switch (id) {
    case PROP_CHUNK_MS: {
        const guint chunk_ms = g_value_get_uint(value);
        if (shared.chunkMs.exchange(chunk_ms) == chunk_ms)
            break;
        shared.queue.wake();
        gst_element_post_message(GST_ELEMENT(self), gst_message_new_latency(GST_OBJECT(self)));
        break;
    }
    case PROP_FLUSH_MS:
        shared.flushMs = g_value_get_int(value);
        shared.queue.wake();
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
}

static void gst_pcm_chunker_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec) {
    auto *self = GST_PCM_CHUNKER(object);
    const auto &shared = self->state->shared;
    switch (id) {
    case PROP_CHUNK_MS:
        g_value_set_uint(value, shared.chunkMs);
        break;
    case PROP_FLUSH_MS:
        g_value_set_int(value, shared.flushMs);
        break;
    case PROP_STATS:
        g_value_take_boxed(value, gst_pcm_chunker_get_stats(self));
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
}

static void gst_pcm_chunker_finalize(GObject *object) {
    delete GST_PCM_CHUNKER(object)->state;
    G_OBJECT_CLASS(gst_pcm_chunker_parent_class)->finalize(object);
}

static void gst_pcm_chunker_install_properties(GObjectClass *klass) {
    const auto flags = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
    const auto live_flags = static_cast<GParamFlags>(flags | GST_PARAM_MUTABLE_PLAYING);
    g_object_class_install_property(
        klass, PROP_CHUNK_MS,
        g_param_spec_uint(
            "chunk-ms", "Chunk length",
            "Longest chunk, in milliseconds of audio, and longest time audio of a live source is "
            "held; a chunk that long leaves at once",
            kMinChunkMs, kMaxChunkMs, kDefaultChunkMs, live_flags));
    g_object_class_install_property(
        klass, PROP_FLUSH_MS,
        g_param_spec_int("flush-ms", "Flush interval",
                         "Arriving audio of a live source does not wait for a full chunk when this many "
                         "milliseconds have passed since the last chunk left (0 = only full chunks, "
                         "-1 = half of chunk-ms)",
                         kMinFlushMs, kMaxFlushMs, kDefaultFlushMs, live_flags));
    g_object_class_install_property(
        klass, PROP_STATS,
        g_param_spec_boxed("stats", "Statistics",
                           "Counters since READY: chunks by the reason they left (full, arrival, timer, "
                           "boundary), bytes in, out and dropped, discontinuities, and the milliseconds of "
                           "audio that wait in the queue now",
                           GST_TYPE_STRUCTURE,
                           static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
}

static void gst_pcm_chunker_class_init(GstPcmChunkerClass *klass) {
    auto *object_class = G_OBJECT_CLASS(klass);
    auto *element_class = GST_ELEMENT_CLASS(klass);

    object_class->set_property = gst_pcm_chunker_set_property;
    object_class->get_property = gst_pcm_chunker_get_property;
    object_class->finalize = gst_pcm_chunker_finalize;
    gst_pcm_chunker_install_properties(object_class);

    element_class->change_state = gst_pcm_chunker_change_state;
    element_class->set_clock = gst_pcm_chunker_set_clock;
    gst_pcm_chunker_add_pad_templates(element_class);
    gst_element_class_set_static_metadata(
        element_class, "PCM chunker", "Filter/Audio",
        "Cuts PCM into chunks of at most chunk-ms for a streaming recogniser", PACKAGE_NAME " developers");
    gst_element_class_add_static_metadata(element_class, GST_ELEMENT_METADATA_DOC_URI,
                                          PACKAGE_ORIGIN "/blob/main/docs/elements/pcmchunker.md");
}

static void gst_pcm_chunker_init(GstPcmChunker *self) {
    gst_pcm_chunker_add_pads(self);
    self->state = new PcmChunkerState(GST_ELEMENT(self), self->sinkpad, self->srcpad);
}
