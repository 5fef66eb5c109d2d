// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptbroadcast/access_properties.h"
#include "lib/broadcast/room_settings.h"

#include <array>
#include <cstddef>
#include <string>

#include <gst/gst.h>

/// Properties of transcriptbroadcast; current-port and stats are the element's own to answer.
enum BroadcastProperty : guint {
    PROP_0,
    PROP_ADDRESS,
    PROP_PORT,
    PROP_CURRENT_PORT,
    PROP_SESSION,
    PROP_STATS,
    PROP_FIRST_NUMBER, ///< from here on as in BroadcastSettings::kNumbers
};

/// What can be set, as plain values.
struct BroadcastSettings {
    static constexpr const char *kDefaultAddress = "127.0.0.1";
    static constexpr guint kDefaultPort = 3000;

    enum Number : std::size_t {
        MaxQueue,
        MaxQueueBytes,
        MaxPartialAge,
        WriteTimeout,
        DedupWindow,
        History,
        LeaseTtl,
        Drain,
        RoomLinger,
        IoThreads,
        MaxMessageRate,
        NumberCount
    };

    BroadcastSettings();
    static void install(GObjectClass *klass);
    /// False when `id` is none of these.
    bool set(guint id, const GValue *value);
    bool get(guint id, GValue *value) const;
    lt::broadcast::RoomSettings room() const;

    std::string address = kDefaultAddress;
    guint port = kDefaultPort;
    std::string session; // "": resolved when the element starts
    std::array<guint, NumberCount> numbers;
    AccessProperties access;
};
