// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/store_settings.h"

namespace {

std::string textOf(const GValue *value) {
    const gchar *text = g_value_get_string(value);
    return text ? text : "";
}

void setText(GValue *value, const std::string &text) {
    g_value_set_string(value, text.empty() ? nullptr : text.c_str());
}

GParamSpec *number(const char *name, const char *nick, const char *blurb, guint least, guint most,
                   guint usual) {
    return g_param_spec_uint(
        name, nick, blurb, least, most, usual,
        static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY));
}

GParamSpec *text(const char *name, const char *nick, const char *blurb) {
    return g_param_spec_string(
        name, nick, blurb, nullptr,
        static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY));
}

} // namespace

bool StoreSettings::set(guint id, const GValue *value) {
    switch (id) {
    case PROP_LOCATION:
        // Whoever writes back what was read does not mean *** for a password.
        if (textOf(value) != lt::store::maskedLocation(location))
            location = textOf(value);
        return true;
    case PROP_SESSION:
        session = textOf(value);
        return true;
    case PROP_FLUSH_MS:
        flushMs = g_value_get_uint(value);
        return true;
    case PROP_MAX_BATCH:
        maxBatch = g_value_get_uint(value);
        return true;
    case PROP_MAX_QUEUE:
        maxQueue = g_value_get_uint(value);
        return true;
    case PROP_STORE_PARTIALS:
        storePartials = g_value_get_boolean(value);
        return true;
    case PROP_SPOOL_DIR:
        spoolDir = textOf(value);
        return true;
    case PROP_SHUTDOWN_TIMEOUT_MS:
        shutdownTimeoutMs = g_value_get_uint(value);
        return true;
    default:
        return false;
    }
}

bool StoreSettings::get(guint id, GValue *value) const {
    switch (id) {
    case PROP_LOCATION:
        setText(value, lt::store::maskedLocation(location));
        return true;
    case PROP_SESSION:
        setText(value, session);
        return true;
    case PROP_FLUSH_MS:
        g_value_set_uint(value, flushMs);
        return true;
    case PROP_MAX_BATCH:
        g_value_set_uint(value, maxBatch);
        return true;
    case PROP_MAX_QUEUE:
        g_value_set_uint(value, maxQueue);
        return true;
    case PROP_STORE_PARTIALS:
        g_value_set_boolean(value, storePartials);
        return true;
    case PROP_SPOOL_DIR:
        setText(value, spoolDir);
        return true;
    case PROP_SHUTDOWN_TIMEOUT_MS:
        g_value_set_uint(value, shutdownTimeoutMs);
        return true;
    default:
        return false;
    }
}

std::shared_ptr<lt::store::StoreWriter> StoreSettings::writer(std::string &error) const {
    const gchar *fromEnvironment = location.empty() ? g_getenv(kLocationVariable) : nullptr;
    const auto database =
        lt::store::DatabaseLocation::parse(fromEnvironment ? fromEnvironment : location, error);
    if (!database)
        return nullptr;
    const lt::store::StorePolicy policy{lt::store::Milliseconds(flushMs), maxBatch, maxQueue};
    return lt::store::sharedWriter(*database, spoolDir.empty() ? database->defaultSpoolFolder() : spoolDir,
                                   policy, error);
}

void StoreSettings::install(GObjectClass *klass) {
    const auto readonly = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    g_object_class_install_property(
        klass, PROP_LOCATION,
        text("location", "Location",
             "SQLite file, or postgresql:// URI; reading it back shows *** for a password (unset = the "
             "environment variable DATABASE_URL)"));
    g_object_class_install_property(
        klass, PROP_SESSION,
        text("session", "Session",
             "Name of the session, 1-128 of [A-Za-z0-9_.-] (unset = from the context "
             "livetranscript.session, else \"default\")"));
    g_object_class_install_property(
        klass, PROP_FLUSH_MS,
        number("flush-ms", "Flush interval",
               "Longest time a transcript waits for others to share its transaction, in ms", 10, 5000,
               kDefaultFlushMs));
    g_object_class_install_property(
        klass, PROP_MAX_BATCH,
        number("max-batch", "Maximum batch", "Transcripts of one transaction", 1, 1000, kDefaultMaxBatch));
    g_object_class_install_property(
        klass, PROP_MAX_QUEUE,
        number("max-queue", "Maximum queue",
               "Transcripts in memory before those that wait are moved to spool-dir", 1, 100000,
               kDefaultMaxQueue));
    g_object_class_install_property(
        klass, PROP_STORE_PARTIALS,
        g_param_spec_boolean(
            "store-partials", "Store partials", "Store partials too; the final replaces them", FALSE,
            static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)));
    g_object_class_install_property(
        klass, PROP_SPOOL_DIR,
        text("spool-dir", "Spool directory",
             "Where transcripts wait while the database does not take them (unset = LOCATION-spool for a "
             "file, else gst-livetranscript/spool in the user's state directory)"));
    g_object_class_install_property(
        klass, PROP_SHUTDOWN_TIMEOUT_MS,
        number("shutdown-timeout-ms", "Shutdown timeout",
               "Longest wait for the database at EOS and when stopping, in ms; then the rest is spooled", 100,
               60000, kDefaultShutdownTimeoutMs));
    g_object_class_install_property(klass, PROP_STATS,
                                    g_param_spec_boxed("stats", "Statistics",
                                                       "Counts of transcripts since the last start",
                                                       GST_TYPE_STRUCTURE, readonly));
}
