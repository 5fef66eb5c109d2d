// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-transcriptbroadcast
 * @title: transcriptbroadcast
 * @short_description: sends live transcripts to WebSocket viewers
 *
 * Serves a session's transcripts to any number of WebSocket clients, and a page for browsers that shows them.
 * Each message is framed once and written to every viewer; a slow viewer costs only itself: up to #max-queue
 * messages wait for it, newer partials replace older ones, and what does not fit is dropped and counted,
 * partials first.
 *
 * While the element is in PAUSED or PLAYING, `http://address:port` answers
 *
 *  - `/?session=NAME`: a page with live captions; without a session it lists what is live
 *  - `/ws?session=NAME`, `/ws/NAME`: the WebSocket; `&types=split` tells partials from finals by their type.
 *    A session that is not live is refused with 404 before the upgrade
 *  - `/sessions`: names of the live sessions, as JSON, and who recognises their speech if the stream is
 *    tagged with `transcript-recogniser`; the page shows that
 *  - `/metrics`: JSON, or Prometheus text with `?format=prometheus`; `/healthz`, `/readyz`
 *
 * Viewers get one JSON object per message:
 * |[
 * {"type":"transcript","sessionSlug":"demo","text":"Good morning.","isFinal":true,"utteranceId":"00_3",
 *  "transcriptType":"final","seq":17,"epoch":"5f0e","start":4.12,"end":5.06,"serverTimestamp":1767225600000}
 * ]|
 * Each final is sent once, see #dedup-window. At EOS viewers get the last final and then a close with code
 * 1000; only then the element posts its EOS message, after 2 s at the latest. Leaving PAUSED without EOS
 * closes them with 1001, come back later, a batch after the other over at most #drain-ms. With
 * #room-linger-ms they stay instead, and an element that takes the session up in time finds them.
 *
 * Elements of one process that name the same address and port share it, each with a session of its own.
 *
 * ## Silent viewers
 *
 * A `wsheartbeat` anywhere in the pipeline sets how often viewers are pinged and how long they may be silent
 * before they are closed with code 1008, "Heartbeat timeout". Without one the element posts a WARNING, once,
 * and a viewer that has vanished is noticed only by TCP, after about two minutes. In PAUSED nobody is pinged
 * or closed.
 *
 * ## Input
 *
 * One buffer is one transcript: `application/x-json, format=transcript`, or `text/x-raw, format=utf8`, where
 * each buffer is a final. A buffer that cannot be read is counted and skipped; the 1st, 2nd, 4th, 8th … of
 * them is announced with a WARNING. Nothing is held back for its timestamp, and the streaming thread never
 * waits for the network.
 *
 * ## Viewers that come back, and coordinators
 *
 * A client that asks for `v=2` gets a greeting with the last #history finals, exactly what it missed when it
 * comes back with the last number it saw, a notice of every gap when it is slow, and may ask for a lease that
 * one viewer of the session holds at a time, to publish insights to all. `docs/viewer-protocol.md` has every
 * message.
 *
 * ## Slow viewers
 *
 * What waits for a viewer is limited by #max-queue and #max-queue-bytes. Above 80 % of either a warning is
 * logged and `slow-viewer` told; at the limit the oldest partial goes, then the oldest final. A partial goes
 * anyway after #max-partial-age-ms, and when a newer message of its utterance comes. Every drop is counted,
 * logged, and told to a viewer of version 2. One that takes nothing for #write-timeout-ms is closed with
 * 1013.
 *
 * ## Signals and messages
 *
 * Each of these is emitted as a signal with a #GstStructure, then posted as an element message with the same,
 * on a thread that serves nothing else: a handler that blocks holds up no viewer. Should more than 16384
 * wait, `transcriptbroadcast/notices-lost` (count) says how many were thrown away.
 *
 *  - `viewer-added`: session, viewer-id, peer, user-id, viewers (how many there are now), version
 *  - `viewer-removed`: the same and a reason: closed, lost, send-failed, protocol-error, heartbeat-timeout,
 *    session-ended, shutdown, too-slow, token-expired, stale-lease
 *  - `slow-viewer`: what waits for it, queued-messages and queued-bytes
 *  - `lease-changed`: viewer-id and user-id of who coordinates now (0: nobody), token
 *
 * The messages are called `transcriptbroadcast/viewer-added` and so on.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=captions.srt ! subparse ! clocksync ! wsheartbeat !
 *   transcriptbroadcast port=3000 session=demo
 * ]| Then open http://127.0.0.1:3000/?session=demo
 *
 * Since: 0.1
 */

#include "elements/transcriptbroadcast/gsttranscriptbroadcast.h"

