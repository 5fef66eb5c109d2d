// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/gladia_settings.h"
#include "elements/gladiasink/property_table.h"

namespace lt::gladia {

namespace {

using S = GladiaSettings;
using P = Property<S>;

constexpr guint kMaxMs = 3600 * 1000;

const P kProperties[] = {
    {"api-key", "API key",
     "Key of the Gladia account. Write-only, so that it shows up nowhere; an environment "
     "variable or a file keeps it out of command lines too",
     P::Secret{&S::apiKey}},
    {"api-key-env", "Environment variable with the API key",
     "Name of the environment variable that holds the key, used when neither api-key nor api-key-file "
     "is set; read when the element leaves NULL",
     P::Text{&S::apiKeyEnv}},
    {"api-key-file", "File with the API key",
     "File that holds the key and nothing else, used when api-key is not set", P::Text{&S::apiKeyFile}},
    {"endpoint", "Endpoint",
     "Address of the service: http, https, ws or wss, host and port. Unset: the environment variable "
     "GLADIA_URL, else https://api.gladia.io",
     P::Text{&S::endpoint}},
    {"region", "Region", "Where the session runs: eu-west or us-west; unset: the service decides",
     P::Text{&S::region}},
    {"tls-ca-file", "TLS authorities",
     "File with the certificate authorities to trust, PEM; unset: those of the system",
     P::Text{&S::tlsCaFile}},
    {"connect-timeout-ms", "Connect timeout",
     "How long the request for a session, and then the WebSocket, may each take per attempt, milliseconds",
     P::Number{&S::connectTimeoutMs, 100, kMaxMs}},
    {"drain-timeout-ms", "Drain timeout",
     "After the end of the audio: how long the service may take without taking any more audio, and then "
     "for the last transcripts, milliseconds; afterwards a warning says what is missing",
     P::Number{&S::drainTimeoutMs, 0, kMaxMs}},
    {"shutdown-timeout-ms", "Shutdown timeout",
     "Longest time that leaving PAUSED waits for the socket's goodbye, milliseconds; never more than "
     "2000 of them are used",
     P::Number{&S::shutdownTimeoutMs, 0, kMaxMs}},
    {"session", "Session",
     "Name of the live session, 1-128 of [A-Za-z0-9_.-]; unset: that of the pipeline, found through "
     "the context livetranscript.session, else default",
     P::Text{&S::session}},
    {"max-backlog-ms", "Backlog", "Audio kept while the service does not take it, milliseconds",
     P::Number{&S::maxBacklogMs, 100, kMaxMs}},
    {"backpressure", "Backpressure",
     "What a full backlog does: auto drops the oldest audio when the pipeline and all its "
     "sources are live, else blocks",
     P::Choice{&S::backpressure, backpressureType}},
    {"latency-ms", "Latency",
     "Text output only: how long after its audio a caption may come and still be in sync, milliseconds; "
     "added to the pipeline's latency",
     P::Number{&S::latencyMs, 0, kMaxMs}, GST_PARAM_MUTABLE_PLAYING},
    {"lateness-ms", "Lateness",
     "Text output only: how much later than its audio a caption is shown, milliseconds; costs sync "
     "instead of latency",
     P::Number{&S::latenessMs, 0, kMaxMs}},
    {"hold", "Hold",
     "Ask for no session while this is true: audio waits, up to max-backlog-ms of it. For who shares out the "
     "sessions of an account; a session that is open goes on",
     P::Flag{&S::hold}, GST_PARAM_MUTABLE_PLAYING},
    {"post-messages", "Post messages",
     "Also post each transcript as an element message gladiasink/transcript", P::Flag{&S::postMessages}},
};

const S kDefaults;
constexpr PropertyTable<S> kTable(1, kProperties, kDefaults);

constexpr guint kStatsId = 100; // beyond the table
constexpr guint kMaxObservedDelayId = 101;

GParamSpec *maxObservedDelay = nullptr;

void installReadOnly(GObjectClass *klass) {
    constexpr auto kFlags = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    g_object_class_install_property(
        klass, kStatsId,
        g_param_spec_boxed(
            "stats", "Statistics",
            "State of the session, audio sent, acknowledged, waiting, lost, and transcripts so far",
            GST_TYPE_STRUCTURE, kFlags));
    maxObservedDelay = g_param_spec_uint(
        "max-observed-delay", "Largest delay",
        "Longest time from the start of an utterance to its final, milliseconds of running time; notifies", 0,
        G_MAXUINT, 0, kFlags);
    g_object_class_install_property(klass, kMaxObservedDelayId, maxObservedDelay);
}

} // namespace

void installProperties(GObjectClass *klass) {
    kTable.install(klass);
    installReadOnly(klass);
    installResilience(klass);
    installRecognition(klass);
}

bool setProperty(GladiaSettings &settings, guint id, const GValue *value) {
    return kTable.set(settings, id, value) || setResilience(settings.resilience, id, value) ||
           setRecognition(settings.recognition, id, value);
}

bool getProperty(const GladiaSettings &settings, guint id, GValue *value) {
    return kTable.get(settings, id, value) || getResilience(settings.resilience, id, value) ||
           getRecognition(settings.recognition, id, value);
}

bool isLatency(guint id) {
    return kTable.isNamed(id, "latency-ms");
}

bool isHold(guint id) {
    return kTable.isNamed(id, "hold");
}

guint statsId() {
    return kStatsId;
}

guint maxObservedDelayId() {
    return kMaxObservedDelayId;
}

GParamSpec *maxObservedDelaySpec() {
    return maxObservedDelay;
}

} // namespace lt::gladia
