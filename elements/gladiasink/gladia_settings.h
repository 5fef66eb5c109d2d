// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/gladia_stream.h"
#include "elements/gladiasink/recognition_settings.h"
#include "elements/gladiasink/resilience_settings.h"
#include "lib/recogniser/recogniser_pads.h"

#include <mutex>
#include <optional>
#include <string>

#include <gst/gst.h>

namespace lt::gladia {

/// The element's properties as values.
struct GladiaSettings {
    std::string apiKey; ///< secret
    std::string apiKeyEnv = "GLADIA_API_KEY";
    std::string apiKeyFile;
    std::string endpoint; ///< empty: GLADIA_URL, else kDefaultEndpoint
    std::string region;
    std::string tlsCaFile;
    std::string session;
    RecognitionSettings recognition;
    ResilienceSettings resilience;
    guint connectTimeoutMs = 10000;
    guint drainTimeoutMs = 10000;
    guint shutdownTimeoutMs = 5000;
    guint maxBacklogMs = 120000;
    int backpressure = GST_TRANSCRIPT_BACKPRESSURE_AUTO;
    guint latencyMs = 8000;
    guint latenessMs = 0;
    bool hold = false;
    bool postMessages = false;

    RecogniserPads::Settings pads() const;
};

/// What the environment says, read in NULL→READY.
struct GladiaEnvironment {
    std::string apiKey; ///< secret
    std::string endpoint;

    static GladiaEnvironment read(const GladiaSettings &settings);
};

/// Why a stream cannot be set up: for GST_ELEMENT_ERROR.
struct SettingsError {
    GQuark domain;
    gint code;
    std::string text;
    std::string debug;
};

/// Reads the key file and the CA file. On failure `error` says what to do.
std::optional<GladiaStream::Settings>
streamSettings(const GladiaSettings &settings, const GladiaEnvironment &environment, SettingsError &error);

// The GObject side; property ids are private to the implementation.
void installProperties(GObjectClass *klass);
/// True when the property is a setting, and then set; takes effect as its flags say. The caller locks.
bool setProperty(GladiaSettings &settings, guint id, const GValue *value);
bool getProperty(const GladiaSettings &settings, guint id, GValue *value);
/// True for the property whose change alters the latency.
bool isLatency(guint id);
/// True for the property that holds the audio back.
bool isHold(guint id);
/// Ids of the readonly properties, which the element answers.
guint statsId();
guint maxObservedDelayId();
GParamSpec *maxObservedDelaySpec();

} // namespace lt::gladia
