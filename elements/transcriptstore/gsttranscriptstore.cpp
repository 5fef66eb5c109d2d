// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-transcriptstore
 * @title: transcriptstore
 * @short_description: writes transcripts to SQLite or PostgreSQL
 *
 * Stores a session's finals in a database, in batches: what comes within #flush-ms, at most #max-batch of it,
 * is one transaction. All kinds are stored: transcripts, translations, entities, sentiment, summaries, gaps.
 * A message that comes again changes nothing; a higher revision replaces a lower one.
 *
 * Elements of one process that name the same database with the same settings share one connection and one
 * thread. The streaming thread never waits for the database, and no state change does for longer than
 * #shutdown-timeout-ms.
 *
 * ## A database that is slow or gone
 *
 * Transcripts stay in memory and the database is tried again, after 100 ms first and 10 s at last. After two
 * seconds, or with more than #max-queue waiting, they move to files in #spool-dir, which are on the disk when
 * `transcriptstore/spooling` is posted and are replayed in order when the database is back; those of a
 * process that was killed by the next one that stores to the same database. Finals are never dropped: when
 * the disk takes nothing either they stay in memory, and when that ends (256 MiB, days of speech) the element
 * posts an ERROR.
 *
 * A database that was never usable (wrong password, no such database, no database file) is an ERROR at the
 * start; what came until then is spooled.
 *
 * ## Messages
 *
 * `transcriptstore/stored` after each commit: session, messages, finals, stored-finals (so far), and of the
 * last final last-epoch, last-kind, last-utterance-id, last-language, last-revision. What it names, and all
 * that came before it, is on the database's disk. `transcriptstore/spooling` and `transcriptstore/available`
 * (text, messages) tell of an outage; its begin is a WARNING. They are posted from the writer's thread.
 *
 * ## Input
 *
 * `application/x-json, format=transcript`, or `text/x-raw, format=utf8`, where each buffer is a final. A
 * buffer that cannot be read is counted and skipped; the 1st, 2nd, 4th, 8th … is announced with a WARNING.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=captions.srt ! subparse ! transcriptstore location=captions.db session=demo
 * ]| Then: livetranscript-export --location captions.db --session demo --format vtt
 *
 * Since: 0.1
 */

#include "elements/transcriptstore/gsttranscriptstore.h"

#include "elements/transcriptstore/store_link.h"
#include "elements/transcriptstore/store_settings.h"
#include "lib/gst/refs.h"
#include "lib/gst/session_context.h"
#include "lib/livetranscript/livetranscript.h"
#include "lib/transcript/transcript.h"

#include "config.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>

GST_DEBUG_CATEGORY(gst_transcript_store_debug);
#define GST_CAT_DEFAULT gst_transcript_store_debug

/// All that has a destructor.
struct TranscriptStoreState {
    explicit TranscriptStoreState(GstElement *element)
        : link(std::make_shared<lt::store::StoreLink>(element)) {}

    // Under the object lock.
    StoreSettings settings;
    std::string session; // the one in use; "" while stopped

    // Streaming thread.
    lt::CapsRef caps;
    bool storePartials = false; // as it was at the start

    std::atomic<guint64> malformed = 0;
    std::atomic<guint64> skippedPartials = 0;
    const std::shared_ptr<lt::store::StoreLink> link;
};

struct _GstTranscriptStore {
    GstBaseSink parent;
    TranscriptStoreState *state;
};

G_DEFINE_TYPE_WITH_CODE(GstTranscriptStore, gst_transcript_store, GST_TYPE_BASE_SINK,
                        GST_DEBUG_CATEGORY_INIT(gst_transcript_store_debug, "transcriptstore", 0,
                                                "transcripts to a database"))
GST_ELEMENT_REGISTER_DEFINE(transcriptstore, "transcriptstore", GST_RANK_NONE, GST_TYPE_TRANSCRIPT_STORE)

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS(GST_TRANSCRIPT_CAPS_JSON "; " GST_TRANSCRIPT_CAPS_TEXT));

static StoreSettings snapshot(GstTranscriptStore *self) {
    lt::ObjectLock lock(self);
    return self->state->settings;
}

static bool refuse_settings(GstTranscriptStore *self, const std::string &sentence) {
    GST_ELEMENT_ERROR(self, RESOURCE, SETTINGS, ("%s", sentence.c_str()), (nullptr));
    return false;
}