#include "elements/transcriptbroadcast/broadcast_link.h"
#include "elements/transcriptbroadcast/broadcast_settings.h"
#include "elements/transcriptbroadcast/broadcast_stats.h"
#include "lib/gst/refs.h"
#include "lib/gst/session_context.h"
#include "lib/livetranscript/livetranscript.h"
#include "lib/transcript/transcript.h"

#include "config.h"

#include <atomic>
#include <string>

GST_DEBUG_CATEGORY(gst_transcript_broadcast_debug);
#define GST_CAT_DEFAULT gst_transcript_broadcast_debug

/// All that has a destructor.
struct TranscriptBroadcastState {
    explicit TranscriptBroadcastState(GstElement *element) : link(element) {}

    // Under the object lock.
    BroadcastSettings settings;
    std::string session; // the one in use; "" while stopped

    // Streaming thread.
    lt::CapsRef caps;
    bool warnedOfNoHeartbeat = false;

    std::atomic<bool> heard = false; // a heartbeat event has come
    std::atomic<guint64> malformed = 0;
    lt::broadcast::BroadcastLink link;
};

struct _GstTranscriptBroadcast {
    GstBaseSink parent;
    TranscriptBroadcastState *state;
};

G_DEFINE_TYPE_WITH_CODE(GstTranscriptBroadcast, gst_transcript_broadcast, GST_TYPE_BASE_SINK,
                        GST_DEBUG_CATEGORY_INIT(gst_transcript_broadcast_debug, "transcriptbroadcast", 0,
                                                "transcripts to WebSocket viewers"))
GST_ELEMENT_REGISTER_DEFINE(transcriptbroadcast, "transcriptbroadcast", GST_RANK_NONE,
                            GST_TYPE_TRANSCRIPT_BROADCAST)

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS(GST_TRANSCRIPT_CAPS_JSON "; " GST_TRANSCRIPT_CAPS_TEXT));

/// The session's name, or "" after an error has been posted.
static std::string choose_session(GstTranscriptBroadcast *self, const BroadcastSettings &settings) {
    if (settings.session.empty())
        return lt::resolveSession(GST_ELEMENT(self), nullptr);
    if (lt::isSessionSlug(settings.session))
        return settings.session;
    GST_ELEMENT_ERROR(self, LIBRARY, SETTINGS,
                      ("\"%s\" cannot be a session's name: 1 to 128 of A-Z a-z 0-9 _ . - are allowed.",
                       settings.session.c_str()),
                      (nullptr));
    return {};
}

static void post_attach_error(GstTranscriptBroadcast *self, const lt::broadcast::AttachError &error) {
    if (error.busy)
        GST_ELEMENT_ERROR(self, RESOURCE, BUSY, ("%s", error.sentence.c_str()), (nullptr));
    else
        GST_ELEMENT_ERROR(self, RESOURCE, SETTINGS, ("%s", error.sentence.c_str()), (nullptr));
}

static BroadcastSettings snapshot(GstTranscriptBroadcast *self) {
    lt::ObjectLock lock(self);
    return self->state->settings;
}

/* READY -> PAUSED */
static bool start(GstTranscriptBroadcast *self) {
    TranscriptBroadcastState &state = *self->state;
    const BroadcastSettings settings = snapshot(self);
    const std::string session = choose_session(self, settings);
    if (session.empty())
        return false;
    lt::broadcast::AttachError error;
    if (!state.link.open(settings.address, static_cast<std::uint16_t>(settings.port),
                         settings.access.settings(), session, settings.room(), error)) {
        post_attach_error(self, error);
        return false;
    }
    state.warnedOfNoHeartbeat = false;
    state.heard = false;
    state.malformed = 0;
    {
        lt::ObjectLock lock(self);
        state.session = session;
    }
    GST_INFO_OBJECT(self, "viewers of session %s: http://%s:%u/?session=%s", session.c_str(),
                    settings.address.c_str(), state.link.port(), session.c_str());
    lt::announceSession(GST_ELEMENT(self), session);
    g_object_notify(G_OBJECT(self), "current-port");
    return true;
}

/* PAUSED -> READY, no streaming thread any more */
static void stop(GstTranscriptBroadcast *self) {
    self->state->link.close();
    self->state->caps.reset();
    {
        lt::ObjectLock lock(self);
        self->state->session.clear();
    }
    g_object_notify(G_OBJECT(self), "current-port");
}

static GstStateChangeReturn gst_transcript_broadcast_change_state(GstElement *element,
                                                                  GstStateChange transition) {
    auto *self = GST_TRANSCRIPT_BROADCAST(element);
    TranscriptBroadcastState &state = *self->state;
    // Not in GstBaseSink's start(): that comes with NULL -> READY, before properties must stand still.
    if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !start(self))
        return GST_STATE_CHANGE_FAILURE;
    if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING)
        state.link.setResting(false);
    const auto result =
        GST_ELEMENT_CLASS(gst_transcript_broadcast_parent_class)->change_state(element, transition);
    if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
        state.link.setResting(true);
    const bool failed = transition == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE;
    if (failed || transition == GST_STATE_CHANGE_PAUSED_TO_READY)
        stop(self);
    return result;
}

