/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "livetranscript-prelude.h"

G_BEGIN_DECLS

/** Caps of a transcript stream: one buffer is one JSON message, UTF-8, no trailing NUL. */
#define GST_TRANSCRIPT_CAPS_JSON "application/x-json, format=(string)transcript"
/** Caps of the plain form: one buffer is the text of one final. */
#define GST_TRANSCRIPT_CAPS_TEXT "text/x-raw, format=(string)utf8"

#define GST_TYPE_TRANSCRIPT (gst_transcript_get_type())

/**
 * GstTranscriptKind:
 * @GST_TRANSCRIPT_KIND_TRANSCRIPT: what was said, partial or final
 * @GST_TRANSCRIPT_KIND_TRANSLATION: an utterance in another language
 * @GST_TRANSCRIPT_KIND_ENTITIES: named entities of an utterance
 * @GST_TRANSCRIPT_KIND_SENTIMENT: sentiment of an utterance
 * @GST_TRANSCRIPT_KIND_SUMMARY: summary of the session
 * @GST_TRANSCRIPT_KIND_GAP: audio between start and end was lost, nothing can be said about it
 */
typedef enum {
    GST_TRANSCRIPT_KIND_TRANSCRIPT,
    GST_TRANSCRIPT_KIND_TRANSLATION,
    GST_TRANSCRIPT_KIND_ENTITIES,
    GST_TRANSCRIPT_KIND_SENTIMENT,
    GST_TRANSCRIPT_KIND_SUMMARY,
    GST_TRANSCRIPT_KIND_GAP
} GstTranscriptKind;

/** Opaque, immutable, reference-counted; safe to use from any thread. */
typedef struct _GstTranscript GstTranscript;

GST_LIVETRANSCRIPT_API GType gst_transcript_get_type(void);
GST_LIVETRANSCRIPT_API GstTranscript *gst_transcript_ref(GstTranscript *transcript);
GST_LIVETRANSCRIPT_API void gst_transcript_unref(GstTranscript *transcript);

/**
 * gst_transcript_new_from_json:
 * @json: UTF-8 text of one message
 * @length: its length in bytes, or -1 when it ends with NUL
 * @error: set to a GST_STREAM_ERROR_DECODE when the text is not a transcript message
 *
 * Returns: (transfer full) (nullable): the message
 */
GST_LIVETRANSCRIPT_API GstTranscript *gst_transcript_new_from_json(const gchar *json, gssize length,
                                                                   GError **error);

/**
 * gst_transcript_from_buffer:
 * @buffer: a buffer of a transcript stream
 * @caps: (nullable): the stream's caps; text/x-raw makes each buffer a final, anything else is read as JSON
 * @error: set when the bytes are not a transcript
 *
 * Takes the parse from the buffer's #GstTranscriptMeta when there is one, else parses the bytes.
 *
 * Returns: (transfer full) (nullable): the message
 */
GST_LIVETRANSCRIPT_API GstTranscript *gst_transcript_from_buffer(GstBuffer *buffer, const GstCaps *caps,
                                                                 GError **error);

GST_LIVETRANSCRIPT_API GstTranscriptKind gst_transcript_get_kind(const GstTranscript *transcript);
/** The kind as it stands in JSON, for example "transcript". */
GST_LIVETRANSCRIPT_API const gchar *gst_transcript_get_kind_name(const GstTranscript *transcript);
/** Names the recogniser's session; with the utterance id unique for ever. May be empty. */
GST_LIVETRANSCRIPT_API const gchar *gst_transcript_get_epoch(const GstTranscript *transcript);
/** The same for all partials and the final of one utterance. */
GST_LIVETRANSCRIPT_API const gchar *gst_transcript_get_utterance_id(const GstTranscript *transcript);
/** Rises with each message of the same utterance. */
GST_LIVETRANSCRIPT_API guint64 gst_transcript_get_revision(const GstTranscript *transcript);
/** FALSE: a partial, replaced by the next message of the same utterance. */
GST_LIVETRANSCRIPT_API gboolean gst_transcript_is_final(const GstTranscript *transcript);
/** Language code, or "" when unknown. */
GST_LIVETRANSCRIPT_API const gchar *gst_transcript_get_language(const GstTranscript *transcript);
/** Audio channel counted from 0, or -1 when unknown. */
GST_LIVETRANSCRIPT_API gint gst_transcript_get_channel(const GstTranscript *transcript);
/** Speaker label, or "" when unknown. */
GST_LIVETRANSCRIPT_API const gchar *gst_transcript_get_speaker(const GstTranscript *transcript);
/** Participant id, or "" when unknown. */
GST_LIVETRANSCRIPT_API const gchar *gst_transcript_get_participant_id(const GstTranscript *transcript);
GST_LIVETRANSCRIPT_API const gchar *gst_transcript_get_text(const GstTranscript *transcript);
/** Running time at which the utterance starts, ns, or GST_CLOCK_TIME_NONE. */
GST_LIVETRANSCRIPT_API GstClockTime gst_transcript_get_start(const GstTranscript *transcript);
/** Running time at which the utterance ends, ns, or GST_CLOCK_TIME_NONE; provisional in a partial. */
GST_LIVETRANSCRIPT_API GstClockTime gst_transcript_get_end(const GstTranscript *transcript);
/** 0 to 1, or -1 when unknown. */
GST_LIVETRANSCRIPT_API gdouble gst_transcript_get_confidence(const GstTranscript *transcript);
GST_LIVETRANSCRIPT_API guint gst_transcript_get_n_words(const GstTranscript *transcript);

/**
 * gst_transcript_get_word:
 * @index: below gst_transcript_get_n_words()
 * @text: (out) (optional) (transfer none): the word, without surrounding spaces
 * @start: (out) (optional): running time, ns
 * @end: (out) (optional): running time, ns
 * @confidence: (out) (optional): 0 to 1, or -1 when unknown
 *
 * Returns: FALSE when there is no such word
 */
GST_LIVETRANSCRIPT_API gboolean gst_transcript_get_word(const GstTranscript *transcript, guint index,
                                                        const gchar **text, GstClockTime *start,
                                                        GstClockTime *end, gdouble *confidence);

/** Named entities of kind entities, sentiments of kind sentiment; none of other kinds. */
GST_LIVETRANSCRIPT_API guint gst_transcript_get_n_findings(const GstTranscript *transcript);

/**
 * gst_transcript_get_finding:
 * @index: below gst_transcript_get_n_findings()
 * @type: (out) (optional) (transfer none): of an entity, for example NAME_GIVEN; of a sentiment, for example
 *   positive
 * @emotion: (out) (optional) (transfer none): of a sentiment, or "" when unknown
 * @text: (out) (optional) (transfer none): where in the utterance it was found
 * @start: (out) (optional): running time, ns, or %GST_CLOCK_TIME_NONE
 * @end: (out) (optional): running time, ns, or %GST_CLOCK_TIME_NONE
 *
 * Returns: FALSE when there is no such finding
 */
GST_LIVETRANSCRIPT_API gboolean gst_transcript_get_finding(const GstTranscript *transcript, guint index,
                                                           const gchar **type, const gchar **emotion,
                                                           const gchar **text, GstClockTime *start,
                                                           GstClockTime *end);

/** Returns: (transfer full): the message as JSON. */
GST_LIVETRANSCRIPT_API gchar *gst_transcript_to_json(const GstTranscript *transcript);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(GstTranscript, gst_transcript_unref)

G_END_DECLS
