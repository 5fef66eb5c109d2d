// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/gladia_session.h"

#include <gst/gst.h>

/// What happens when the service cannot be reached any more.
enum GstGladiaSinkOnError { GST_GLADIA_SINK_ON_ERROR_RECONNECT, GST_GLADIA_SINK_ON_ERROR_ERROR };

namespace lt::gladia {

/// The properties that say how hard a session is kept alive, as values.
struct ResilienceSettings {
    guint reconnectMinMs = 250;
    guint reconnectMaxMs = 2000;
    guint maxAttempts = 5;
    guint ackTimeoutMs = 5000;
    guint maxInFlightMs = 3000;
    guint maxSessionMs = 10'200'000;
    guint maxFillMs = 2000;
    guint stallSpeechMs = 20000;
    double catchupSpeed = 4;
    int onError = GST_GLADIA_SINK_ON_ERROR_RECONNECT;
};

/// Ids from kFirstResilienceId on.
constexpr guint kFirstResilienceId = 200;
void installResilience(GObjectClass *klass);
/// True when the property is one of these, and then set. The caller locks.
bool setResilience(ResilienceSettings &settings, guint id, const GValue *value);
bool getResilience(const ResilienceSettings &settings, guint id, GValue *value);

void applyResilience(const ResilienceSettings &settings, SessionConfig &config);

} // namespace lt::gladia