/* READY -> PAUSED */
static bool start(GstTranscriptStore *self) {
    TranscriptStoreState &state = *self->state;
    const StoreSettings settings = snapshot(self);
    if (!settings.session.empty() && !lt::isSessionSlug(settings.session))
        return refuse_settings(self, "\"" + settings.session +
                                         "\" cannot be a session's name: 1 to 128 of A-Z a-z 0-9 _ . - are "
                                         "allowed.");
    std::string error;
    auto writer = settings.writer(error);
    if (!writer)
        return refuse_settings(self, error);
    const std::string session =
        settings.session.empty() ? lt::resolveSession(GST_ELEMENT(self), nullptr) : settings.session;
    state.malformed = 0;
    state.skippedPartials = 0;
    state.storePartials = settings.storePartials;
    state.link->open(std::move(writer), session);
    {
        lt::ObjectLock lock(self);
        state.session = session;
    }
    if (!settings.session.empty())
        lt::announceSession(GST_ELEMENT(self), session);
    return true;
}

/* PAUSED -> READY, no streaming thread any more */
static void stop(GstTranscriptStore *self) {
    self->state->link->close(lt::store::Milliseconds(snapshot(self).shutdownTimeoutMs));
    self->state->caps.reset();
    lt::ObjectLock lock(self);
    self->state->session.clear();
}

static GstStateChangeReturn gst_transcript_store_change_state(GstElement *element,
                                                              GstStateChange transition) {
    auto *self = GST_TRANSCRIPT_STORE(element);
    // Not in GstBaseSink's start(): that comes with NULL -> READY, before properties must stand still.
    if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !start(self))
        return GST_STATE_CHANGE_FAILURE;
    const auto result =
        GST_ELEMENT_CLASS(gst_transcript_store_parent_class)->change_state(element, transition);
    const bool failed = transition == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE;
    if (failed || transition == GST_STATE_CHANGE_PAUSED_TO_READY)
        stop(self);
    return result;
}

static gboolean gst_transcript_store_set_caps(GstBaseSink *sink, GstCaps *caps) {
    GST_TRANSCRIPT_STORE(sink)->state->caps = lt::retainMini(caps);
    return TRUE;
}

static void count_malformed(GstTranscriptStore *self, const char *reason) {
    const guint64 count = ++self->state->malformed;
    GST_DEBUG_OBJECT(self, "malformed buffer: %s", reason);
    if ((count & (count - 1)) == 0) // a flood of them must not flood the bus
        GST_ELEMENT_WARNING(
            self, STREAM, DECODE,
            ("A transcript could not be read and was skipped (%" G_GUINT64_FORMAT " so far).", count),
            ("%s", reason));
}

static GstFlowReturn gst_transcript_store_render(GstBaseSink *sink, GstBuffer *buffer) {
    auto *self = GST_TRANSCRIPT_STORE(sink);
    TranscriptStoreState &state = *self->state;
    if (GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_GAP) || gst_buffer_get_size(buffer) == 0)
        return GST_FLOW_OK;
    lt::ErrorOut error;
    lt::TranscriptRef transcript(gst_transcript_from_buffer(buffer, state.caps.get(), error.out()));
    if (!transcript) {
        count_malformed(self, error.message());
        return GST_FLOW_OK;
    }
    if (!gst_transcript_is_final(transcript.get()) && !state.storePartials) {
        state.skippedPartials++;
        return GST_FLOW_OK;
    }
    if (state.link->publish(std::move(transcript)))
        return GST_FLOW_OK;
    GST_ELEMENT_ERROR(
        self, RESOURCE, NO_SPACE_LEFT,
        ("Neither the database nor the spool takes transcripts, and no more of them can be kept "
         "in memory."),
        (nullptr));
    return GST_FLOW_ERROR;
}

/* Under the preroll lock; EOS is posted when this returns OK. */
static GstFlowReturn gst_transcript_store_wait_event(GstBaseSink *sink, GstEvent *event) {
    auto *self = GST_TRANSCRIPT_STORE(sink);
    auto &link = *self->state->link;
    GstFlowReturn flow = GST_BASE_SINK_CLASS(gst_transcript_store_parent_class)->wait_event(sink, event);
    if (flow != GST_FLOW_OK || GST_EVENT_TYPE(event) != GST_EVENT_EOS)
        return flow;
    link.settle(lt::store::Milliseconds(snapshot(self).shutdownTimeoutMs));
    while (flow == GST_FLOW_OK && !link.waitSettled())
        flow = gst_base_sink_wait_preroll(sink); // paused meanwhile, or flushing
    return flow;
}

