// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptstore/writer_pool.h"

#include <memory>
#include <string>

#include <gst/gst.h>

/// Properties of transcriptstore; stats is the element's own to answer.
enum StoreProperty : guint {
    PROP_0,
    PROP_LOCATION,
    PROP_SESSION,
    PROP_FLUSH_MS,
    PROP_MAX_BATCH,
    PROP_MAX_QUEUE,
    PROP_STORE_PARTIALS,
    PROP_SPOOL_DIR,
    PROP_SHUTDOWN_TIMEOUT_MS,
    PROP_STATS,
};

/// What can be set, as plain values.
struct StoreSettings {
    static constexpr guint kDefaultFlushMs = 300;
    static constexpr guint kDefaultMaxBatch = 100;
    static constexpr guint kDefaultMaxQueue = 1000;
    static constexpr guint kDefaultShutdownTimeoutMs = 5000;
    static constexpr const char *kLocationVariable = "DATABASE_URL";

    static void install(GObjectClass *klass);
    /// False when `id` is none of these.
    bool set(guint id, const GValue *value);
    /// The location comes without its password.
    bool get(guint id, GValue *value) const;

    /// Null and `error` when the settings name no database that this build can use. Reads the environment.
    std::shared_ptr<lt::store::StoreWriter> writer(std::string &error) const;

    std::string location; // "": from the environment
    std::string session;  // "": resolved when the element starts
    guint flushMs = kDefaultFlushMs;
    guint maxBatch = kDefaultMaxBatch;
    guint maxQueue = kDefaultMaxQueue;
    bool storePartials = false;
    std::string spoolDir; // "": the default of the location
    guint shutdownTimeoutMs = kDefaultShutdownTimeoutMs;
};
