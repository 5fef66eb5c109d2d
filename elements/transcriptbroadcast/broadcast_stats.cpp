// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptbroadcast/broadcast_stats.h"

GstStructure *broadcastStats(const lt::broadcast::RoomCounts &counts, guint64 malformed) {
    const struct {
        const char *name;
        guint64 value;
    } fields[] = {
        {"viewers", counts.viewers},
        {"viewers-total", counts.viewersTotal},
        {"partials", counts.partials},
        {"finals", counts.finals},
        {"duplicates", counts.duplicates},
        {"malformed", malformed},
        {"delivered", counts.delivered},
        {"dropped-partials", counts.droppedPartials},
        {"dropped-finals", counts.droppedFinals},
        {"replaced-partials", counts.conflated},
        {"slow-viewers", counts.slowViewers},
        {"too-slow", counts.tooSlow},
        {"send-errors", counts.sendErrors},
        {"heartbeat-timeouts", counts.heartbeatTimeouts},
        {"resumed", counts.resumed},
        {"insights", counts.insights},
        {"stale-insights", counts.staleInsights},
        {"lease-changes", counts.leaseChanges},
        {"ignored-messages", counts.ignoredMessages},
    };
    GstStructure *stats = gst_structure_new_empty("application/x-transcriptbroadcast-stats");
    for (const auto &field : fields)
        gst_structure_set(stats, field.name, G_TYPE_UINT64, field.value, nullptr);
    return stats;
}
