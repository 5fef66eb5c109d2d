// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/doors.h"

#include <initializer_list>

#include <glib.h>

namespace lt::service {

namespace {

const char *nameOf(Setting id) {
    for (const SettingSpec &spec : settingSpecs())
        if (spec.id == id)
            return spec.name;
    return "";
}

/// The environment has the secret under the setting's own name: see exportSecrets().
SecretSource secretOf(const Settings &settings, Setting secret, Setting file) {
    return {settings.given(secret) ? nameOf(secret) : "", settings.text(file)};
}

std::size_t countOf(const Settings &settings, Setting id) {
    return static_cast<std::size_t>(settings.number(id));
}

/// As the element's property takes them.
std::vector<std::string> wordsOf(const std::string &list) {
    constexpr const char *kSeparators = ", ";
    std::vector<std::string> words;
    for (auto at = list.find_first_not_of(kSeparators); at != list.npos;
         at = list.find_first_not_of(kSeparators, at)) {
        const auto end = std::min(list.find_first_of(kSeparators, at), list.size());
        words.push_back(list.substr(at, end - at));
        at = end;
    }
    return words;
}

/// Collects properties for a description; what is empty is left out.
class Properties {
public:
    Properties &add(const char *name, const std::string &value) {
        if (!value.empty())
            text_ += (text_.empty() ? "" : " ") + std::string(name) + "=\"" + value + '"';
        return *this;
    }
    Properties &add(const char *name, std::size_t value) { return add(name, std::to_string(value)); }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

} // namespace

broadcast::AccessSettings viewerAccess(const Settings &settings) {
    broadcast::AccessSettings access;
    access.token = secretOf(settings, Setting::ViewerToken, Setting::ViewerTokenFile);
    access.jwtKey = secretOf(settings, Setting::ViewerJwtKey, Setting::ViewerJwtKeyFile);
    access.allowedOrigins = wordsOf(settings.text(Setting::AllowedOrigins));
    access.viewers = {countOf(settings, Setting::MaxViewers), countOf(settings, Setting::MaxSessionViewers),
                      countOf(settings, Setting::MaxAddressViewers)};
    access.waitForSession = true;
    access.certificateFile = settings.text(Setting::ViewerTlsCertificate);
    access.keyFile = settings.text(Setting::ViewerTlsKey);
    access.metricsAddress = settings.text(Setting::MetricsHost);
    access.metricsPort = static_cast<std::uint16_t>(settings.number(Setting::MetricsPort));
    access.metricsNeedToken = settings.text(Setting::MetricsNeedToken) == "yes";
    return access;
}

broadcast::WaitingRoom waitingRoom(const Settings &settings) {
    broadcast::WaitingRoom room;
    room.settings.maxQueue = countOf(settings, Setting::MaxBroadcastQueueSize);
    room.settings.maxMessageRate = static_cast<unsigned>(settings.number(Setting::MaxRate));
    room.pingIntervalMs = static_cast<std::uint32_t>(settings.number(Setting::PingIntervalMs));
    return room;
}

rtmp::PublishTokens publisherTokens(const Settings &settings) {
    return {secretOf(settings, Setting::PublisherTokens, Setting::PublisherTokensFile),
            secretOf(settings, Setting::PublisherJwtKey, Setting::PublisherJwtKeyFile)};
}

net::TlsFiles publisherTls(const Settings &settings) {
    return {settings.text(Setting::PublisherTlsCertificate), settings.text(Setting::PublisherTlsKey)};
}

std::string viewerDoorProperties(const Settings &settings, std::uint16_t port) {
    const auto access = viewerAccess(settings);
    Properties properties;
    properties.add("address", settings.text(Setting::Host)).add("port", port);
    properties.add("auth-token-env", access.token.environment).add("auth-token-file", access.token.file);
    properties.add("auth-jwt-key-env", access.jwtKey.environment)
        .add("auth-jwt-key-file", access.jwtKey.file);
    properties.add("allowed-origins", settings.text(Setting::AllowedOrigins));
    properties.add("max-viewers", countOf(settings, Setting::MaxViewers))
        .add("max-session-viewers", countOf(settings, Setting::MaxSessionViewers))
        .add("max-address-viewers", countOf(settings, Setting::MaxAddressViewers));
    properties.add("unknown-session", "wait");
    properties.add("tls-certificate-file", access.certificateFile).add("tls-key-file", access.keyFile);
    properties.add("metrics-address", access.metricsAddress).add("metrics-port", access.metricsPort);
    properties.add("metrics-need-token", access.metricsNeedToken ? "true" : "false");
    return properties.take();
}

std::string publisherDoorProperties(const Settings &settings, std::uint16_t port) {
    Properties properties;
    properties.add("address", settings.text(Setting::Host)).add("port", port);
    properties.add("app", settings.text(Setting::RtmpApp));
    properties.add("publisher-policy", settings.text(Setting::PublisherPolicy));
    const auto tls = publisherTls(settings);
    properties.add("tls-certificate-file", tls.certificate).add("tls-key-file", tls.key);
    return properties.take();
}

void exportSecrets(const Settings &settings) {
    for (const Setting secret : {Setting::PublisherTokens, Setting::PublisherJwtKey, Setting::ViewerToken,
                                 Setting::ViewerJwtKey, Setting::DatabaseUrl})
        if (settings.given(secret)) // a password in the description would be logged
            g_setenv(nameOf(secret), settings.text(secret).c_str(), TRUE);
    for (const Setting id : {Setting::GladiaApiKey, Setting::GladiaUrl})
        g_setenv(nameOf(id), settings.text(id).c_str(), TRUE);
}

} // namespace lt::service
