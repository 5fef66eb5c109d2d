// SPDX-License-Identifier: LGPL-2.1-or-later
/**
 * SECTION:element-sphinxtranscriber
 * @title: sphinxtranscriber
 * @short_description: offline speech-to-text by PocketSphinx
 *
 * Recognises speech on this machine, without a key, an account or a network, and pushes what was said. It
 * takes the place of gladiasink where that is not to be had: demonstrations, tests, commands of a grammar.
 *
 * It needs PocketSphinx 5prealpha and a model; without any property set it uses the English one of the Debian
 * package pocketsphinx-en-us.
 *
 * ## How well it hears
 * Clear synthetic speech (flite's voice slt, 16 everyday sentences, 152 words; a test measures it): word
 * error rate 2.6 %. With a grammar of a few dozen sentences: practically none.
 *
 * Real recordings: poor. A LibriVox reader, close to the microphone and rehearsed (five sentences, 70 words,
 * of the package pocketsphinx-testdata): 33 %, one word in three. Conversation, accents, noise, music and
 * distant microphones are worse still. It knows no punctuation, no capitals and no figures. For captions that
 * people read, use a real service.
 *
 * Decoding takes a fifth to a third of a processor's time, and a model 100 MB, per element.
 *
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=talk.wav ! wavparse ! audioconvert ! audioresample ! sphinxtranscriber
 * ! fakesink dump=true async=false
 * ]| The words of a file, as JSON messages on the terminal. The pipeline has to end in a sink, fakesink if
 * nothing else: the source pad has to be linked.
 * |[
 * gst-launch-1.0 autoaudiosrc ! audioconvert ! audioresample ! pcmchunker ! sphinxtranscriber
 * ! transcriptbroadcast
 * ]| The microphone's words in the browser. With grammar=FILE it hears the sentences of a JSGF grammar only.
 *
 * ## Transcripts
 * By default one buffer is one JSON message (application/x-json, format=transcript): partials, marked
 * DROPPABLE, while an utterance lasts, then one final with the same utterance id. Timestamp and duration are
 * the utterance's running time; words have times of their own. Downstream that takes text/x-raw only gets the
 * finals' text. The form is fixed when the first caps arrive.
 *
 * The confidence of a final's word is PocketSphinx's posterior probability of that word among its
 * alternatives, 0 to 1; an utterance's is the mean of its words'. It tells doubtful words from certain ones,
 * not right ones from wrong ones. Partials have none.
 *
 * While nobody speaks GAP events leave every 100 ms, as gladiasink sends them: in text form latency-ms +
 * lateness-ms behind the present, in JSON form, which adds no latency, behind the longest utterance and the
 * backlog.
 *
 * ## What happens when
 * The model takes about a second to load, on the element's own thread, from READY to PAUSED: PROGRESS
 * messages with the code load tell. Audio waits in a backlog of max-backlog-ms meanwhile, as it does when the
 * processor is too busy; when that is full, the oldest audio goes (live pipelines) or upstream waits (all
 * others). What goes is announced as a message of kind gap, as an element message and in stats. The model
 * stays until the element goes to NULL, which waits for a load under way.
 *
 * An utterance ends with silence of the length endpointing, at max-utterance, at a hole in the audio of 40 ms
 * or more, and at the end of the audio. A flush forgets the utterance under way and starts a new epoch.
 *
 * Element messages: sphinxtranscriber/gap (start, end, reason), from the element's thread, and, when
 * post-messages is on, sphinxtranscriber/transcript (transcript, json), from the source pad's task. Both have
 * session.
 *
 * PocketSphinx ends the whole process when a model's files are damaged in certain ways: use models you trust.
 * What it logs goes to the debug category pocketsphinx.
 *
 * Since: 0.1
 */
#include "elements/sphinxtranscriber/gstsphinxtranscriber.h"

#include "elements/sphinxtranscriber/transcriber_state.h"
#include "lib/gst/session_context.h"
#include "lib/livetranscript/livetranscript.h"

#include "config.h"

GST_DEBUG_CATEGORY(gst_sphinx_transcriber_debug);
#define GST_CAT_DEFAULT gst_sphinx_transcriber_debug

using lt::sphinx::TranscriberState;

struct _GstSphinxTranscriber {
    GstElement parent;
    TranscriberState *state; // from init to finalize
};

G_DEFINE_FINAL_TYPE_WITH_CODE(GstSphinxTranscriber, gst_sphinx_transcriber, GST_TYPE_ELEMENT,
                              GST_DEBUG_CATEGORY_INIT(gst_sphinx_transcriber_debug, "sphinxtranscriber", 0,
                                                      "offline speech-to-text by PocketSphinx"))
GST_ELEMENT_REGISTER_DEFINE(sphinxtranscriber, "sphinxtranscriber", GST_RANK_NONE,
                            GST_TYPE_SPHINX_TRANSCRIBER)

