// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/resilience_settings.h"

#include "elements/gladiasink/property_table.h"

#include <algorithm>

namespace lt::gladia {

namespace {

constexpr guint kMinuteMs = 60 * 1000;
constexpr guint kHourMs = 60 * kMinuteMs;

using S = ResilienceSettings;
using P = Property<S>;

GType onErrorType() {
    static const GEnumValue values[] = {
        {GST_GLADIA_SINK_ON_ERROR_RECONNECT, "Try again for as long as the pipeline runs", "reconnect"},
        {GST_GLADIA_SINK_ON_ERROR_ERROR, "Post an error after max-attempts", "error"},
        {0, nullptr, nullptr},
    };
    static gsize once = 0;
    return registeredEnum(once, "GstGladiaSinkOnError", values);
}

const P kProperties[] = {
    {"reconnect-min-ms", "Shortest delay of a reconnection",
     "A lost connection is opened again at once; when that fails too, after about this long, then "
     "half as long again with each failure, milliseconds",
     P::Number{&S::reconnectMinMs, 10, kMinuteMs}},
    {"reconnect-max-ms", "Longest delay of a reconnection",
     "The delay between attempts grows no longer than this, milliseconds; raised to "
     "reconnect-min-ms when below it",
     P::Number{&S::reconnectMaxMs, 10, 10 * kMinuteMs}},
    {"max-attempts", "Attempts",
     "With on-error=error: so many attempts in a row may fail before it is an error",
     P::Number{&S::maxAttempts, 1, 1000}},
    {"ack-timeout-ms", "Acknowledgement timeout",
     "A connection on which sent audio stays unacknowledged for so long counts as dead and is "
     "replaced, milliseconds",
     P::Number{&S::ackTimeoutMs, 100, kHourMs}},
    {"max-in-flight-ms", "Unacknowledged audio",
     "At most so much audio is handed to the socket without an acknowledgement; the rest waits in "
     "the backlog, milliseconds",
     P::Number{&S::maxInFlightMs, 100, kMinuteMs}},
    {"max-session-ms", "Longest session",
     "One session of the service gets at most so much audio; then the next one, opened beforehand, "
     "takes over, in a pause of the last 10 s if there is one, milliseconds; the service itself ends "
     "sessions after 3 hours",
     P::Number{&S::maxSessionMs, 1000, 3 * kHourMs}},
    {"max-fill-ms", "Longest filled hole",
     "A hole in the audio up to so long is filled with silence, so that the service sees the "
     "pause; a longer one is only accounted for in the times, milliseconds; 0: none is filled",
     P::Number{&S::maxFillMs, 0, kMinuteMs}},
    {"stall-speech-ms", "Stall limit",
     "So much speech without any transcript means that the session is stalled: a warning, and a "
     "new connection, milliseconds of speech; 0: never",
     P::Number{&S::stallSpeechMs, 0, 10 * kMinuteMs}},
    {"catchup-speed", "Catch-up speed",
     "Audio that had to wait is sent at so many times the pace of real time",
     P::Real{&S::catchupSpeed, 1, 100}},
    {"on-error", "On error",
     "What failures that may pass lead to: reconnect tries for ever, error gives up after "
     "max-attempts; what cannot pass is an error at once",
     P::Choice{&S::onError, onErrorType}},
};

const S kDefaults;
constexpr PropertyTable<S> kTable(kFirstResilienceId, kProperties, kDefaults);

} // namespace

void installResilience(GObjectClass *klass) {
    kTable.install(klass);
}

bool setResilience(ResilienceSettings &settings, guint id, const GValue *value) {
    return kTable.set(settings, id, value);
}

bool getResilience(const ResilienceSettings &settings, guint id, GValue *value) {
    return kTable.get(settings, id, value);
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
