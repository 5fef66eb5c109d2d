// SPDX-License-Identifier: LGPL-2.1-or-later
/**
 * SECTION:element-gladiasink
 * @title: gladiasink
 * @short_description: live speech-to-text by Gladia
 *
 * Sends audio to the Gladia Live v2 service and pushes what was said. In spite of its suffix it has a source
 * pad, for the transcripts: link it or leave it. Unlinked, the element ends a pipeline like any sink; linked,
 * it posts its EOS message all the same, after the last transcript has left.
 *
 * It needs an account at https://www.gladia.io and its API key, in this order: the property api-key, the file
 * named by api-key-file, the environment variable named by api-key-env (GLADIA_API_KEY).
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 autoaudiosrc ! audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate=16000,channels=1
 * ! gladiasink languages=en ! fakesink dump=true async=false
 * ]| The microphone's words, as JSON messages on the terminal.
 * |[
 * gst-launch-1.0 filesrc location=talk.wav ! wavparse ! audioconvert ! audioresample ! clocksync ! gladiasink
 * ! text/x-raw ! fakesink dump=true async=false
 * ]| The plain text of a file. The service takes audio at about the pace of real time: clocksync sees to it.
 *
 * ## Transcripts
 * By default one buffer is one JSON message (application/x-json, format=transcript): partials, marked
 * DROPPABLE, while an utterance lasts, then one final with the same utterance id. Timestamp and duration are
 * the utterance's running time. Downstream that takes text/x-raw only gets the finals' text. The form is
 * fixed when the first caps arrive. What translation-languages, named-entities, sentiment and summary ask for
 * comes as JSON messages of the kinds translation, entities, sentiment and summary, all but the last with the
 * id of the utterance.
 *
 * While nobody speaks GAP events leave every 100 ms. In text form they stay latency-ms + lateness-ms behind
 * the present; what comes later still is moved to the present position, marked DISCONT and counted. JSON
 * adds no latency; there GAPs stay max-utterance + max-backlog-ms + 10 s behind, so that they never overtake
 * an utterance, not even one whose audio had to wait.
 *
 * ## What happens when
 * Connecting starts with the first audio and delays nothing: audio waits in a backlog of max-backlog-ms.
 * When it is full, the oldest audio goes (live pipelines) or upstream waits (all others); what goes is
 * announced as a message of kind gap, as an element message and in stats.
 *
 * What was sent is kept until the service has acknowledged it. A connection that is lost, or dead, is opened
 * again, at once and then after reconnect-min-ms to reconnect-max-ms, and what is not acknowledged is sent
 * again at catchup-speed; where the service has forgotten the session, a new one is given that audio. This
 * goes on as long as the pipeline runs, or with on-error=error for max-attempts. A key or parameters that are
 * refused are an error at once. After max-session-ms the next session takes over. Caps that change end the
 * service's session and start another. A flush forgets the session and what it had not said yet.
 *
 * Element messages, posted from the IO thread: gladiasink/connecting (attempt), gladiasink/connected
 * (session-id), gladiasink/lost (session-id, reason, close-code), gladiasink/retrying (attempt, delay-ms,
 * reason, http-status-code, close-code), gladiasink/resumed (session-id, bytes), gladiasink/new-session
 * (lost-session-id, reason, bytes), gladiasink/rolled-over (old-session-id, session-id), gladiasink/stalled
 * (session-id, channel, speech-ms), gladiasink/gave-up (attempts, reason), gladiasink/closed (session-id,
 * close-code), gladiasink/gap (start, end, reason), gladiasink/service-error (reason); from the source pad's
 * task, when post-messages is on: gladiasink/transcript (transcript, json). All have session.
 *
 * Since: 0.1
 */
#include "elements/gladiasink/gstgladiasink.h"

#include "elements/gladiasink/gladia_sink_state.h"
#include "lib/gst/refs.h"
#include "lib/gst/session_context.h"
#include "lib/livetranscript/livetranscript.h"

#include "config.h"

GST_DEBUG_CATEGORY(gst_gladia_sink_debug);
#define GST_CAT_DEFAULT gst_gladia_sink_debug

using lt::gladia::GladiaSinkState;

struct _GstGladiaSink {
    GstElement parent;
    GladiaSinkState *state; // from init to finalize
};

G_DEFINE_FINAL_TYPE_WITH_CODE(GstGladiaSink, gst_gladia_sink, GST_TYPE_ELEMENT,
                              GST_DEBUG_CATEGORY_INIT(gst_gladia_sink_debug, "gladiasink", 0,
                                                      "live speech-to-text by Gladia"))
GST_ELEMENT_REGISTER_DEFINE(gladiasink, "gladiasink", GST_RANK_NONE, GST_TYPE_GLADIA_SINK)

#define GLADIA_AUDIO_CAPS                                                                                    \
    "audio/x-raw, format=(string)S16LE, layout=(string)interleaved, "                                        \
    "rate=(int){ 8000, 16000, 32000, 44100, 48000 }, channels=(int)[ 1, 8 ]; "                               \
    "audio/x-alaw, rate=(int){ 8000, 16000, 32000, 44100, 48000 }, channels=(int)[ 1, 8 ]; "                 \
    "audio/x-mulaw, rate=(int){ 8000, 16000, 32000, 44100, 48000 }, channels=(int)[ 1, 8 ]"

