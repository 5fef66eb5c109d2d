// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/net/pending_connections.h"

#include <algorithm>
#include <iterator>

#include <sys/socket.h>

namespace lt::net {

namespace {

constexpr gint64 kLongestCheckUs = G_USEC_PER_SEC;
constexpr const char *kKey = "livetranscript-pending";

} // namespace

PendingConnections::~PendingConnections() {
    // What libsoup still holds must not tell a dead object of its end.
    while (!pending_.empty())
        release(pending_.front().connection);
}

void PendingConnections::add(GSocketConnection *connection) {
    pending_.push_back({this, connection, g_get_monotonic_time() + limitUs_, {}});
    Pending &pending = pending_.back();
    pending.self = std::prev(pending_.end());
    g_object_weak_ref(G_OBJECT(connection), onGone, &pending);
    g_object_set_data(G_OBJECT(connection), kKey, &pending);
    if (check_.active())
        return;
    const gint64 period = std::clamp<gint64>(limitUs_ / 4, 1000, kLongestCheckUs);
    check_.start(
        g_timeout_source_new(static_cast<guint>(period / 1000)),
        [](gpointer self) -> gboolean {
            static_cast<PendingConnections *>(self)->expire();
            return G_SOURCE_CONTINUE;
        },
        this);
}

void PendingConnections::release(GSocketConnection *connection) {
    auto *pending = static_cast<Pending *>(g_object_steal_data(G_OBJECT(connection), kKey));
    if (!pending)
        return;
    g_object_weak_unref(G_OBJECT(connection), onGone, pending);
    pending->owner->pending_.erase(pending->self);
}

void PendingConnections::onGone(gpointer data, GObject *) {
    auto *pending = static_cast<Pending *>(data);
    pending->owner->pending_.erase(pending->self);
}

void PendingConnections::expire() {
    const gint64 now = g_get_monotonic_time();
    for (Pending &pending : pending_) {
        if (pending.deadline > now)
            break;
        // libsoup sees the end of the stream and tidies up; the entry goes with the connection.
        ::shutdown(g_socket_get_fd(g_socket_connection_get_socket(pending.connection)), SHUT_RDWR);
    }
    if (pending_.empty())
        check_.reset();
}

} // namespace lt::net
