// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/livetranscript/gsttranscriptmeta.h"

static gboolean gst_transcript_meta_init(GstMeta *meta, gpointer, GstBuffer *) {
    auto *self = reinterpret_cast<GstTranscriptMeta *>(meta);
    self->transcript = nullptr;
    self->stamps = GST_TRANSCRIPT_STAMPS_INIT;
    return TRUE;
}

static void gst_transcript_meta_free(GstMeta *meta, GstBuffer *) {
    auto *self = reinterpret_cast<GstTranscriptMeta *>(meta);
    g_clear_pointer(&self->transcript, gst_transcript_unref);
}

static gboolean gst_transcript_meta_transform(GstBuffer *target, GstMeta *meta, GstBuffer *, GQuark type,
                                              gpointer data) {
    // A part of the message's bytes is no message: the meta goes with whole copies only.
    if (!GST_META_TRANSFORM_IS_COPY(type) || static_cast<GstMetaTransformCopy *>(data)->region)
        return FALSE;
    const auto *self = reinterpret_cast<const GstTranscriptMeta *>(meta);
    return gst_buffer_add_transcript_meta(target, self->transcript, &self->stamps) != nullptr;
}

GType gst_transcript_meta_api_get_type(void) {
    static gsize once = 0;
    if (g_once_init_enter(&once)) {
        static const gchar *tags[] = {nullptr};
        g_once_init_leave(&once, gst_meta_api_type_register("GstTranscriptMetaAPI", tags));
    }
    return once;
}

const GstMetaInfo *gst_transcript_meta_get_info(void) {
    static const GstMetaInfo *info = nullptr;
    if (g_once_init_enter(&info)) {
        const GstMetaInfo *registered = gst_meta_register(
            GST_TRANSCRIPT_META_API_TYPE, "GstTranscriptMeta", sizeof(GstTranscriptMeta),
            gst_transcript_meta_init, gst_transcript_meta_free, gst_transcript_meta_transform);
        g_once_init_leave(&info, registered);
    }
    return info;
}

GstTranscriptMeta *gst_buffer_add_transcript_meta(GstBuffer *buffer, GstTranscript *transcript,
                                                  const GstTranscriptStamps *stamps) {
    g_return_val_if_fail(GST_IS_BUFFER(buffer), nullptr);
    g_return_val_if_fail(transcript != nullptr, nullptr);
    auto *self =
        reinterpret_cast<GstTranscriptMeta *>(gst_buffer_add_meta(buffer, GST_TRANSCRIPT_META_INFO, nullptr));
    if (!self)
        return nullptr;
    self->transcript = gst_transcript_ref(transcript);
    if (stamps)
        self->stamps = *stamps;
    return self;
}

GstTranscriptMeta *gst_buffer_get_transcript_meta(GstBuffer *buffer) {
    return reinterpret_cast<GstTranscriptMeta *>(gst_buffer_get_meta(buffer, GST_TRANSCRIPT_META_API_TYPE));
}
