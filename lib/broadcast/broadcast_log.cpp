// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/broadcast_log.h"

namespace lt::broadcast {

GstDebugCategory *broadcastLog() {
    static GstDebugCategory *const category = [] {
        GstDebugCategory *made = nullptr;
        GST_DEBUG_CATEGORY_INIT(made, "broadcast", 0, "viewers of transcriptbroadcast");
        return made;
    }();
    return category;
}

} // namespace lt::broadcast
