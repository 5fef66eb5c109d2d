// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/gladia_stats.h"

namespace lt::gladia {

StructureRef statsStructure(const GladiaStream *stream, const TranscriptPusher &pusher,
                            const TranscriptQueue &output) {
    const SessionTotals now = stream ? stream->totals() : SessionTotals();
    StructureRef stats(gst_structure_new("gladiasink-stats", "state", G_TYPE_STRING, now.state, "session-id",
                                         G_TYPE_STRING, now.sessionId.c_str(), nullptr));
    const auto number = [&](const char *name, guint64 value) {
        gst_structure_set(stats.get(), name, G_TYPE_UINT64, value, nullptr);
    };
    const auto ms = [&](const char *name, guint64 ns) {
        number(name, ns / GST_MSECOND);
    };
    number("sessions", now.sessions);
    number("attempts", now.attempts);
    number("reconnects", now.reconnects);
    number("chunks-sent", now.chunks);
    number("bytes-sent", now.bytesSent);
    number("bytes-resent", now.bytesResent);
    number("bytes-heard-twice", now.bytesDoubled);
    number("stalls", now.stalls);
    number("bytes-entered", now.bytesEntered);
    number("bytes-queued", now.bytesQueued);
    number("bytes-in-flight", now.bytesInFlight);
    number("bytes-acknowledged", now.bytesAcknowledged);
    number("bytes-lost", now.bytesLost);
    ms("backlog-ms", now.queuedNs);
    ms("in-flight-ms", now.inFlightNs);
    ms("dropped-audio-ms", now.lostNs);
    ms("filled-ms", now.filledNs);
    number("rejected-chunks", now.rejectedChunks);
    number("messages", now.messages);
    number("malformed-messages", now.malformed);
    number("partials", now.partials);
    number("finals", now.finals);
    number("repeated-transcripts", now.repeated);
    number("add-on-results", now.addOns);
    number("transcripts-pushed", pusher.pushed());
    number("transcripts-dropped", output.dropped());
    number("late-finals", pusher.lateFinals());
    ms("max-observed-delay-ms", pusher.maxDelayNs());
    return stats;
}

} // namespace lt::gladia