static gboolean gst_transcript_store_unlock(GstBaseSink *sink) {
    GST_TRANSCRIPT_STORE(sink)->state->link->interrupt(true);
    return TRUE;
}

static gboolean gst_transcript_store_unlock_stop(GstBaseSink *sink) {
    GST_TRANSCRIPT_STORE(sink)->state->link->interrupt(false);
    return TRUE;
}

static std::string current_session(GstTranscriptStore *self) {
    lt::ObjectLock lock(self);
    return self->state->session.empty() ? self->state->settings.session : self->state->session;
}

static gboolean gst_transcript_store_query(GstBaseSink *sink, GstQuery *query) {
    if (lt::answerSessionQuery(query, current_session(GST_TRANSCRIPT_STORE(sink))))
        return TRUE;
    return GST_BASE_SINK_CLASS(gst_transcript_store_parent_class)->query(sink, query);
}

static GstStructure *stats_of(GstTranscriptStore *self) {
    GstStructure *stats = self->state->link->stats();
    gst_structure_set(stats, "skipped-partials", G_TYPE_UINT64, guint64{self->state->skippedPartials.load()},
                      "malformed", G_TYPE_UINT64, guint64{self->state->malformed.load()}, nullptr);
    return stats;
}

static void gst_transcript_store_set_property(GObject *object, guint id, const GValue *value,
                                              GParamSpec *pspec) {
    TranscriptStoreState &state = *GST_TRANSCRIPT_STORE(object)->state;
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

static void gst_transcript_store_get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec) {
    auto *self = GST_TRANSCRIPT_STORE(object);
    if (id == PROP_STATS)
        g_value_take_boxed(value, stats_of(self));
    else if (!snapshot(self).get(id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
}

static void gst_transcript_store_finalize(GObject *object) {
    delete GST_TRANSCRIPT_STORE(object)->state;
    G_OBJECT_CLASS(gst_transcript_store_parent_class)->finalize(object);
}

static void gst_transcript_store_class_init(GstTranscriptStoreClass *klass) {
    auto *object_class = G_OBJECT_CLASS(klass);
    auto *element_class = GST_ELEMENT_CLASS(klass);
    auto *sink_class = GST_BASE_SINK_CLASS(klass);

    object_class->set_property = gst_transcript_store_set_property;
    object_class->get_property = gst_transcript_store_get_property;
    object_class->finalize = gst_transcript_store_finalize;
    StoreSettings::install(object_class);

    gst_element_class_add_static_pad_template(element_class, &sink_template);
    gst_element_class_set_static_metadata(element_class, "Transcript store", "Sink/Text",
                                          "Writes transcripts to SQLite or PostgreSQL in batches",
                                          "gst-livetranscript developers");
    gst_element_class_add_static_metadata(element_class, GST_ELEMENT_METADATA_DOC_URI,
                                          PACKAGE_ORIGIN "/blob/main/docs/elements/transcriptstore.md");

    element_class->change_state = gst_transcript_store_change_state;
    sink_class->set_caps = gst_transcript_store_set_caps;
    sink_class->render = gst_transcript_store_render;
    sink_class->query = gst_transcript_store_query;
    sink_class->wait_event = gst_transcript_store_wait_event;
    sink_class->unlock = gst_transcript_store_unlock;
    sink_class->unlock_stop = gst_transcript_store_unlock_stop;
}

static void gst_transcript_store_init(GstTranscriptStore *self) {
    self->state = new TranscriptStoreState(GST_ELEMENT(self));
    auto *sink = GST_BASE_SINK(self);
    // Transcripts are sparse, and late ones are to be kept.
    gst_base_sink_set_sync(sink, FALSE);
    gst_base_sink_set_async_enabled(sink, FALSE);
    gst_base_sink_set_qos_enabled(sink, FALSE);
    gst_base_sink_set_last_sample_enabled(sink, FALSE);
}
