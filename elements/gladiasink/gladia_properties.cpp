// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/gladia_settings.h"

namespace lt::gladia {

namespace {

enum Property : guint {
    PROP_0,
    PROP_API_KEY,
    PROP_API_KEY_ENV,
    PROP_API_KEY_FILE,
    PROP_ENDPOINT,
    PROP_REGION,
    PROP_TLS_CA_FILE,
    PROP_SESSION,
    PROP_MODEL,
    PROP_LANGUAGES,
    PROP_CODE_SWITCHING,
    PROP_ENDPOINTING,
    PROP_MAX_UTTERANCE,
    PROP_PARTIALS,
    PROP_CONNECT_TIMEOUT_MS,
    PROP_DRAIN_TIMEOUT_MS,
    PROP_SHUTDOWN_TIMEOUT_MS,
    PROP_MAX_BACKLOG_MS,
    PROP_BACKPRESSURE,
    PROP_LATENCY_MS,
    PROP_LATENESS_MS,
    PROP_POST_MESSAGES,
    PROP_STATS,
    PROP_MAX_OBSERVED_DELAY,
};

constexpr guint kMaxMs = 3600 * 1000;

GParamSpec *maxObservedDelay = nullptr;

/// All settings are read once, when a stream starts.
GParamFlags flags(guint more = GST_PARAM_MUTABLE_READY) {
    return static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | more);
}

void installText(GObjectClass *klass, guint id, const char *name, const char *nick, const char *blurb,
                 const char *fallback) {
    g_object_class_install_property(klass, id, g_param_spec_string(name, nick, blurb, fallback, flags()));
}

void installMs(GObjectClass *klass, guint id, const char *name, const char *nick, const char *blurb,
               guint least, guint fallback, guint mutability = GST_PARAM_MUTABLE_READY) {
    g_object_class_install_property(
        klass, id, g_param_spec_uint(name, nick, blurb, least, kMaxMs, fallback, flags(mutability)));
}

void installFlag(GObjectClass *klass, guint id, const char *name, const char *nick, const char *blurb,
                 bool fallback) {
    g_object_class_install_property(klass, id, g_param_spec_boolean(name, nick, blurb, fallback, flags()));
}

void installConnection(GObjectClass *klass) {
    g_object_class_install_property(
        klass, PROP_API_KEY,
        g_param_spec_string(
            "api-key", "API key",
            "Key of the Gladia account. Write-only, so that it shows up nowhere; an environment "
            "variable or a file keeps it out of command lines too",
            nullptr,
            static_cast<GParamFlags>(G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)));
    installText(
        klass, PROP_API_KEY_ENV, "api-key-env", "Environment variable with the API key",
        "Name of the environment variable that holds the key, used when neither api-key nor api-key-file "
        "is set; read when the element leaves NULL",
        "GLADIA_API_KEY");
    installText(klass, PROP_API_KEY_FILE, "api-key-file", "File with the API key",
                "File that holds the key and nothing else, used when api-key is not set", nullptr);
    installText(
        klass, PROP_ENDPOINT, "endpoint", "Endpoint",
        "Address of the service: http, https, ws or wss, host and port. Unset: the environment variable "
        "GLADIA_URL, else https://api.gladia.io",
        nullptr);
    installText(klass, PROP_REGION, "region", "Region",
                "Where the session runs: eu-west or us-west; unset: the service decides", nullptr);
    installText(klass, PROP_TLS_CA_FILE, "tls-ca-file", "TLS authorities",
                "File with the certificate authorities to trust, PEM; unset: those of the system", nullptr);
    installMs(klass, PROP_CONNECT_TIMEOUT_MS, "connect-timeout-ms", "Connect timeout",
              "How long the request for a session, and then the WebSocket, may each take per attempt, "
              "milliseconds",
              100, 10000);
    installMs(
        klass, PROP_DRAIN_TIMEOUT_MS, "drain-timeout-ms", "Drain timeout",
        "After the end of the audio: how long the service may take without taking any more audio, and then "
        "for the last transcripts, milliseconds; afterwards a warning says what is missing",
        0, 10000);
    installMs(
        klass, PROP_SHUTDOWN_TIMEOUT_MS, "shutdown-timeout-ms", "Shutdown timeout",
        "Longest time that leaving PAUSED waits for the socket's goodbye, milliseconds; never more than "
        "2000 of them are used",
        0, 5000);
}

void installRecognition(GObjectClass *klass) {
    installText(
        klass, PROP_SESSION, "session", "Session",
        "Name of the live session, 1-128 of [A-Za-z0-9_.-]; unset: that of the pipeline, found through "
        "the context livetranscript.session, else default",
        nullptr);
    installText(klass, PROP_MODEL, "model", "Model",
                "Gladia's model; unset: the service's default (solaria-1)", nullptr);
    installText(
        klass, PROP_LANGUAGES, "languages", "Languages",
        "Comma-separated codes of the languages spoken, for example en or en,fr; one is forced, of several "
        "one is detected; unset: any",
        nullptr);
    installFlag(
        klass, PROP_CODE_SWITCHING, "code-switching", "Code switching",
        "Detect the language of every utterance instead of that of the first; needs several languages",
        false);
    g_object_class_install_property(klass, PROP_ENDPOINTING,
                                    g_param_spec_double("endpointing", "Endpointing",
                                                        "Silence that ends an utterance, seconds", 0.01, 10,
                                                        0.3, flags()));
    g_object_class_install_property(
        klass, PROP_MAX_UTTERANCE,
        g_param_spec_double("max-utterance", "Longest utterance",
                            "Length at which an utterance ends without silence, seconds", 5, 60, 5, flags()));
    installFlag(klass, PROP_PARTIALS, "partials", "Partials",
                "Deliver provisional transcripts while an utterance lasts", true);
}

void installFlow(GObjectClass *klass) {
    installMs(klass, PROP_MAX_BACKLOG_MS, "max-backlog-ms", "Backlog",
              "Audio kept while the service does not take it, milliseconds", 100, 120000);
    g_object_class_install_property(
        klass, PROP_BACKPRESSURE,
        g_param_spec_enum(
            "backpressure", "Backpressure",
            "What a full backlog does: auto drops the oldest audio when the pipeline and all its "
            "sources are live, else blocks",
            backpressureType(), GST_TRANSCRIPT_BACKPRESSURE_AUTO, flags()));
    installMs(
        klass, PROP_LATENCY_MS, "latency-ms", "Latency",
        "Text output only: how long after its audio a caption may come and still be in sync, milliseconds; "
        "added to the pipeline's latency",
        0, 8000, GST_PARAM_MUTABLE_PLAYING);
    installMs(klass, PROP_LATENESS_MS, "lateness-ms", "Lateness",
              "Text output only: how much later than its audio a caption is shown, milliseconds; costs sync "
              "instead of latency",
              0, 0);
    installFlag(klass, PROP_POST_MESSAGES, "post-messages", "Post messages",
                "Also post each transcript as an element message gladiasink/transcript", false);
    g_object_class_install_property(
        klass, PROP_STATS,
        g_param_spec_boxed(
            "stats", "Statistics",
            "State of the session, audio sent, acknowledged, waiting, lost, and transcripts so far",
            GST_TYPE_STRUCTURE, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
    maxObservedDelay = g_param_spec_uint(
        "max-observed-delay", "Largest delay",
        "Longest time from the start of an utterance to its final, milliseconds of running time; notifies", 0,
        G_MAXUINT, 0, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
    g_object_class_install_property(klass, PROP_MAX_OBSERVED_DELAY, maxObservedDelay);
}

std::string text(const GValue *value) {
    const gchar *string = g_value_get_string(value);
    return string ? string : "";
}

void giveText(GValue *value, const std::string &text) {
    g_value_set_string(value, text.empty() ? nullptr : text.c_str());
}

std::string *textOf(GladiaSettings &settings, guint id) {
    switch (id) {
    case PROP_API_KEY:
        return &settings.apiKey;
    case PROP_API_KEY_ENV:
        return &settings.apiKeyEnv;
    case PROP_API_KEY_FILE:
        return &settings.apiKeyFile;
    case PROP_ENDPOINT:
        return &settings.endpoint;
    case PROP_REGION:
        return &settings.region;
    case PROP_TLS_CA_FILE:
        return &settings.tlsCaFile;
    case PROP_SESSION:
        return &settings.session;
    case PROP_MODEL:
        return &settings.options.model;
    case PROP_LANGUAGES:
        return &settings.languages;
    default:
        return nullptr;
    }
}

guint *numberOf(GladiaSettings &settings, guint id) {
    switch (id) {
    case PROP_CONNECT_TIMEOUT_MS:
        return &settings.connectTimeoutMs;
    case PROP_DRAIN_TIMEOUT_MS:
        return &settings.drainTimeoutMs;
    case PROP_SHUTDOWN_TIMEOUT_MS:
        return &settings.shutdownTimeoutMs;
    case PROP_MAX_BACKLOG_MS:
        return &settings.maxBacklogMs;
    case PROP_LATENCY_MS:
        return &settings.latencyMs;
    case PROP_LATENESS_MS:
        return &settings.latenessMs;
    default:
        return nullptr;
    }
}

bool *flagOf(GladiaSettings &settings, guint id) {
    switch (id) {
    case PROP_CODE_SWITCHING:
        return &settings.options.codeSwitching;
    case PROP_PARTIALS:
        return &settings.options.partials;
    case PROP_POST_MESSAGES:
        return &settings.postMessages;
    default:
        return nullptr;
    }
}

double *secondsOf(GladiaSettings &settings, guint id) {
    switch (id) {
    case PROP_ENDPOINTING:
        return &settings.options.endpointing;
    case PROP_MAX_UTTERANCE:
        return &settings.options.maxUtterance;
    default:
        return nullptr;
    }
}

} // namespace

void installProperties(GObjectClass *klass) {
    installConnection(klass);
    installRecognition(klass);
    installFlow(klass);
    installResilience(klass);
}

bool setProperty(GladiaSettings &settings, guint id, const GValue *value) {
    if (std::string *field = textOf(settings, id))
        *field = text(value);
    else if (guint *number = numberOf(settings, id))
        *number = g_value_get_uint(value);
    else if (bool *flag = flagOf(settings, id))
        *flag = g_value_get_boolean(value);
    else if (double *seconds = secondsOf(settings, id))
        *seconds = g_value_get_double(value);
    else if (id == PROP_BACKPRESSURE)
        settings.backpressure = static_cast<GstTranscriptBackpressure>(g_value_get_enum(value));
    else
        return setResilience(settings.resilience, id, value);
    return true;
}

bool getProperty(const GladiaSettings &settings, guint id, GValue *value) {
    auto &fields = const_cast<GladiaSettings &>(settings); // the look-ups above serve both ways
    if (id == PROP_API_KEY)
        return false;
    if (const std::string *field = textOf(fields, id))
        giveText(value, *field);
    else if (const guint *number = numberOf(fields, id))
        g_value_set_uint(value, *number);
    else if (const bool *flag = flagOf(fields, id))
        g_value_set_boolean(value, *flag);
    else if (const double *seconds = secondsOf(fields, id))
        g_value_set_double(value, *seconds);
    else if (id == PROP_BACKPRESSURE)
        g_value_set_enum(value, settings.backpressure);
    else
        return getResilience(settings.resilience, id, value);
    return true;
}

bool isLatency(guint id) {
    return id == PROP_LATENCY_MS;
}

guint statsId() {
    return PROP_STATS;
}

guint maxObservedDelayId() {
    return PROP_MAX_OBSERVED_DELAY;
}

GParamSpec *maxObservedDelaySpec() {
    return maxObservedDelay;
}

} // namespace lt::gladia