static gboolean gst_transcript_broadcast_set_caps(GstBaseSink *sink, GstCaps *caps) {
    GST_TRANSCRIPT_BROADCAST(sink)->state->caps = lt::retainMini(caps);
    return TRUE;
}

static void count_malformed(GstTranscriptBroadcast *self, const char *reason) {
    const guint64 count = ++self->state->malformed;
    GST_DEBUG_OBJECT(self, "malformed buffer: %s", reason);
    if ((count & (count - 1)) == 0) // a flood of them must not flood the bus
        GST_ELEMENT_WARNING(
            self, STREAM, DECODE,
            ("A transcript could not be read and was skipped (%" G_GUINT64_FORMAT " so far).", count),
            ("%s", reason));
}

static void warn_of_no_heartbeat(GstTranscriptBroadcast *self) {
    TranscriptBroadcastState &state = *self->state;
    if (state.heard || state.warnedOfNoHeartbeat)
        return;
    state.warnedOfNoHeartbeat = true;
    GST_ELEMENT_WARNING(self, RESOURCE, SETTINGS,
                        ("No heartbeat is set: viewers that vanish are noticed only after about two minutes. "
                         "Put wsheartbeat in front of transcriptbroadcast."),
                        (nullptr));
}

static lt::broadcast::RoomMessage message_of(GstBuffer *buffer, lt::TranscriptRef transcript) {
    lt::broadcast::RoomMessage message{std::move(transcript), lt::net::Clock::now()};
    // Stamps and steady_clock are both CLOCK_MONOTONIC.
    const GstTranscriptMeta *meta = gst_buffer_get_transcript_meta(buffer);
    if (meta && GST_CLOCK_TIME_IS_VALID(meta->stamps.received))
        message.receivedAt =
            lt::net::TimePoint(std::chrono::nanoseconds(static_cast<std::int64_t>(meta->stamps.received)));
    return message;
}

static GstFlowReturn gst_transcript_broadcast_render(GstBaseSink *sink, GstBuffer *buffer) {
    auto *self = GST_TRANSCRIPT_BROADCAST(sink);
    warn_of_no_heartbeat(self);
    if (GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_GAP) || gst_buffer_get_size(buffer) == 0)
        return GST_FLOW_OK;
    lt::ErrorOut error;
    lt::TranscriptRef transcript(gst_transcript_from_buffer(buffer, self->state->caps.get(), error.out()));
    if (transcript)
        self->state->link.publish(message_of(buffer, std::move(transcript)));
    else
        count_malformed(self, error.message());
    return GST_FLOW_OK;
}

/* Under the preroll lock; EOS is posted when this returns OK. */
static GstFlowReturn gst_transcript_broadcast_wait_event(GstBaseSink *sink, GstEvent *event) {
    auto &link = GST_TRANSCRIPT_BROADCAST(sink)->state->link;
    GstFlowReturn flow = GST_BASE_SINK_CLASS(gst_transcript_broadcast_parent_class)->wait_event(sink, event);
    if (flow != GST_FLOW_OK || GST_EVENT_TYPE(event) != GST_EVENT_EOS)
        return flow;
    link.endSession();
    while (flow == GST_FLOW_OK && !link.waitFlushed())
        flow = gst_base_sink_wait_preroll(sink); // paused meanwhile, or flushing
    return flow;
}

static gboolean gst_transcript_broadcast_unlock(GstBaseSink *sink) {
    GST_TRANSCRIPT_BROADCAST(sink)->state->link.interrupt(true);
    return TRUE;
}

static gboolean gst_transcript_broadcast_unlock_stop(GstBaseSink *sink) {
    GST_TRANSCRIPT_BROADCAST(sink)->state->link.interrupt(false);
    return TRUE;
}

static void take_tags(TranscriptBroadcastState &state, GstEvent *event) {
    GstTagList *tags = nullptr;
    gst_event_parse_tag(event, &tags);
    const gchar *recogniser = nullptr;
    if (gst_tag_list_peek_string_index(tags, GST_TAG_TRANSCRIPT_RECOGNISER, 0, &recogniser))
        state.link.setRecogniser(recogniser);
}

