// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/gladia_messages.h"

#include "lib/gst/refs.h"

#include <utility>

GST_DEBUG_CATEGORY_EXTERN(gst_gladia_sink_debug);
#define GST_CAT_DEFAULT gst_gladia_sink_debug

namespace lt::gladia {

namespace {

guint toMs(std::uint64_t ns) {
    return static_cast<guint>(ns / GST_MSECOND);
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
    GstStructure *details = gst_structure_new("details", "session", G_TYPE_STRING, session.c_str(), nullptr);
    if (failure.httpStatus)
        gst_structure_set(details, "http-status-code", G_TYPE_UINT, failure.httpStatus, nullptr);
    if (failure.closeCode)
        gst_structure_set(details, "close-code", G_TYPE_UINT, failure.closeCode, nullptr);
    return details;
}

} // namespace

/// One function per kind of notice.
class GladiaMessages::Poster {
public:
    Poster(GstElement *element, const GladiaMessages &messages) : element_(element), messages_(messages) {}

    void operator()(const Connecting &notice) const {
        GST_INFO_OBJECT(element_, "connecting, attempt %u", notice.attempt);
        send("connecting", "attempt", G_TYPE_UINT, notice.attempt);
    }
    void operator()(const Connected &notice) const {
        GST_INFO_OBJECT(element_, "connected");
        send("connected", "session-id", G_TYPE_STRING, notice.sessionId.c_str());
    }
    void operator()(const Retrying &notice) const {
        GST_INFO_OBJECT(element_, "attempt %u failed, next in %u ms: %s", notice.attempt,
                        toMs(notice.delayNs), notice.failure.debug.c_str());
        send("retrying", "attempt", G_TYPE_UINT, notice.attempt, "delay-ms", G_TYPE_UINT,
             toMs(notice.delayNs), "reason", G_TYPE_STRING, notice.failure.text.c_str(), "http-status-code",
             G_TYPE_UINT, notice.failure.httpStatus);
    }
    void operator()(const Closed &notice) const {
        GST_INFO_OBJECT(element_, "session closed, code %u", notice.closeCode);
        send("closed", "session-id", G_TYPE_STRING, notice.sessionId.c_str(), "close-code", G_TYPE_UINT,
             notice.closeCode);
    }
    void operator()(const AudioLost &notice) const { messages_.postGap(notice.range, notice.reason); }
    void operator()(const AudioRejected &notice) const {
        GST_WARNING_OBJECT(element_, "the service reports: %s", notice.reason.c_str());
        send("service-error", "reason", G_TYPE_STRING, notice.reason.c_str());
    }
    void operator()(const Incomplete &notice) const {
        const guint missing = toMs(notice.unsentNs + notice.unacknowledgedNs);
        GST_ELEMENT_WARNING_WITH_DETAILS(
            element_, RESOURCE, READ,
            ("The end of the audio may be missing from the transcript: Gladia did not finish."),
            ("%s %u ms of audio not taken, %" G_GUINT64_FORMAT " utterances without a final.",
             notice.debug.c_str(), missing, notice.openUtterances),
            ("session", G_TYPE_STRING, messages_.session().c_str(), "session-id", G_TYPE_STRING,
             notice.sessionId.c_str(), "close-code", G_TYPE_UINT, notice.closeCode, "missing-audio-ms",
             G_TYPE_UINT, missing, "open-utterances", G_TYPE_UINT64, notice.openUtterances, nullptr));
    }

private:
    template <typename... Fields>
    void send(const char *what, Fields... fields) const {
        messages_.send(element_, what, fields...);
    }

    GstElement *element_;
    const GladiaMessages &messages_;
};

GladiaMessages::GladiaMessages(GstElement *element, std::string session)
    : RecogniserMessages(element, gst_gladia_sink_debug, std::move(session)) {}

void GladiaMessages::post(const Notice &notice) const {
    if (const ElementRef element = this->element())
        std::visit(Poster(element.get(), *this), notice);
}

void GladiaMessages::post(const Failure &failure) const {
    const ElementRef element = this->element();
    if (!element)
        return;
    GST_ERROR_OBJECT(element.get(), "%s (%s)", failure.text.c_str(), failure.debug.c_str());
    const ErrorRef error(resourceError(failure));
    gst_element_post_message(element.get(), gst_message_new_error_with_details(
                                                GST_OBJECT(element.get()), error.get(), failure.debug.c_str(),
                                                detailsOf(failure, session())));
}

} // namespace lt::gladia
