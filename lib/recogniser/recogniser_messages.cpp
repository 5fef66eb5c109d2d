// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/recogniser/recogniser_messages.h"

#include "lib/gst/refs.h"

#include <utility>

namespace lt {

RecogniserMessages::RecogniserMessages(GstElement *element, std::string prefix, std::string session)
    : element_(element), prefix_(std::move(prefix)), session_(std::move(session)) {}

GstStructure *RecogniserMessages::named(const char *what) const {
    return gst_structure_new((prefix_ + "/" + what).c_str(), "session", G_TYPE_STRING, session_.c_str(),
                             nullptr);
}

void RecogniserMessages::post(GstStructure *structure) const {
    gst_element_post_message(element_, gst_message_new_element(GST_OBJECT(element_), structure));
}

void RecogniserMessages::postTranscript(GstTranscript *transcript) const {
    const CharPtr json(gst_transcript_to_json(transcript));
    GstStructure *structure = named("transcript");
    gst_structure_set(structure, "transcript", GST_TYPE_TRANSCRIPT, transcript, "json", G_TYPE_STRING,
                      json.get(), nullptr);
    post(structure);
}

void RecogniserMessages::postGap(const LostRange &range, const std::string &reason) const {
    GST_WARNING_OBJECT(element_,
                       "audio from %" GST_TIME_FORMAT " to %" GST_TIME_FORMAT " will not be heard: %s",
                       GST_TIME_ARGS(range.startNs), GST_TIME_ARGS(range.endNs), reason.c_str());
    GstStructure *structure = named("gap");
    gst_structure_set(structure, "start", G_TYPE_UINT64, range.startNs, "end", G_TYPE_UINT64, range.endNs,
                      "reason", G_TYPE_STRING, reason.c_str(), nullptr);
    post(structure);
}

void RecogniserMessages::postLate(guint64 lateFinals, guint64 maxDelayMs) const {
    GST_ELEMENT_WARNING_WITH_DETAILS(
        element_, CORE, CLOCK, ("Captions come later than latency-ms and lateness-ms allow."),
        ("Largest delay so far %" G_GUINT64_FORMAT " ms: raise latency-ms or lateness-ms.", maxDelayMs),
        ("session", G_TYPE_STRING, session_.c_str(), "late-finals", G_TYPE_UINT64, lateFinals,
         "max-observed-delay", G_TYPE_UINT64, maxDelayMs, nullptr));
}

} // namespace lt
