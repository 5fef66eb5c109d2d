// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/livetranscript/gsttranscriptmeta.h"

#include "lib/gst/refs.h"
#include "lib/transcript/transcript.h"

#include <atomic>
#include <string>

struct _GstTranscript {
    std::atomic<int> references{1};
    const lt::Transcript value;
};

G_DEFINE_BOXED_TYPE(GstTranscript, gst_transcript, gst_transcript_ref, gst_transcript_unref)

namespace lt {

TranscriptRef makeTranscript(Transcript value) {
    return TranscriptRef(new _GstTranscript{1, std::move(value)});
}

const Transcript &valueOf(const GstTranscript *transcript) {
    return transcript->value;
}

} // namespace lt

static GstTranscript *decode_failed(GError **error, const std::string &reason) {
    g_set_error(error, GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE, "Not a transcript: %s", reason.c_str());
    return nullptr;
}

GstTranscript *gst_transcript_ref(GstTranscript *transcript) {
    g_return_val_if_fail(transcript != nullptr, nullptr);
    transcript->references.fetch_add(1, std::memory_order_relaxed);
    return transcript;
}

void gst_transcript_unref(GstTranscript *transcript) {
    g_return_if_fail(transcript != nullptr);
    if (transcript->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
        delete transcript;
}

GstTranscript *gst_transcript_new_from_json(const gchar *json, gssize length, GError **error) {
    g_return_val_if_fail(json != nullptr, nullptr);
    const std::string_view text =
        length < 0 ? std::string_view(json) : std::string_view(json, static_cast<gsize>(length));
    std::string reason;
    auto value = lt::transcriptFromJson(text, reason);
    if (!value)
        return decode_failed(error, reason);
    return lt::makeTranscript(std::move(*value)).release();
}

GstTranscript *gst_transcript_from_buffer(GstBuffer *buffer, const GstCaps *caps, GError **error) {
    g_return_val_if_fail(GST_IS_BUFFER(buffer), nullptr);
    if (GstTranscriptMeta *meta = gst_buffer_get_transcript_meta(buffer))
        return gst_transcript_ref(meta->transcript);
    const lt::BufferMap map(buffer);
    if (!map.ok() || map.size() == 0)
        return decode_failed(error, map.ok() ? "the buffer is empty." : "the buffer cannot be read.");
    const std::string_view text(reinterpret_cast<const char *>(map.data()), map.size());
    const bool plain = caps && !gst_caps_is_empty(caps) && !gst_caps_is_any(caps) &&
                       gst_structure_has_name(gst_caps_get_structure(caps, 0), "text/x-raw");
    if (!plain)
        return gst_transcript_new_from_json(text.data(), static_cast<gssize>(text.size()), error);
    if (!g_utf8_validate_len(text.data(), text.size(), nullptr))
        return decode_failed(error, "the text is not valid UTF-8.");
    return lt::makeTranscript(
               lt::transcriptFromText(text, GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer)))
        .release();
}

GstTranscriptKind gst_transcript_get_kind(const GstTranscript *transcript) {
    return transcript->value.kind;
}

const gchar *gst_transcript_get_kind_name(const GstTranscript *transcript) {
    return lt::kindName(transcript->value.kind).data();
}

const gchar *gst_transcript_get_epoch(const GstTranscript *transcript) {
    return transcript->value.epoch.c_str();
}

const gchar *gst_transcript_get_utterance_id(const GstTranscript *transcript) {
    return transcript->value.utteranceId.c_str();
}

guint64 gst_transcript_get_revision(const GstTranscript *transcript) {
    return transcript->value.revision;
}

gboolean gst_transcript_is_final(const GstTranscript *transcript) {
    return transcript->value.isFinal;
}

const gchar *gst_transcript_get_language(const GstTranscript *transcript) {
    return transcript->value.language.c_str();
}

gint gst_transcript_get_channel(const GstTranscript *transcript) {
    return transcript->value.channel;
}

const gchar *gst_transcript_get_speaker(const GstTranscript *transcript) {
    return transcript->value.speaker.c_str();
}

const gchar *gst_transcript_get_participant_id(const GstTranscript *transcript) {
    return transcript->value.participantId.c_str();
}

const gchar *gst_transcript_get_text(const GstTranscript *transcript) {
    return transcript->value.text.c_str();
}

GstClockTime gst_transcript_get_start(const GstTranscript *transcript) {
    return transcript->value.startNs;
}

GstClockTime gst_transcript_get_end(const GstTranscript *transcript) {
    return transcript->value.endNs;
}

gdouble gst_transcript_get_confidence(const GstTranscript *transcript) {
    return transcript->value.confidence;
}

guint gst_transcript_get_n_words(const GstTranscript *transcript) {
    return static_cast<guint>(transcript->value.words.size());
}

gboolean gst_transcript_get_word(const GstTranscript *transcript, guint index, const gchar **text,
                                 GstClockTime *start, GstClockTime *end, gdouble *confidence) {
    if (index >= transcript->value.words.size())
        return FALSE;
    const lt::Word &word = transcript->value.words[index];
    if (text)
        *text = word.text.c_str();
    if (start)
        *start = word.startNs;
    if (end)
        *end = word.endNs;
    if (confidence)
        *confidence = word.confidence;
    return TRUE;
}

guint gst_transcript_get_n_findings(const GstTranscript *transcript) {
    return static_cast<guint>(transcript->value.findings.size());
}

gboolean gst_transcript_get_finding(const GstTranscript *transcript, guint index, const gchar **type,
                                    const gchar **emotion, const gchar **text, GstClockTime *start,
                                    GstClockTime *end) {
    if (index >= transcript->value.findings.size())
        return FALSE;
    const lt::Finding &finding = transcript->value.findings[index];
    if (type)
        *type = finding.type.c_str();
    if (emotion)
        *emotion = finding.emotion.c_str();
    if (text)
        *text = finding.text.c_str();
    if (start)
        *start = finding.startNs;
    if (end)
        *end = finding.endNs;
    return TRUE;
}

gchar *gst_transcript_to_json(const GstTranscript *transcript) {
    return g_strdup(lt::toJson(transcript->value).c_str());
}
