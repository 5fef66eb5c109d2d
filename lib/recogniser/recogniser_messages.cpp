// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/recogniser/recogniser_messages.h"

#include <utility>

namespace lt {

RecogniserMessages::RecogniserMessages(GstElement *element, GstDebugCategory *category, std::string session)
    : category_(category), session_(std::move(session)) {
    g_weak_ref_init(&element_, element);
}

RecogniserMessages::~RecogniserMessages() {
    g_weak_ref_clear(&element_);
}

RecogniserMessages::ElementRef RecogniserMessages::element() const {
    return ElementRef(static_cast<GstElement *>(g_weak_ref_get(&element_)));
}

StructureRef RecogniserMessages::named(const char *what) const {
    const std::string name = std::string(gst_debug_category_get_name(category_)) + "/" + what;
    return StructureRef(gst_structure_new(name.c_str(), "session", G_TYPE_STRING, session_.c_str(), nullptr));
}

void RecogniserMessages::post(GstElement *element, StructureRef message) {
    gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), message.release()));
}

void RecogniserMessages::postTranscript(GstTranscript *transcript) const {
    const ElementRef element = this->element();
    if (!element)
        return;
    const CharPtr json(gst_transcript_to_json(transcript));
    send(element.get(), "transcript", "transcript", GST_TYPE_TRANSCRIPT, transcript, "json", G_TYPE_STRING,
         json.get());
}

void RecogniserMessages::postGap(const LostRange &range, const std::string &reason) const {
    const ElementRef element = this->element();
    if (!element)
        return;
    GST_CAT_WARNING_OBJECT(category_, element.get(),
                           "audio from %" GST_TIME_FORMAT " to %" GST_TIME_FORMAT " will not be heard: %s",
                           GST_TIME_ARGS(range.startNs), GST_TIME_ARGS(range.endNs), reason.c_str());
    send(element.get(), "gap", "start", G_TYPE_UINT64, range.startNs, "end", G_TYPE_UINT64, range.endNs,
         "reason", G_TYPE_STRING, reason.c_str());
}

void RecogniserMessages::postLate(guint64 lateFinals, guint64 maxDelayMs) const {
    const ElementRef element = this->element();
    if (!element)
        return;
    GST_ELEMENT_WARNING_WITH_DETAILS(
        element.get(), CORE, CLOCK, ("Captions come later than latency-ms and lateness-ms allow."),
        ("Largest delay so far %" G_GUINT64_FORMAT " ms: raise latency-ms or lateness-ms.", maxDelayMs),
        ("session", G_TYPE_STRING, session_.c_str(), "late-finals", G_TYPE_UINT64, lateFinals,
         "max-observed-delay", G_TYPE_UINT64, maxDelayMs, nullptr));
}

} // namespace lt
