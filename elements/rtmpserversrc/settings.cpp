// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/rtmpserversrc/settings.h"

#include "lib/rtmp/stream_address.h"

#include <gst/gst.h>

namespace lt::rtmpserversrc {

namespace {

const Settings kDefaults;

std::string textOf(const GValue *value) {
    const gchar *text = g_value_get_string(value);
    return text ? text : "";
}

Settings::Outcome setName(std::string &setting, std::string name, bool mayBeEmpty) {
    if (!(mayBeEmpty && name.empty()) && !rtmp::isStreamName(name))
        return Settings::Outcome::NoName;
    setting = std::move(name);
    return Settings::Outcome::Taken;
}

void giveText(GValue *value, const std::string &text) {
    g_value_set_string(value, text.empty() ? nullptr : text.c_str());
}

} // namespace

Settings::Outcome Settings::set(guint id, const GValue *value) {
    switch (id) {
    case PROP_ADDRESS:
        address = textOf(value).empty() ? kDefaults.address : textOf(value);
        break;
    case PROP_PORT:
        port = g_value_get_uint(value);
        break;
    case PROP_APP:
        return setName(app, textOf(value), false);
    case PROP_STREAM:
        return setName(stream, textOf(value), true);
    case PROP_SESSION:
        return setName(session, textOf(value), true);
    case PROP_AUDIO_ONLY:
        audioOnly = g_value_get_boolean(value);
        break;
    case PROP_MAX_QUEUE_MS:
        maxQueueMs = g_value_get_uint(value);
        break;
    default:
        return Outcome::Unknown;
    }
    return Outcome::Taken;
}

bool Settings::get(guint id, GValue *value) const {
    switch (id) {
    case PROP_ADDRESS:
        giveText(value, address);
        return true;
    case PROP_PORT:
        g_value_set_uint(value, port);
        return true;
    case PROP_APP:
        giveText(value, app);
        return true;
    case PROP_STREAM:
        giveText(value, stream);
        return true;
    case PROP_SESSION:
        giveText(value, session);
        return true;
    case PROP_AUDIO_ONLY:
        g_value_set_boolean(value, audioOnly);
        return true;
    case PROP_MAX_QUEUE_MS:
        g_value_set_uint(value, maxQueueMs);
        return true;
    default:
        return false;
    }
}

void installProperties(GObjectClass *klass) {
    const auto flags =
        static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
    const auto read = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    const auto install = [klass](guint id, GParamSpec *spec) {
        g_object_class_install_property(klass, id, spec);
    };
    install(PROP_ADDRESS,
            g_param_spec_string("address", "Address",
                                "Numeric address to listen on; 0.0.0.0 or :: for all of the machine",
                                kDefaults.address.c_str(), flags));
    install(PROP_PORT,
            g_param_spec_uint("port", "Port", "TCP port to listen on (0 = a free one, see current-port)", 0,
                              65535, kDefaults.port, flags));
    install(PROP_CURRENT_PORT,
            g_param_spec_uint("current-port", "Current port", "The port that is listened on (0 = none yet)",
                              0, 65535, 0, read));
    install(PROP_APP, g_param_spec_string("app", "Application",
                                          "First part of the path publishers publish to, 1 to 128 letters, "
                                          "digits, '_', '.' or '-'",
                                          kDefaults.app.c_str(), flags));
    install(PROP_STREAM,
            g_param_spec_string("stream", "Stream",
                                "Second part of the path publishers publish to, 1 to 128 letters, digits, "
                                "'_', '.' or '-' (unset = the session's name)",
                                nullptr, flags));
    install(PROP_SESSION,
            g_param_spec_string("session", "Session",
                                "Name of the session, 1 to 128 letters, digits, '_', '.' or '-' (unset = as "
                                "named elsewhere in the pipeline, else \"default\")",
                                nullptr, flags));
    install(PROP_AUDIO_ONLY,
            g_param_spec_boolean("audio-only", "Audio only",
                                 "Throw video away as it arrives; otherwise H.264 is let through",
                                 kDefaults.audioOnly, flags));
    install(
        PROP_MAX_QUEUE_MS,
        g_param_spec_uint("max-queue-ms", "Longest queue",
                          "Milliseconds of media kept when downstream is slow; then the oldest is dropped",
                          100, 60000, kDefaults.maxQueueMs, flags));
    install(PROP_STATS,
            g_param_spec_boxed("stats", "Statistics",
                               "State (closed, waiting, publishing), publisher, codec, counters of the "
                               "publisher's messages (refreshed four times a second) and of the queue",
                               GST_TYPE_STRUCTURE, read));
}

} // namespace lt::rtmpserversrc
