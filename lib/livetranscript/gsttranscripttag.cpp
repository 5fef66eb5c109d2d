// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/livetranscript/gsttranscripttag.h"

void gst_transcript_tags_register(void) {
    static gsize registered = 0;
    if (!g_once_init_enter(&registered))
        return;
    gst_tag_register_static(GST_TAG_TRANSCRIPT_RECOGNISER, GST_TAG_FLAG_ENCODED, G_TYPE_STRING, "recogniser",
                            "who recognised the speech of a transcript stream", nullptr);
    g_once_init_leave(&registered, 1);
}
