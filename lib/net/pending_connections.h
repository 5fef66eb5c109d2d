// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/source.h"

#include <cstddef>
#include <list>

#include <gio/gio.h>

namespace lt::net {

/// Accepted connections that are neither upgraded nor gone yet. Who takes longer than the limit is cut off.
/// HTTP thread only.
class PendingConnections {
public:
    explicit PendingConnections(gint64 limitUs) : limitUs_(limitUs) {}
    ~PendingConnections();
    PendingConnections(const PendingConnections &) = delete;
    PendingConnections &operator=(const PendingConnections &) = delete;

    void add(GSocketConnection *connection);
    std::size_t size() const { return pending_.size(); }
    /// It may live on: whoever it was pending with forgets it. Nothing happens when nobody had it.
    static void release(GSocketConnection *connection);

private:
    struct Pending {
        PendingConnections *owner;
        GSocketConnection *connection;
        gint64 deadline;
        std::list<Pending>::iterator self;
    };
    static void onGone(gpointer pending, GObject *);
    void expire();

    const gint64 limitUs_;
    std::list<Pending> pending_; // in the order of the deadlines
    Source check_;
};

} // namespace lt::net
