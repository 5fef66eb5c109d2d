// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/pcmchunker/chunker_pads.h"

#include "lib/gst/refs.h"

#include <utility>

GST_DEBUG_CATEGORY_EXTERN(gst_pcm_chunker_debug);
#define GST_CAT_DEFAULT gst_pcm_chunker_debug

using lt::chunker::Item;
using lt::chunker::Queue;
using lt::chunker::Shared;
using Input = PcmChunkerInput;

#define PCM_CAPS                                                                                             \
    "audio/x-raw, format=(string)S16LE, layout=(string)interleaved, "                                        \
    "rate=(int){ 8000, 16000, 32000, 44100, 48000 }, channels=(int)[ 1, 8 ]; "                               \
    "audio/x-alaw, rate=(int)8000, channels=(int)[ 1, 8 ]; "                                                 \
    "audio/x-mulaw, rate=(int)8000, channels=(int)[ 1, 8 ]"

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(PCM_CAPS));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(PCM_CAPS));

static void gst_pcm_chunker_loop(gpointer user_data) {
    static_cast<PcmChunkerState *>(user_data)->stream.turn();
}

/* Streaming thread. Pushes itself while downstream is quick; else hands over, and waits while the queue is
 * full. */
static GstFlowReturn gst_pcm_chunker_chain(GstPad *, GstObject *parent, GstBuffer *input) {
    auto *self = GST_PCM_CHUNKER(parent);
    auto &[shared, stream, in] = *self->state;
    lt::BufferRef buffer(input);

    if (!in.format.valid()) {
        GST_ELEMENT_ERROR(self, STREAM, FORMAT, ("Audio came before its format was known."),
                          ("no caps; put audioconvert ! audioresample in front of pcmchunker"));
        return GST_FLOW_NOT_NEGOTIATED;
    }
    if (in.segment != Input::Segment::Time) {
        if (in.segment == Input::Segment::None)
            GST_ELEMENT_ERROR(self, STREAM, FORMAT, ("Audio came without a segment in time."), (nullptr));
        return GST_FLOW_ERROR;
    }
    if (!GST_BUFFER_PTS_IS_VALID(buffer.get())) {
        GST_ELEMENT_ERROR(self, STREAM, FORMAT, ("Audio must carry timestamps."),
                          ("use do-timestamp=true on the source, or rawaudioparse in front of pcmchunker"));
        return GST_FLOW_ERROR;
    }
    const auto size = gst_buffer_get_size(buffer.get());
    if (size == 0)
        return GST_FLOW_OK;
    shared.counters.bytesIn += size;

    lt::ObjectRef<GstClock> clock(gst_element_get_clock(GST_ELEMENT(self)));
    const GstClockTime arrival = clock ? gst_clock_get_time(clock.get()) : GST_CLOCK_TIME_NONE;
    if (stream.takeDirectly(buffer, arrival)) {
        const GstFlowReturn flow = shared.flow;
        shared.flowTold = flow != GST_FLOW_OK;
        return flow;
    }
    switch (
        shared.queue.push(Item{.audio = std::move(buffer), .arrival = arrival}, in.format.durationOf(size))) {
    case Queue::Fate::Taken:
        return GST_FLOW_OK;
    case Queue::Fate::Stopped:
        return GST_FLOW_FLUSHING;
    case Queue::Fate::Closed:
        break;
    }
    shared.flowTold = true;
    return shared.flow;
}

/* What the element must know of an event as it enters. False: refused, the error is posted. */
static gboolean gst_pcm_chunker_accept_event(GstPcmChunker *self, GstEvent *event) {
    auto &in = self->state->input;
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_CAPS: {
        GstCaps *caps = nullptr;
        gst_event_parse_caps(event, &caps);
        const auto format = lt::chunker::pcmFormatOf(caps);
        if (!format) {
            GST_ELEMENT_ERROR(self, STREAM, FORMAT, ("This kind of audio cannot be cut."),
                              ("caps %" GST_PTR_FORMAT, static_cast<void *>(caps)));
            return FALSE;
        }
        in.format = *format;
        return TRUE;
    }
    case GST_EVENT_SEGMENT: {
        const GstSegment *segment = nullptr;
        gst_event_parse_segment(event, &segment);
        if (segment->format != GST_FORMAT_TIME) {
            // Sticky: upstream offers it again with every buffer. One error is enough.
            if (std::exchange(in.segment, Input::Segment::Refused) != Input::Segment::Refused)
                GST_ELEMENT_ERROR(self, STREAM, FORMAT, ("The audio's segment must be in time."),
                                  ("got a segment in %s", gst_format_get_name(segment->format)));
            return FALSE;
        }
        in.segment = Input::Segment::Time;
        return TRUE;
    }
    default:
        return TRUE;
    }
}