static GstStaticPadTemplate sinkTemplate = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS("audio/x-raw, format=(string)S16LE, layout=(string)interleaved, rate=(int)16000, "
                    "channels=(int)1"));
static GstStaticPadTemplate sourceTemplate =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS(GST_TRANSCRIPT_CAPS_JSON "; " GST_TRANSCRIPT_CAPS_TEXT));

static TranscriberState &stateOf(GstObject *element) {
    return *GST_SPHINX_TRANSCRIBER(element)->state;
}

// ---- pads

static GstFlowReturn gst_sphinx_transcriber_chain(GstPad *, GstObject *parent, GstBuffer *buffer) {
    return stateOf(parent).pads().chain(lt::BufferRef(buffer));
}

static gboolean gst_sphinx_transcriber_sink_event(GstPad *, GstObject *parent, GstEvent *event) {
    return stateOf(parent).pads().sinkEvent(lt::EventRef(event));
}

static gboolean gst_sphinx_transcriber_sink_query(GstPad *, GstObject *parent, GstQuery *query) {
    TranscriberState &state = stateOf(parent);
    return lt::answerSessionQuery(query, state.session()) || state.pads().sinkQuery(query);
}

static gboolean gst_sphinx_transcriber_src_query(GstPad *, GstObject *parent, GstQuery *query) {
    TranscriberState &state = stateOf(parent);
    return lt::answerSessionQuery(query, state.session()) || state.pads().sourceQuery(query);
}

static gboolean gst_sphinx_transcriber_src_activate(GstPad *, GstObject *parent, GstPadMode mode,
                                                    gboolean active) {
    return stateOf(parent).pads().activateSource(mode, active);
}

// ---- GObject

static GstStateChangeReturn gst_sphinx_transcriber_change_state(GstElement *element,
                                                                GstStateChange transition) {
    TranscriberState &state = stateOf(GST_OBJECT(element));
    if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !state.open())
        return GST_STATE_CHANGE_FAILURE;
    if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
        state.unblock();

    const auto result =
        GST_ELEMENT_CLASS(gst_sphinx_transcriber_parent_class)->change_state(element, transition);

    if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE) {
        state.unblock();
        state.close();
    } else if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
        state.close();
    else if (transition == GST_STATE_CHANGE_READY_TO_NULL)
        state.unload();
    return result;
}

static void gst_sphinx_transcriber_set_property(GObject *object, guint id, const GValue *value,
                                                GParamSpec *spec) {
    if (!stateOf(GST_OBJECT(object)).set(id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_sphinx_transcriber_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec) {
    if (!stateOf(GST_OBJECT(object)).get(id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_sphinx_transcriber_finalize(GObject *object) {
    delete GST_SPHINX_TRANSCRIBER(object)->state;
    G_OBJECT_CLASS(gst_sphinx_transcriber_parent_class)->finalize(object);
}

static void gst_sphinx_transcriber_class_init(GstSphinxTranscriberClass *klass) {
    auto *object = G_OBJECT_CLASS(klass);
    auto *element = GST_ELEMENT_CLASS(klass);
    object->set_property = gst_sphinx_transcriber_set_property;
    object->get_property = gst_sphinx_transcriber_get_property;
    object->finalize = gst_sphinx_transcriber_finalize;
    element->change_state = gst_sphinx_transcriber_change_state;
    lt::sphinx::installProperties(object);

    gst_element_class_add_static_pad_template(element, &sinkTemplate);
    gst_element_class_add_static_pad_template(element, &sourceTemplate);
    gst_element_class_set_static_metadata(
        element, "PocketSphinx offline speech-to-text", "Converter/Audio/Text",
        "Recognises speech without a network and pushes transcripts; fair on clear speech, poor on all other",
        "The gst-livetranscript developers");
    gst_element_class_add_static_metadata(element, GST_ELEMENT_METADATA_DOC_URI,
                                          PACKAGE_ORIGIN "/blob/main/docs/elements/sphinxtranscriber.md");
}

static void gst_sphinx_transcriber_init(GstSphinxTranscriber *self) {
    auto *element = GST_ELEMENT(self);
    GstPad *sink = gst_pad_new_from_static_template(&sinkTemplate, "sink");
    gst_pad_set_chain_function(sink, gst_sphinx_transcriber_chain);
    gst_pad_set_event_function(sink, gst_sphinx_transcriber_sink_event);
    gst_pad_set_query_function(sink, gst_sphinx_transcriber_sink_query);
    gst_element_add_pad(element, sink);

    GstPad *source = gst_pad_new_from_static_template(&sourceTemplate, "src");
    gst_pad_set_query_function(source, gst_sphinx_transcriber_src_query);
    gst_pad_set_activatemode_function(source, gst_sphinx_transcriber_src_activate);
    gst_pad_use_fixed_caps(source);
    gst_element_add_pad(element, source);

    self->state = new TranscriberState(self, sink, source);
}
