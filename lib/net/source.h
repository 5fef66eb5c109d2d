// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <utility>

#include <glib.h>

namespace lt::net {

/// A GSource of this thread's default context, destroyed with its holder. Used on that thread only.
class Source {
public:
    Source() = default;
    ~Source() { reset(); }
    Source(const Source &) = delete;
    Source &operator=(const Source &) = delete;

    /// Takes the reference to `source`.
    void start(GSource *source, GSourceFunc callback, gpointer data) {
        reset();
        source_ = source;
        g_source_set_callback(source_, callback, data, nullptr);
        g_source_attach(source_, g_main_context_get_thread_default());
    }
    void reset() {
        if (!source_)
            return;
        g_source_destroy(source_);
        g_source_unref(std::exchange(source_, nullptr));
    }
    bool active() const { return source_; }

private:
    GSource *source_ = nullptr;
};

} // namespace lt::net
