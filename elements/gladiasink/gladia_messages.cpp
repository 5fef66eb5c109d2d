// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/gladia_messages.h"

#include "lib/gst/refs.h"

#include <utility>

GST_DEBUG_CATEGORY_EXTERN(gst_gladia_sink_debug);
#define GST_CAT_DEFAULT gst_gladia_sink_debug

namespace lt::gladia {

namespace {

using ElementRef = ObjectRef<GstElement>;

guint toMs(std::uint64_t ns) {
    return static_cast<guint>(ns / GST_MSECOND);
}

GstStructure *named(const char *name, const std::string &session) {
    return gst_structure_new(name, "session", G_TYPE_STRING, session.c_str(), nullptr);
}

void postElement(GstElement *element, GstStructure *structure) {
    gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), structure));
}

GError *resourceError(const Failure &failure) {
    GQuark domain = GST_RESOURCE_ERROR;
    gint code = GST_RESOURCE_ERROR_OPEN_READ_WRITE;
    switch (failure.trouble) {
    case Trouble::NotAuthorized:
        code = GST_RESOURCE_ERROR_NOT_AUTHORIZED;
        break;
    case Trouble::NotFound:
        code = GST_RESOURCE_ERROR_NOT_FOUND;
        break;
    case Trouble::Refused:
        code = failure.httpStatus == 429 ? GST_RESOURCE_ERROR_BUSY : GST_RESOURCE_ERROR_SETTINGS;
        break;
    case Trouble::Lost:
        code = GST_RESOURCE_ERROR_READ;
        break;
    case Trouble::Nonsense:
        domain = GST_STREAM_ERROR;
        code = GST_STREAM_ERROR_DECODE;
        break;
    case Trouble::CannotConnect:
        break;
    }
    return g_error_new_literal(domain, code, failure.text.c_str());
}

GstStructure *detailsOf(const Failure &failure, const std::string &session) {
    GstStructure *details = named("details", session);
    if (failure.httpStatus)
        gst_structure_set(details, "http-status-code", G_TYPE_UINT, failure.httpStatus, nullptr);
    if (failure.closeCode)
        gst_structure_set(details, "close-code", G_TYPE_UINT, failure.closeCode, nullptr);
    return details;
}

/// One per kind of notice.
class Poster {
public:
    Poster(GstElement *element, const std::string &session) : element_(element), session_(session) {}

    void operator()(const Connecting &notice) const {
        GST_INFO_OBJECT(element_, "connecting, attempt %u", notice.attempt);
        send("gladiasink/connecting", "attempt", G_TYPE_UINT, notice.attempt, nullptr);
    }
    void operator()(const Connected &notice) const {
        GST_INFO_OBJECT(element_, "connected");
        send("gladiasink/connected", "session-id", G_TYPE_STRING, notice.sessionId.c_str(), nullptr);
    }
    void operator()(const Retrying &notice) const {
        GST_INFO_OBJECT(element_, "attempt %u failed, next in %u ms: %s", notice.attempt,
                        toMs(notice.delayNs), notice.failure.debug.c_str());
        send("gladiasink/retrying", "attempt", G_TYPE_UINT, notice.attempt, "delay-ms", G_TYPE_UINT,
             toMs(notice.delayNs), "reason", G_TYPE_STRING, notice.failure.text.c_str(), "http-status-code",
             G_TYPE_UINT, notice.failure.httpStatus, nullptr);
    }
    void operator()(const Closed &notice) const {
        GST_INFO_OBJECT(element_, "session closed, code %u", notice.closeCode);
        send("gladiasink/closed", "session-id", G_TYPE_STRING, notice.sessionId.c_str(), "close-code",
             G_TYPE_UINT, notice.closeCode, nullptr);
    }
    void operator()(const AudioLost &notice) const {
        GST_WARNING_OBJECT(
            element_, "audio from %" GST_TIME_FORMAT " to %" GST_TIME_FORMAT " will not be heard: %s",
            GST_TIME_ARGS(notice.range.startNs), GST_TIME_ARGS(notice.range.endNs), notice.reason.c_str());
        send("gladiasink/gap", "start", G_TYPE_UINT64, notice.range.startNs, "end", G_TYPE_UINT64,
             notice.range.endNs, "reason", G_TYPE_STRING, notice.reason.c_str(), nullptr);
    }
    void operator()(const AudioRejected &notice) const {
        GST_WARNING_OBJECT(element_, "the service reports: %s", notice.reason.c_str());
        send("gladiasink/service-error", "reason", G_TYPE_STRING, notice.reason.c_str(), nullptr);
    }
    void operator()(const Incomplete &notice) const {
        const guint missing = toMs(notice.unsentNs + notice.unacknowledgedNs);
        GST_ELEMENT_WARNING_WITH_DETAILS(
            element_, RESOURCE, READ,
            ("The end of the audio may be missing from the transcript: Gladia did not finish."),
            ("%s %u ms of audio not taken, %" G_GUINT64_FORMAT " utterances without a final.",
             notice.debug.c_str(), missing, notice.openUtterances),
            ("session", G_TYPE_STRING, session_.c_str(), "session-id", G_TYPE_STRING,
             notice.sessionId.c_str(), "close-code", G_TYPE_UINT, notice.closeCode, "missing-audio-ms",
             G_TYPE_UINT, missing, "open-utterances", G_TYPE_UINT64, notice.openUtterances, nullptr));
    }

private:
    template <typename... Fields>
    void send(const char *name, Fields... fields) const {
        GstStructure *structure = named(name, session_);
        gst_structure_set(structure, fields...);
        postElement(element_, structure);
    }