static gboolean gst_pcm_chunker_start(GstPcmChunker *self) {
    self->state->shared.flow = GST_FLOW_OK;
    self->state->shared.queue.start();
    return gst_pad_start_task(self->srcpad, gst_pcm_chunker_loop, self->state, nullptr);
}

static void gst_pcm_chunker_pause(GstPcmChunker *self) {
    self->state->shared.queue.stop();
    gst_pad_pause_task(self->srcpad); // returns when the task's turn is over
}

static gboolean gst_pcm_chunker_flush_start(GstPcmChunker *self, GstEvent *event) {
    const gboolean result = gst_pad_push_event(self->srcpad, event); // lets go of a push that blocks
    gst_pcm_chunker_pause(self);
    return result;
}

/* With the sink pad's stream lock. */
static gboolean gst_pcm_chunker_flush_stop(GstPcmChunker *self, GstEvent *event) {
    // Its FLUSH_START may have come while the pads were not active. The segment goes with this event, so
    // nothing may leave behind it.
    gst_pcm_chunker_pause(self);
    const gboolean result = gst_pad_push_event(self->srcpad, event);
    self->state->input.segment = Input::Segment::None;
    gst_pcm_chunker_start(self);
    return result;
}

static gboolean gst_pcm_chunker_sink_event(GstPad *pad, GstObject *parent, GstEvent *event) {
    auto *self = GST_PCM_CHUNKER(parent);
    auto &shared = self->state->shared;
    const auto type = GST_EVENT_TYPE(event);
    GST_LOG_OBJECT(pad, "%" GST_PTR_FORMAT, static_cast<void *>(event));

    if (type == GST_EVENT_FLUSH_START)
        return gst_pcm_chunker_flush_start(self, event);
    if (type == GST_EVENT_FLUSH_STOP)
        return gst_pcm_chunker_flush_stop(self, event);
    if (!GST_EVENT_IS_SERIALIZED(event))
        return gst_pad_event_default(pad, parent, event);

    lt::EventRef owned(event);
    if (!gst_pcm_chunker_accept_event(self, event))
        return FALSE;
    // After EOS from downstream these two begin anew: be sure that they have arrived before audio follows.
    const bool reopens = type == GST_EVENT_SEGMENT || type == GST_EVENT_STREAM_START;
    if (reopens && shared.flow == GST_FLOW_EOS) {
        shared.queue.ask(Item{.event = std::move(owned)});
        return TRUE;
    }
    return shared.queue.post(Item{.event = std::move(owned)});
}

static gboolean gst_pcm_chunker_sink_query(GstPad *pad, GstObject *parent, GstQuery *query) {
    // ALLOCATION stays unanswered: a pool of downstream's would run dry on what waits here.
    if (GST_QUERY_IS_SERIALIZED(query) && GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION)
        return GST_PCM_CHUNKER(parent)->state->shared.queue.ask(Item{.query = query});
    return gst_pad_query_default(pad, parent, query);
}

static gboolean gst_pcm_chunker_src_event(GstPad *pad, GstObject *parent, GstEvent *event) {
    auto &shared = GST_PCM_CHUNKER(parent)->state->shared;
    if (GST_EVENT_TYPE(event) == GST_EVENT_LATENCY)
        shared.liveStale = true;
    if (GST_EVENT_TYPE(event) == GST_EVENT_RECONFIGURE && shared.flow == GST_FLOW_NOT_LINKED)
        shared.retry(); // linked now, probably
    return gst_pad_event_default(pad, parent, event);
}

