// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/resilience_settings.h"

#include <algorithm>
#include <array>

namespace lt::gladia {

namespace {

constexpr guint kMinuteMs = 60 * 1000;
constexpr guint kHourMs = 60 * kMinuteMs;

struct Number {
    guint ResilienceSettings::*field;
    const char *name, *nick, *blurb;
    guint least, most;
};

const std::array<Number, 8> &numbers() {
    using S = ResilienceSettings;
    static const std::array<Number, 8> all = {{
        {&S::reconnectMinMs, "reconnect-min-ms", "Shortest delay of a reconnection",
         "A lost connection is opened again at once; when that fails too, after about this long, then twice "
         "as "
         "long with each failure, milliseconds",
         10, kMinuteMs},
        {&S::reconnectMaxMs, "reconnect-max-ms", "Longest delay of a reconnection",
         "The delay between attempts grows no longer than this, milliseconds; raised to reconnect-min-ms "
         "when "
         "below it",
         10, 10 * kMinuteMs},
        {&S::maxAttempts, "max-attempts", "Attempts",
         "With on-error=error: so many attempts in a row may fail before it is an error", 1, 1000},
        {&S::ackTimeoutMs, "ack-timeout-ms", "Acknowledgement timeout",
         "A connection on which sent audio stays unacknowledged for so long counts as dead and is replaced, "
         "milliseconds",
         100, kHourMs},
        {&S::maxInFlightMs, "max-in-flight-ms", "Unacknowledged audio",
         "At most so much audio is handed to the socket without an acknowledgement; the rest waits in the "
         "backlog, milliseconds",
         100, kMinuteMs},
        {&S::maxSessionMs, "max-session-ms", "Longest session",
         "After so much audio a new session of the service takes over, in a pause of the speech if there is "
         "one "
         "within 10 s, milliseconds; the service itself ends sessions after 3 hours",
         1000, 3 * kHourMs},
        {&S::maxFillMs, "max-fill-ms", "Longest filled hole",
         "A hole in the audio up to so long is filled with silence, so that the service sees the pause; a "
         "longer "
         "one is only accounted for in the times, milliseconds; 0: none is filled",
         0, kMinuteMs},
        {&S::stallSpeechMs, "stall-speech-ms", "Stall limit",
         "So much speech without any transcript means that the session is stalled: a warning, and a new "
         "connection, milliseconds of speech; 0: never",
         0, 10 * kMinuteMs},
    }};
    return all;
}

constexpr guint kCatchupSpeedId = kFirstResilienceId + 100;
constexpr guint kOnErrorId = kCatchupSpeedId + 1;

GParamFlags flags() {
    return static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
}

GType onErrorType() {
    static const GEnumValue values[] = {
        {GST_GLADIA_SINK_ON_ERROR_RECONNECT, "Try again for as long as the pipeline runs", "reconnect"},
        {GST_GLADIA_SINK_ON_ERROR_ERROR, "Post an error after max-attempts", "error"},
        {0, nullptr, nullptr},
    };
    static gsize once = 0;
    if (g_once_init_enter(&once)) {
        const GType type = g_enum_register_static("GstGladiaSinkOnError", values);
        gst_type_mark_as_plugin_api(type, static_cast<GstPluginAPIFlags>(0));
        g_once_init_leave(&once, type);
    }
    return once;
}

const Number *numberOf(guint id) {
    const guint index = id - kFirstResilienceId;
    return index < numbers().size() ? &numbers()[index] : nullptr;
}

} // namespace

void installResilience(GObjectClass *klass) {
    const ResilienceSettings defaults;
    guint id = kFirstResilienceId;
    for (const Number &one : numbers())
        g_object_class_install_property(klass, id++,
                                        g_param_spec_uint(one.name, one.nick, one.blurb, one.least, one.most,
                                                          defaults.*one.field, flags()));
    g_object_class_install_property(
        klass, kCatchupSpeedId,
        g_param_spec_double("catchup-speed", "Catch-up speed",
                            "Audio that had to wait is sent at so many times the pace of real time", 1, 100,
                            defaults.catchupSpeed, flags()));
    g_object_class_install_property(
        klass, kOnErrorId,
        g_param_spec_enum("on-error", "On error",
                          "What failures that may pass lead to: reconnect tries for ever, error gives up "
                          "after max-attempts; what cannot pass is an error at once",
                          onErrorType(), defaults.onError, flags()));
}

bool setResilience(ResilienceSettings &settings, guint id, const GValue *value) {
    if (const Number *number = numberOf(id))
        settings.*number->field = g_value_get_uint(value);
    else if (id == kCatchupSpeedId)
        settings.catchupSpeed = g_value_get_double(value);
    else if (id == kOnErrorId)
        settings.onError = static_cast<GstGladiaSinkOnError>(g_value_get_enum(value));
    else
        return false;
    return true;
}

bool getResilience(const ResilienceSettings &settings, guint id, GValue *value) {
    if (const Number *number = numberOf(id))
        g_value_set_uint(value, settings.*number->field);
    else if (id == kCatchupSpeedId)
        g_value_set_double(value, settings.catchupSpeed);
    else if (id == kOnErrorId)
        g_value_set_enum(value, settings.onError);
    else
        return false;
    return true;
}

void applyResilience(const ResilienceSettings &settings, SessionConfig &config) {
    const auto ns = [](guint ms) -> std::uint64_t {
        return ms * GST_MSECOND;
    };
    config.reconnectMinNs = ns(settings.reconnectMinMs);
    config.reconnectMaxNs = std::max(config.reconnectMinNs, ns(settings.reconnectMaxMs));
    config.maxAttempts = settings.onError == GST_GLADIA_SINK_ON_ERROR_ERROR ? settings.maxAttempts : 0;
    config.ackTimeoutNs = ns(settings.ackTimeoutMs);
    config.maxInFlightNs = ns(settings.maxInFlightMs);
    config.maxSessionNs = ns(settings.maxSessionMs);
    config.maxFillNs = ns(settings.maxFillMs);
    config.stallSpeechNs = ns(settings.stallSpeechMs);
    config.catchupSpeed = settings.catchupSpeed;
}

} // namespace lt::gladia