    GstElement *element_;
    const std::string &session_;
};

} // namespace

GladiaMessages::GladiaMessages(GstElement *element, std::string session) : session_(std::move(session)) {
    g_weak_ref_init(&element_, element);
}

GladiaMessages::~GladiaMessages() {
    g_weak_ref_clear(&element_);
}

void GladiaMessages::post(const Notice &notice) {
    const ElementRef element(static_cast<GstElement *>(g_weak_ref_get(&element_)));
    if (element)
        std::visit(Poster(element.get(), session_), notice);
}

void GladiaMessages::post(const Failure &failure) {
    const ElementRef element(static_cast<GstElement *>(g_weak_ref_get(&element_)));
    if (!element)
        return;
    GST_ERROR_OBJECT(element.get(), "%s (%s)", failure.text.c_str(), failure.debug.c_str());
    const ErrorRef error(resourceError(failure));
    gst_element_post_message(element.get(), gst_message_new_error_with_details(
                                                GST_OBJECT(element.get()), error.get(), failure.debug.c_str(),
                                                detailsOf(failure, session_)));
}

void GladiaMessages::post(GstTranscript *transcript) {
    const ElementRef element(static_cast<GstElement *>(g_weak_ref_get(&element_)));
    if (!element)
        return;
    const CharPtr json(gst_transcript_to_json(transcript));
    GstStructure *structure = named("gladiasink/transcript", session_);
    gst_structure_set(structure, "transcript", GST_TYPE_TRANSCRIPT, transcript, "json", G_TYPE_STRING,
                      json.get(), nullptr);
    postElement(element.get(), structure);
}

void GladiaMessages::postLate(guint64 lateFinals, guint64 maxDelayMs) {
    const ElementRef element(static_cast<GstElement *>(g_weak_ref_get(&element_)));
    if (!element)
        return;
    GST_ELEMENT_WARNING_WITH_DETAILS(
        element.get(), CORE, CLOCK, ("Captions come later than latency-ms and lateness-ms allow."),
        ("Largest delay so far %" G_GUINT64_FORMAT " ms: raise latency-ms or lateness-ms.", maxDelayMs),
        ("session", G_TYPE_STRING, session_.c_str(), "late-finals", G_TYPE_UINT64, lateFinals,
         "max-observed-delay", G_TYPE_UINT64, maxDelayMs, nullptr));
}

} // namespace lt::gladia