static gboolean gst_pcm_chunker_query_latency(GstPcmChunker *self, GstQuery *query) {
    auto &shared = self->state->shared;
    if (!gst_pad_peer_query(self->sinkpad, query))
        return FALSE;
    gboolean live = FALSE;
    GstClockTime min = 0, max = GST_CLOCK_TIME_NONE;
    gst_query_parse_latency(query, &live, &min, &max);
    shared.liveStale = false;
    if (shared.live.exchange(live) != static_cast<bool>(live))
        shared.queue.wake();
    if (!live)
        return TRUE;
    const GstClockTime chunk = shared.chunkMs * GST_MSECOND;
    min += chunk;
    if (GST_CLOCK_TIME_IS_VALID(max))
        max += chunk + Shared::kQueueNs;
    gst_query_set_latency(query, live, min, max);
    GST_DEBUG_OBJECT(self, "latency min %" GST_TIME_FORMAT " max %" GST_TIME_FORMAT, GST_TIME_ARGS(min),
                     GST_TIME_ARGS(max));
    return TRUE;
}

static gboolean gst_pcm_chunker_src_query(GstPad *pad, GstObject *parent, GstQuery *query) {
    if (GST_QUERY_TYPE(query) == GST_QUERY_LATENCY)
        return gst_pcm_chunker_query_latency(GST_PCM_CHUNKER(parent), query);
    return gst_pad_query_default(pad, parent, query);
}

static gboolean gst_pcm_chunker_sink_activate_mode(GstPad *pad, GstObject *parent, GstPadMode mode,
                                                   gboolean active) {
    auto *self = GST_PCM_CHUNKER(parent);
    if (mode != GST_PAD_MODE_PUSH)
        return FALSE;
    if (active) {
        self->state->input = Input();
        return TRUE;
    }
    self->state->shared.queue.stop(); // lets go of upstream
    // A FLUSH_STOP that was being handled meanwhile has started the task again: after the source pad's end.
    GST_PAD_STREAM_LOCK(pad);
    self->state->shared.queue.stop();
    GST_PAD_STREAM_UNLOCK(pad);
    return gst_pad_stop_task(self->srcpad);
}

static gboolean gst_pcm_chunker_src_activate_mode(GstPad *pad, GstObject *parent, GstPadMode mode,
                                                  gboolean active) {
    auto *self = GST_PCM_CHUNKER(parent);
    if (mode != GST_PAD_MODE_PUSH)
        return FALSE;
    if (active)
        return gst_pcm_chunker_start(self);
    self->state->shared.queue.stop();
    return gst_pad_stop_task(pad);
}

void gst_pcm_chunker_add_pad_templates(GstElementClass *klass) {
    gst_element_class_add_static_pad_template(klass, &sink_template);
    gst_element_class_add_static_pad_template(klass, &src_template);
}

void gst_pcm_chunker_add_pads(GstPcmChunker *self) {
    self->sinkpad = gst_pad_new_from_static_template(&sink_template, "sink");
    gst_pad_set_chain_function(self->sinkpad, gst_pcm_chunker_chain);
    gst_pad_set_event_function(self->sinkpad, gst_pcm_chunker_sink_event);
    gst_pad_set_query_function(self->sinkpad, gst_pcm_chunker_sink_query);
    gst_pad_set_activatemode_function(self->sinkpad, gst_pcm_chunker_sink_activate_mode);
    GST_PAD_SET_PROXY_CAPS(self->sinkpad);
    gst_element_add_pad(GST_ELEMENT(self), self->sinkpad);

    self->srcpad = gst_pad_new_from_static_template(&src_template, "src");
    gst_pad_set_event_function(self->srcpad, gst_pcm_chunker_src_event);
    gst_pad_set_query_function(self->srcpad, gst_pcm_chunker_src_query);
    gst_pad_set_activatemode_function(self->srcpad, gst_pcm_chunker_src_activate_mode);
    GST_PAD_SET_PROXY_CAPS(self->srcpad);
    gst_element_add_pad(GST_ELEMENT(self), self->srcpad);
}
