// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptbroadcast/broadcast_settings.h"

namespace {

constexpr guint kMaxMaxQueue = 100000;
constexpr guint kMaxDedupWindow = 1000000;

std::string textOf(const GValue *value) {
    const gchar *text = g_value_get_string(value);
    return text ? text : "";
}

} // namespace

bool BroadcastSettings::set(guint id, const GValue *value) {
    switch (id) {
    case PROP_ADDRESS:
        address = textOf(value).empty() ? kDefaultAddress : textOf(value);
        return true;
    case PROP_PORT:
        port = g_value_get_uint(value);
        return true;
    case PROP_SESSION:
        session = textOf(value);
        return true;
    case PROP_MAX_QUEUE:
        maxQueue = g_value_get_uint(value);
        return true;
    case PROP_DEDUP_WINDOW:
        dedupWindow = g_value_get_uint(value);
        return true;
    default:
        return access.set(id, value);
    }
}

bool BroadcastSettings::get(guint id, GValue *value) const {
    switch (id) {
    case PROP_ADDRESS:
        g_value_set_string(value, address.c_str());
        return true;
    case PROP_PORT:
        g_value_set_uint(value, port);
        return true;
    case PROP_SESSION:
        g_value_set_string(value, session.empty() ? nullptr : session.c_str());
        return true;
    case PROP_MAX_QUEUE:
        g_value_set_uint(value, maxQueue);
        return true;
    case PROP_DEDUP_WINDOW:
        g_value_set_uint(value, dedupWindow);
        return true;
    default:
        return access.get(id, value);
    }
}

void BroadcastSettings::install(GObjectClass *klass) {
    const auto ready =
        static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
    const auto readonly = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    g_object_class_install_property(
        klass, PROP_ADDRESS,
        g_param_spec_string("address", "Address",
                            "IP address to listen on; 0.0.0.0 or :: for all of the machine's",
                            kDefaultAddress, ready));
    g_object_class_install_property(
        klass, PROP_PORT,
        g_param_spec_uint("port", "Port", "TCP port to listen on (0 = any free one, see current-port)", 0,
                          65535, kDefaultPort, ready));
    g_object_class_install_property(klass, PROP_CURRENT_PORT,
                                    g_param_spec_uint("current-port", "Current port",
                                                      "TCP port in use (0 = not listening)", 0, 65535, 0,
                                                      readonly));
    g_object_class_install_property(
        klass, PROP_SESSION,
        g_param_spec_string("session", "Session",
                            "Name of the session, 1-128 of [A-Za-z0-9_.-] (unset = from the context "
                            "livetranscript.session, else \"default\")",
                            nullptr, ready));
    g_object_class_install_property(
        klass, PROP_MAX_QUEUE,
        g_param_spec_uint("max-queue", "Maximum queue",
                          "Messages that may wait for one slow viewer before the oldest are dropped, "
                          "partials first",
                          1, kMaxMaxQueue, kDefaultMaxQueue, ready));
    g_object_class_install_property(
        klass, PROP_DEDUP_WINDOW,
        g_param_spec_uint("dedup-window", "Dedup window",
                          "Finals remembered, so that one that comes again is not sent again (0 = off)", 0,
                          kMaxDedupWindow, kDefaultDedupWindow, ready));
    g_object_class_install_property(klass, PROP_STATS,
                                    g_param_spec_boxed("stats", "Statistics",
                                                       "Counts of messages and viewers since the last start",
                                                       GST_TYPE_STRUCTURE, readonly));
    AccessProperties::install(klass);
}
