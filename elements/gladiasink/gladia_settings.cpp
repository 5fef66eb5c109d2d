// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/gladia_settings.h"

#include <algorithm>
#include <utility>

namespace lt::gladia {

namespace {

constexpr gsize kMaxKeyFile = 4096;
/// What the service may take beyond the longest utterance and the backlog, for GAPs in a JSON stream.
constexpr double kServiceDelaySeconds = 10;

SettingsError resourceError(gint code, std::string text, std::string debug = {}) {
    return {GST_RESOURCE_ERROR, code, std::move(text), std::move(debug)};
}

std::string trimmed(std::string text) {
    g_strstrip(text.data());
    return text.c_str();
}

/// A header value: anything else in a key is a slip of whoever pasted it, and must not reach the wire.
bool isPlausibleKey(const std::string &key) {
    return std::all_of(key.begin(), key.end(), [](char c) { return g_ascii_isgraph(c); });
}

std::optional<std::string> keyFromFile(const std::string &file, SettingsError &error) {
    gchar *text = nullptr;
    gsize size = 0;
    ErrorOut failure;
    if (!g_file_get_contents(file.c_str(), &text, &size, failure.out())) {
        error = resourceError(GST_RESOURCE_ERROR_OPEN_READ, "The file named by api-key-file cannot be read.",
                              failure.message());
        return std::nullopt;
    }
    const CharPtr owner(text);
    return trimmed(std::string(text, std::min(size, kMaxKeyFile)));
}

std::optional<std::string> findKey(const GladiaSettings &settings, const GladiaEnvironment &environment,
                                   SettingsError &error) {
    std::string key = trimmed(settings.apiKey);
    if (key.empty() && !settings.apiKeyFile.empty()) {
        auto read = keyFromFile(settings.apiKeyFile, error);
        if (!read)
            return std::nullopt;
        key = std::move(*read);
    }
    if (key.empty())
        key = trimmed(environment.apiKey);
    if (key.empty()) {
        error =
            resourceError(GST_RESOURCE_ERROR_NOT_AUTHORIZED,
                          "There is no Gladia API key. Set the environment variable " + settings.apiKeyEnv +
                              ", or the property api-key-file or api-key; keys are made at "
                              "https://app.gladia.io.");
        return std::nullopt;
    }
    if (!isPlausibleKey(key)) {
        error =
            resourceError(GST_RESOURCE_ERROR_NOT_AUTHORIZED,
                          "The Gladia API key has characters that no key has. Check where it comes from.");
        return std::nullopt;
    }
    return key;
}

std::uint64_t nsOfMs(guint ms) {
    return ms * GST_MSECOND;
}

bool loadAuthorities(const std::string &file, GRef<GTlsDatabase> &database, SettingsError &error) {
    if (file.empty())
        return true;
    ErrorOut failure;
    database.reset(g_tls_file_database_new(file.c_str(), failure.out()));
    if (database)
        return true;
    error = resourceError(GST_RESOURCE_ERROR_SETTINGS, "The file named by tls-ca-file holds no certificates.",
                          failure.message());
    return false;
}

} // namespace

RecogniserPads::Settings GladiaSettings::pads() const {
    RecogniserPads::Settings pads;
    pads.times.latencyNs = nsOfMs(latencyMs);
    pads.times.latenessNs = nsOfMs(latenessMs);
    const double lag = recognition.maxUtterance + kServiceDelaySeconds;
    pads.times.jsonLagNs =
        static_cast<std::uint64_t>(lag * static_cast<double>(GST_SECOND)) + nsOfMs(maxBacklogMs);
    pads.mayBeUnlinked = true;
    pads.backpressure = static_cast<GstTranscriptBackpressure>(backpressure);
    return pads;
}

GladiaEnvironment GladiaEnvironment::read(const GladiaSettings &settings) {
    const auto variable = [](const char *name) {
        const gchar *value = *name ? g_getenv(name) : nullptr;
        return std::string(value ? value : "");
    };
    return {variable(settings.apiKeyEnv.c_str()), variable("GLADIA_URL")};
}

std::optional<GladiaStream::Settings>
streamSettings(const GladiaSettings &settings, const GladiaEnvironment &environment, SettingsError &error) {
    const auto key = findKey(settings, environment, error);
    if (!key)
        return std::nullopt;
    GladiaStream::Settings stream;
    if (!loadAuthorities(settings.tlsCaFile, stream.tlsDatabase, error))
        return std::nullopt;
    std::string address = settings.endpoint.empty() ? environment.endpoint : settings.endpoint;
    if (address.empty())
        address = kDefaultEndpoint;
    std::string reason;
    const auto endpoint = Endpoint::parse(address, settings.region, reason);
    if (!endpoint) {
        error = resourceError(GST_RESOURCE_ERROR_SETTINGS, reason);
        return std::nullopt;
    }
    const auto options = sessionOptions(settings.recognition, reason);
    if (!options) {
        error = resourceError(GST_RESOURCE_ERROR_SETTINGS, reason);
        return std::nullopt;
    }
    stream.apiKey = *key;
    stream.maxBacklogNs = nsOfMs(settings.maxBacklogMs);
    stream.session.endpoint = *endpoint;
    stream.session.options = *options;
    stream.session.connectTimeoutNs = nsOfMs(settings.connectTimeoutMs);
    stream.session.drainTimeoutNs = nsOfMs(settings.drainTimeoutMs);
    applyResilience(settings.resilience, stream.session);
    stream.session.random = [] {
        return g_random_double();
    };
    return stream;
}

} // namespace lt::gladia
