// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/gladia_stats.h"

namespace lt::gladia {

StructureRef statsStructure(const GladiaStream *stream, const TranscriptPusher &pusher,
                            const TranscriptQueue &output) {
    const GladiaStream::Stats now = stream ? stream->stats() : GladiaStream::Stats();
    StructureRef stats(gst_structure_new("gladiasink-stats", "state", G_TYPE_STRING, nameOf(now.state),
                                         "session-id", G_TYPE_STRING, now.sessionId.c_str(), nullptr));
    const auto number = [&](const char *name, guint64 value) {
        gst_structure_set(stats.get(), name, G_TYPE_UINT64, value, nullptr);
    };
    const auto ms = [&](const char *name, guint64 ns) {
        number(name, ns / GST_MSECOND);
    };
    number("sessions", now.counts.sessions);
    number("attempts", now.counts.attempts);
    number("chunks-sent", now.counts.chunks);
    number("bytes-sent", now.counts.bytesSent);
    number("bytes-acknowledged", now.counts.bytesAcknowledged);
    ms("in-flight-ms", now.inFlightNs);
    ms("backlog-ms", now.backlog.ns);
    ms("dropped-audio-ms", now.backlog.droppedNs);
    number("rejected-chunks", now.counts.rejectedChunks);
    number("messages", now.counts.messages);
    number("malformed-messages", now.counts.malformed);
    number("partials", now.transcripts.partials);
    number("finals", now.transcripts.finals);
    number("repeated-transcripts", now.transcripts.repeated);
    number("transcripts-pushed", pusher.pushed());
    number("transcripts-dropped", output.dropped());
    number("late-finals", pusher.lateFinals());
    ms("max-observed-delay-ms", pusher.maxDelayNs());
    return stats;
}

} // namespace lt::gladia
