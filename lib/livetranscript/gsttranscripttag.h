/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "livetranscript-prelude.h"

G_BEGIN_DECLS

/**
 * GST_TAG_TRANSCRIPT_RECOGNISER:
 *
 * Who made a transcript stream, for people to read (string), for example "offline recogniser (PocketSphinx)".
 * A recogniser whose words should be taken with care sends it; viewers are shown it.
 */
#define GST_TAG_TRANSCRIPT_RECOGNISER "transcript-recogniser"

/**
 * gst_transcript_tags_register:
 *
 * Makes the tags of transcript streams known to GStreamer. Needed before one is written into a tag list, or
 * read from text; may be called any number of times, from any thread.
 */
GST_LIVETRANSCRIPT_API void gst_transcript_tags_register(void);

G_END_DECLS