static gboolean gst_transcript_broadcast_event(GstBaseSink *sink, GstEvent *event) {
    TranscriptBroadcastState &state = *GST_TRANSCRIPT_BROADCAST(sink)->state;
    const gchar *source;
    guint interval_ms, max_missed;
    if (gst_event_parse_livetranscript_heartbeat(event, &source, &interval_ms, &max_missed)) {
        GST_DEBUG_OBJECT(sink, "heartbeat of %s: %u ms, %u missed", source, interval_ms, max_missed);
        state.heard = true;
        state.link.setHeartbeat(source, interval_ms, max_missed);
    }
    if (GST_EVENT_TYPE(event) == GST_EVENT_TAG)
        take_tags(state, event);
    return GST_BASE_SINK_CLASS(gst_transcript_broadcast_parent_class)->event(sink, event);
}

static std::string current_session(GstTranscriptBroadcast *self) {
    lt::ObjectLock lock(self);
    return self->state->session.empty() ? self->state->settings.session : self->state->session;
}

static gboolean gst_transcript_broadcast_query(GstBaseSink *sink, GstQuery *query) {
    if (lt::answerSessionQuery(query, current_session(GST_TRANSCRIPT_BROADCAST(sink))))
        return TRUE;
    return GST_BASE_SINK_CLASS(gst_transcript_broadcast_parent_class)->query(sink, query);
}

static GstStructure *stats_of(GstTranscriptBroadcast *self) {
    const auto counts = self->state->link.counts();
    const lt::broadcast::RoomCounts none;
    return broadcastStats(counts ? *counts : none, self->state->malformed);
}

static void gst_transcript_broadcast_set_property(GObject *object, guint id, const GValue *value,
                                                  GParamSpec *pspec) {
    TranscriptBroadcastState &state = *GST_TRANSCRIPT_BROADCAST(object)->state;
    bool known, running;
    {
        lt::ObjectLock lock(object);
        running = !state.session.empty();
        known = running || state.settings.set(id, value);
    }
    if (running)
        GST_WARNING_OBJECT(object, "%s can be set in NULL and READY only; it keeps its value", pspec->name);
    if (!known)
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
}

static void gst_transcript_broadcast_get_property(GObject *object, guint id, GValue *value,
                                                  GParamSpec *pspec) {
    auto *self = GST_TRANSCRIPT_BROADCAST(object);
    if (id == PROP_CURRENT_PORT)
        g_value_set_uint(value, self->state->link.port());
    else if (id == PROP_STATS)
        g_value_take_boxed(value, stats_of(self));
    else if (!snapshot(self).get(id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
}

static void gst_transcript_broadcast_finalize(GObject *object) {
    delete GST_TRANSCRIPT_BROADCAST(object)->state;
    G_OBJECT_CLASS(gst_transcript_broadcast_parent_class)->finalize(object);
}

static void gst_transcript_broadcast_class_init(GstTranscriptBroadcastClass *klass) {
    auto *object_class = G_OBJECT_CLASS(klass);
    auto *element_class = GST_ELEMENT_CLASS(klass);
    auto *sink_class = GST_BASE_SINK_CLASS(klass);

    object_class->set_property = gst_transcript_broadcast_set_property;
    object_class->get_property = gst_transcript_broadcast_get_property;
    object_class->finalize = gst_transcript_broadcast_finalize;
    BroadcastSettings::install(object_class);
    lt::broadcast::ViewerNotifier::installSignals(G_TYPE_FROM_CLASS(klass));
    gst_transcript_tags_register(); // so that gst-launch-1.0 can write and print it

    gst_element_class_add_static_pad_template(element_class, &sink_template);
    gst_element_class_set_static_metadata(element_class, "Transcript broadcaster", "Sink/Text/Network",
                                          "Sends live transcripts to WebSocket viewers and serves a page "
                                          "that shows them",
                                          "gst-livetranscript developers");
    gst_element_class_add_static_metadata(element_class, GST_ELEMENT_METADATA_DOC_URI,
                                          PACKAGE_ORIGIN "/blob/main/docs/elements/transcriptbroadcast.md");
    element_class->change_state = gst_transcript_broadcast_change_state;

    sink_class->set_caps = gst_transcript_broadcast_set_caps;
    sink_class->render = gst_transcript_broadcast_render;
    sink_class->event = gst_transcript_broadcast_event;
    sink_class->query = gst_transcript_broadcast_query;
    sink_class->wait_event = gst_transcript_broadcast_wait_event;
    sink_class->unlock = gst_transcript_broadcast_unlock;
    sink_class->unlock_stop = gst_transcript_broadcast_unlock_stop;
}

static void gst_transcript_broadcast_init(GstTranscriptBroadcast *self) {
    self->state = new TranscriptBroadcastState(GST_ELEMENT(self));
    auto *sink = GST_BASE_SINK(self);
    // Captions are sparse, and late ones are better than none.
    gst_base_sink_set_sync(sink, FALSE);
    gst_base_sink_set_async_enabled(sink, FALSE);
    gst_base_sink_set_qos_enabled(sink, FALSE);
    gst_base_sink_set_last_sample_enabled(sink, FALSE);
}
