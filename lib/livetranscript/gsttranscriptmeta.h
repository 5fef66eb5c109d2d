/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gsttranscript.h"

G_BEGIN_DECLS

#define GST_TRANSCRIPT_META_API_TYPE (gst_transcript_meta_api_get_type())
#define GST_TRANSCRIPT_META_INFO (gst_transcript_meta_get_info())

/**
 * GstTranscriptStamps:
 * @audio_entered: the audio of the utterance's end entered the recogniser element
 * @audio_sent: it was handed to the recogniser's socket
 * @received: the transcript came
 * @pushed: it left the recogniser element's source pad
 *
 * When each stage of a transcript's way was passed: monotonic clock (g_get_monotonic_time()), ns;
 * GST_CLOCK_TIME_NONE where unknown.
 */
typedef struct {
    GstClockTime audio_entered;
    GstClockTime audio_sent;
    GstClockTime received;
    GstClockTime pushed;
} GstTranscriptStamps;

#define GST_TRANSCRIPT_STAMPS_INIT                                                                           \
    { GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE }

/**
 * GstTranscriptMeta:
 * @transcript: the parse of the buffer's bytes, owned by the meta
 * @stamps: when each stage was passed
 *
 * Travels with copies of the buffer and through tee. May be absent: use gst_transcript_from_buffer().
 */
typedef struct {
    GstMeta meta;
    GstTranscript *transcript;
    GstTranscriptStamps stamps;
} GstTranscriptMeta;

GST_LIVETRANSCRIPT_API GType gst_transcript_meta_api_get_type(void);
GST_LIVETRANSCRIPT_API const GstMetaInfo *gst_transcript_meta_get_info(void);

/**
 * gst_buffer_add_transcript_meta:
 * @buffer: a writable buffer
 * @transcript: (transfer none): what its bytes say
 * @stamps: (nullable): copied
 *
 * Returns: (transfer none): the meta
 */
GST_LIVETRANSCRIPT_API GstTranscriptMeta *gst_buffer_add_transcript_meta(GstBuffer *buffer,
                                                                         GstTranscript *transcript,
                                                                         const GstTranscriptStamps *stamps);

/** Returns: (transfer none) (nullable): the buffer's transcript meta. */
GST_LIVETRANSCRIPT_API GstTranscriptMeta *gst_buffer_get_transcript_meta(GstBuffer *buffer);

G_END_DECLS