static GstStaticPadTemplate sinkTemplate =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(GLADIA_AUDIO_CAPS));
static GstStaticPadTemplate sourceTemplate =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS(GST_TRANSCRIPT_CAPS_JSON "; " GST_TRANSCRIPT_CAPS_TEXT));

static GladiaSinkState &stateOf(GstObject *element) {
    return *GST_GLADIA_SINK(element)->state;
}

// ---- pads

static GstFlowReturn gst_gladia_sink_chain(GstPad *, GstObject *parent, GstBuffer *buffer) {
    return stateOf(parent).pads().chain(lt::BufferRef(buffer));
}

static gboolean gst_gladia_sink_sink_event(GstPad *, GstObject *parent, GstEvent *event) {
    GladiaSinkState &state = stateOf(parent);
    state.heartbeat(event);
    return state.pads().sinkEvent(lt::EventRef(event));
}

static gboolean gst_gladia_sink_sink_query(GstPad *, GstObject *parent, GstQuery *query) {
    GladiaSinkState &state = stateOf(parent);
    return lt::answerSessionQuery(query, state.session()) || state.pads().sinkQuery(query);
}

static gboolean gst_gladia_sink_src_event(GstPad *pad, GstObject *parent, GstEvent *event) {
    stateOf(parent).heartbeat(event);
    return gst_pad_event_default(pad, parent, event);
}

static gboolean gst_gladia_sink_src_query(GstPad *, GstObject *parent, GstQuery *query) {
    GladiaSinkState &state = stateOf(parent);
    return lt::answerSessionQuery(query, state.session()) || state.pads().sourceQuery(query);
}

static gboolean gst_gladia_sink_src_activate(GstPad *, GstObject *parent, GstPadMode mode, gboolean active) {
    return stateOf(parent).pads().activateSource(mode, active);
}

// ---- GObject

static GstStateChangeReturn gst_gladia_sink_change_state(GstElement *element, GstStateChange transition) {
    GladiaSinkState &state = stateOf(GST_OBJECT(element));
    if (transition == GST_STATE_CHANGE_NULL_TO_READY)
        state.readEnvironment();
    else if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !state.open())
        return GST_STATE_CHANGE_FAILURE;
    else if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
        state.setPlaying(false);
    else if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
        state.unblock();

    const auto result = GST_ELEMENT_CLASS(gst_gladia_sink_parent_class)->change_state(element, transition);

    if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING)
        state.setPlaying(true);
    else if (transition == GST_STATE_CHANGE_PAUSED_TO_READY ||
             (transition == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE))
        state.close();
    return result;
}

static void gst_gladia_sink_set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec) {
    // A stream has read them when it started: to take another value now would be to pretend.
    if (GST_STATE(object) > GST_STATE_READY && !(spec->flags & GST_PARAM_MUTABLE_PLAYING)) {
        GST_WARNING_OBJECT(object, "%s can be changed in NULL and READY only: the old value stays",
                           spec->name);
        return;
    }
    if (!stateOf(GST_OBJECT(object)).set(id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_gladia_sink_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec) {
    if (!stateOf(GST_OBJECT(object)).get(id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_gladia_sink_finalize(GObject *object) {
    delete GST_GLADIA_SINK(object)->state;
    G_OBJECT_CLASS(gst_gladia_sink_parent_class)->finalize(object);
}

static void gst_gladia_sink_class_init(GstGladiaSinkClass *klass) {
    auto *object = G_OBJECT_CLASS(klass);
    auto *element = GST_ELEMENT_CLASS(klass);
    object->set_property = gst_gladia_sink_set_property;
    object->get_property = gst_gladia_sink_get_property;
    object->finalize = gst_gladia_sink_finalize;
    element->change_state = gst_gladia_sink_change_state;
    lt::gladia::installProperties(object);

    gst_element_class_add_static_pad_template(element, &sinkTemplate);
    gst_element_class_add_static_pad_template(element, &sourceTemplate);
    gst_element_class_set_static_metadata(
        element, "Gladia live speech-to-text", "Converter/Audio/Text/Network",
        "Sends audio to the Gladia Live service and pushes transcripts: a sink with a source pad",
        "The gst-livetranscript developers");
    gst_element_class_add_static_metadata(element, GST_ELEMENT_METADATA_DOC_URI,
                                          PACKAGE_ORIGIN "/blob/main/docs/elements/gladiasink.md");
}

static void gst_gladia_sink_init(GstGladiaSink *self) {
    auto *element = GST_ELEMENT(self);
    GstPad *sink = gst_pad_new_from_static_template(&sinkTemplate, "sink");
    gst_pad_set_chain_function(sink, gst_gladia_sink_chain);
    gst_pad_set_event_function(sink, gst_gladia_sink_sink_event);
    gst_pad_set_query_function(sink, gst_gladia_sink_sink_query);
    gst_element_add_pad(element, sink);

    GstPad *source = gst_pad_new_from_static_template(&sourceTemplate, "src");
    gst_pad_set_event_function(source, gst_gladia_sink_src_event);
    gst_pad_set_query_function(source, gst_gladia_sink_src_query);
    gst_pad_set_activatemode_function(source, gst_gladia_sink_src_activate);
    gst_pad_use_fixed_caps(source);
    gst_element_add_pad(element, source);

    GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SINK);
    self->state = new GladiaSinkState(self, sink, source);
}
