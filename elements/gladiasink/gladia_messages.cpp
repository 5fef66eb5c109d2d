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
    void operator()(const Lost &notice) const {
        warn(notice.failure, "What was not acknowledged is kept and sent again.");
        send("lost", "session-id", G_TYPE_STRING, notice.sessionId.c_str(), "reason", G_TYPE_STRING,
             notice.failure.text.c_str(), "close-code", G_TYPE_UINT, notice.failure.closeCode);
    }
    void operator()(const Retrying &notice) const {
        GST_INFO_OBJECT(element_, "attempt %u in %u ms: %s", notice.attempt, toMs(notice.delayNs),
                        notice.failure.debug.c_str());
        if (notice.degraded)
            warn(notice.failure, "It is tried again; audio is kept.");
        send("retrying", "attempt", G_TYPE_UINT, notice.attempt, "delay-ms", G_TYPE_UINT,
             toMs(notice.delayNs), "reason", G_TYPE_STRING, notice.failure.text.c_str(), "http-status-code",
             G_TYPE_UINT, notice.failure.httpStatus, "close-code", G_TYPE_UINT, notice.failure.closeCode);
    }
    void operator()(const Resumed &notice) const {
        GST_INFO_OBJECT(element_, "resumed, %" G_GUINT64_FORMAT " bytes are sent again", notice.bytes);
        send("resumed", "session-id", G_TYPE_STRING, notice.sessionId.c_str(), "bytes", G_TYPE_UINT64,
             notice.bytes);
    }
    void operator()(const NewSession &notice) const {
        warn(notice.failure, "A new session takes its place.");
        send("new-session", "lost-session-id", G_TYPE_STRING, notice.lostSessionId.c_str(), "reason",
             G_TYPE_STRING, notice.failure.text.c_str(), "bytes", G_TYPE_UINT64, notice.bytes);
    }
    void operator()(const RolledOver &notice) const {
        GST_INFO_OBJECT(element_, "the next session takes over");
        send("rolled-over", "old-session-id", G_TYPE_STRING, notice.oldSessionId.c_str(), "session-id",
             G_TYPE_STRING, notice.newSessionId.c_str());
    }
    void operator()(const GaveUp &notice) const {
        send("gave-up", "attempts", G_TYPE_UINT, notice.attempts, "reason", G_TYPE_STRING,
             notice.failure.text.c_str());
    }
    void operator()(const Stalled &notice) const {
        GST_ELEMENT_WARNING_WITH_DETAILS(
            element_, RESOURCE, READ, ("stalled: speech goes to Gladia and no transcript comes back."),
            ("%u ms of speech in channel %u without a transcript, or partials without a final. The "
             "connection is made anew. If it happens again, listen to what is sent and check languages.",
             toMs(notice.speechNs), notice.channel),
            ("session", G_TYPE_STRING, messages_.session().c_str(), "session-id", G_TYPE_STRING,
             notice.sessionId.c_str(), "channel", G_TYPE_UINT, notice.channel, "speech-ms", G_TYPE_UINT,
             toMs(notice.speechNs), nullptr));
        send("stalled", "session-id", G_TYPE_STRING, notice.sessionId.c_str(), "channel", G_TYPE_UINT,
             notice.channel, "speech-ms", G_TYPE_UINT, toMs(notice.speechNs));
    }
    void operator()(const Closed &notice) const {
        GST_INFO_OBJECT(element_, "session closed, code %u", notice.closeCode);
        send("closed", "session-id", G_TYPE_STRING, notice.sessionId.c_str(), "close-code", G_TYPE_UINT,
             notice.closeCode);
    }
    void operator()(const Overflowing &) const {
        GST_ELEMENT_WARNING_WITH_DETAILS(
            element_, RESOURCE, NO_SPACE_LEFT,
            ("Gladia does not take the audio in time, the backlog is full: the oldest audio is lost."),
            ("Messages gladiasink/gap say which. Check the network, or raise max-backlog-ms."),
            ("session", G_TYPE_STRING, messages_.session().c_str(), nullptr));
    }
    void operator()(const AudioLost &notice) const {
        messages_.postGap(notice.loss.range, nameOf(notice.loss.reason));
    }
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
             notice.sessionId.c_str(), "missing-audio-ms", G_TYPE_UINT, missing, "open-utterances",
             G_TYPE_UINT64, notice.openUtterances, nullptr));
    }

private:
    template <typename... Fields>
    void send(const char *what, Fields... fields) const {
        messages_.send(element_, what, fields...);
    }

    void warn(const Failure &failure, const char *remedy) const {
        const ErrorRef error(resourceError(failure));
        GST_WARNING_OBJECT(element_, "%s (%s) %s", failure.text.c_str(), failure.debug.c_str(), remedy);
        const std::string debug = failure.debug + " " + remedy;
        gst_element_post_message(
            element_, gst_message_new_warning_with_details(GST_OBJECT(element_), error.get(), debug.c_str(),
                                                           detailsOf(failure, messages_.session())));
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
