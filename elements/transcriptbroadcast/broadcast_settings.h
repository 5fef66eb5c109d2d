// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptbroadcast/access_properties.h"

#include <string>

#include <gst/gst.h>

/// Properties of transcriptbroadcast; current-port and stats are the element's own to answer.
enum BroadcastProperty : guint {
    PROP_0,
    PROP_ADDRESS,
    PROP_PORT,
    PROP_CURRENT_PORT,
    PROP_SESSION,
    PROP_MAX_QUEUE,
    PROP_DEDUP_WINDOW,
    PROP_STATS,
};

/// What can be set, as plain values.
struct BroadcastSettings {
    static constexpr const char *kDefaultAddress = "127.0.0.1";
    static constexpr guint kDefaultPort = 3000;
    static constexpr guint kDefaultMaxQueue = 500;
    static constexpr guint kDefaultDedupWindow = 1000;

    static void install(GObjectClass *klass);
    /// False when `id` is none of these.
    bool set(guint id, const GValue *value);
    bool get(guint id, GValue *value) const;

    std::string address = kDefaultAddress;
    guint port = kDefaultPort;
    std::string session; // "": resolved when the element starts
    guint maxQueue = kDefaultMaxQueue;
    guint dedupWindow = kDefaultDedupWindow;
    AccessProperties access;
};
