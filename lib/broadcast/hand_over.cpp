// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/hand_over.h"

#include <utility>

#include <glib.h>

namespace lt::broadcast {

void HandOver::add(net::Task task) const {
    waiting_->tasks.push_back(std::move(task));
    if (waiting_->tasks.size() > 1)
        return; // on its way
    using Held = std::shared_ptr<Waiting>;
    GSource *source = g_idle_source_new();
    // Not after, but among those of the connections: they must not hold it up.
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(
        source,
        [](gpointer data) -> gboolean {
            const Held &waiting = *static_cast<Held *>(data);
            waiting->loop->post([tasks = std::exchange(waiting->tasks, {})] {
                for (const auto &each : tasks)
                    each();
            });
            return G_SOURCE_REMOVE;
        },
        new Held(waiting_), [](gpointer data) { delete static_cast<Held *>(data); });
    g_source_attach(source, g_main_context_get_thread_default());
    g_source_unref(source);
}

} // namespace lt::broadcast
