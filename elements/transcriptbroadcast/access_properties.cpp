// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptbroadcast/access_properties.h"

#include <chrono>
#include <string>
#include <vector>

namespace {

using lt::broadcast::AccessSettings;

enum : guint {
    PROP_AUTH_TOKEN_ENV = AccessProperties::kFirst,
    PROP_AUTH_TOKEN_FILE,
    PROP_AUTH_JWT_KEY_ENV,
    PROP_AUTH_JWT_KEY_FILE,
    PROP_ALLOWED_ORIGINS,
    PROP_MAX_VIEWERS,
    PROP_MAX_SESSION_VIEWERS,
    PROP_MAX_ADDRESS_VIEWERS,
    PROP_HANDSHAKE_TIMEOUT,
    PROP_UNKNOWN_SESSION,
    PROP_MAX_WAITING_ROOMS,
    PROP_ROOM_IDLE,
    PROP_TLS_CERTIFICATE_FILE,
    PROP_TLS_KEY_FILE,
    PROP_METRICS_ADDRESS,
    PROP_METRICS_PORT,
    PROP_METRICS_NEED_TOKEN,
};

enum UnknownSession { UNKNOWN_SESSION_REFUSE, UNKNOWN_SESSION_WAIT };

constexpr guint kMaxPlaces = 1000000;
constexpr guint kMaxMs = 24 * 3600 * 1000;

GType unknown_session_get_type() {
    static const GType type = [] {
        static const GEnumValue values[] = {
            {UNKNOWN_SESSION_REFUSE, "Refuse the viewer with 404", "refuse"},
            {UNKNOWN_SESSION_WAIT, "Let the viewer wait for the session", "wait"},
            {0, nullptr, nullptr}};
        return g_enum_register_static("GstTranscriptBroadcastUnknownSession", values);
    }();
    return type;
}

/// Strings of the settings by their property.
std::string *textAt(guint id, AccessSettings &settings) {
    switch (id) {
    case PROP_AUTH_TOKEN_ENV:
        return &settings.token.environment;
    case PROP_AUTH_TOKEN_FILE:
        return &settings.token.file;
    case PROP_AUTH_JWT_KEY_ENV:
        return &settings.jwtKey.environment;
    case PROP_AUTH_JWT_KEY_FILE:
        return &settings.jwtKey.file;
    case PROP_TLS_CERTIFICATE_FILE:
        return &settings.certificateFile;
    case PROP_TLS_KEY_FILE:
        return &settings.keyFile;
    case PROP_METRICS_ADDRESS:
        return &settings.metricsAddress;
    default:
        return nullptr;
    }
}

/// Numbers of the settings by their property.
std::size_t *countAt(guint id, AccessSettings &settings) {
    switch (id) {
    case PROP_MAX_VIEWERS:
        return &settings.viewers.total;
    case PROP_MAX_SESSION_VIEWERS:
        return &settings.viewers.perSession;
    case PROP_MAX_ADDRESS_VIEWERS:
        return &settings.viewers.perAddress;
    case PROP_MAX_WAITING_ROOMS:
        return &settings.maxWaitingRooms;
    default:
        return nullptr;
    }
}

std::chrono::milliseconds *timeAt(guint id, AccessSettings &settings) {
    if (id == PROP_HANDSHAKE_TIMEOUT)
        return &settings.handshakeTimeout;
    return id == PROP_ROOM_IDLE ? &settings.roomIdle : nullptr;
}

std::vector<std::string> wordsOf(const gchar *list) {
    std::vector<std::string> words;
    gchar **parts = g_strsplit_set(list ? list : "", ", \t\n", -1);
    for (gchar **part = parts; *part; part++)
        if (**part)
            words.emplace_back(*part);
    g_strfreev(parts);
    return words;
}

std::string joined(const std::vector<std::string> &words) {
    std::string list;
    for (const auto &word : words)
        list += (list.empty() ? "" : ",") + word;
    return list;
}

/// Installs one kind of property after the other.
struct Installer {
    GObjectClass *klass;
    GParamFlags flags =
        static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

    void text(guint id, const char *name, const char *nick, const char *blurb) const {
        g_object_class_install_property(klass, id, g_param_spec_string(name, nick, blurb, nullptr, flags));
    }
    void count(guint id, const char *name, const char *nick, const char *blurb, std::size_t byDefault,
               guint most = kMaxPlaces) const {
        g_object_class_install_property(
            klass, id, g_param_spec_uint(name, nick, blurb, 0, most, static_cast<guint>(byDefault), flags));
    }
    void ms(guint id, const char *name, const char *nick, const char *blurb,
            std::chrono::milliseconds byDefault, guint least) const {
        g_object_class_install_property(klass, id,
                                        g_param_spec_uint(name, nick, blurb, least, kMaxMs,
                                                          static_cast<guint>(byDefault.count()), flags));
    }
};

void installCredentials(const Installer &install) {
    install.text(PROP_AUTH_TOKEN_ENV, "auth-token-env", "Token variable",
                 "Environment variable with the token every viewer must show (unset = none is needed)");
    install.text(PROP_AUTH_TOKEN_FILE, "auth-token-file", "Token file",
                 "File with the token every viewer must show");
    install.text(PROP_AUTH_JWT_KEY_ENV, "auth-jwt-key-env", "Web token key variable",
                 "Environment variable with the key of the viewers' JSON Web Tokens: a PEM public key, or a "
                 "shared secret");
    install.text(PROP_AUTH_JWT_KEY_FILE, "auth-jwt-key-file", "Web token key file",
                 "File with the key of the viewers' JSON Web Tokens: a PEM public key, or a shared secret");
    install.text(PROP_ALLOWED_ORIGINS, "allowed-origins", "Allowed origins",
                 "Origins whose pages may open the WebSocket, such as https://example.org, separated by "
                 "commas (unset = any)");
    install.text(PROP_TLS_CERTIFICATE_FILE, "tls-certificate-file", "TLS certificate file",
                 "PEM file with the server's certificate and its chain; the port then speaks https and wss "
                 "only (unset = no TLS)");
    install.text(PROP_TLS_KEY_FILE, "tls-key-file", "TLS key file",
                 "PEM file with the certificate's private key (unset = it stands in the certificate's file)");
}

void installLimits(const Installer &install, const AccessSettings &defaults) {
    install.count(PROP_MAX_VIEWERS, "max-viewers", "Maximum viewers",
                  "Viewers of all sessions on the port together (0 = any number)", defaults.viewers.total);
    install.count(PROP_MAX_SESSION_VIEWERS, "max-session-viewers", "Maximum viewers per session",
                  "Viewers of one session (0 = any number)", defaults.viewers.perSession);
    install.count(PROP_MAX_ADDRESS_VIEWERS, "max-address-viewers", "Maximum viewers per address",
                  "Viewers from one IP address; behind a proxy all come from one (0 = any number)",
                  defaults.viewers.perAddress);
    install.ms(PROP_HANDSHAKE_TIMEOUT, "handshake-timeout-ms", "Handshake timeout",
               "Milliseconds from accepting a connection to its upgrade or answer, TLS included",
               defaults.handshakeTimeout, 10);
    g_object_class_install_property(
        install.klass, PROP_UNKNOWN_SESSION,
        g_param_spec_enum("unknown-session", "Unknown session",
                          "What happens to a viewer of a session that is not there",
                          unknown_session_get_type(), UNKNOWN_SESSION_REFUSE, install.flags));
    install.count(PROP_MAX_WAITING_ROOMS, "max-waiting-rooms", "Maximum waiting rooms",
                  "Sessions that are not there and may be waited for at a time", defaults.maxWaitingRooms);
    install.ms(PROP_ROOM_IDLE, "room-idle-ms", "Room idle time",
               "Milliseconds after which a session that nobody waits for any more is forgotten",
               defaults.roomIdle, 1);
}

void installMetrics(const Installer &install) {
    install.text(PROP_METRICS_ADDRESS, "metrics-address", "Metrics address",
                 "IP address of metrics-port (unset = address)");
    install.count(PROP_METRICS_PORT, "metrics-port", "Metrics port",
                  "TCP port that serves /metrics instead of port, without TLS (0 = port does)", 0, 65535);
    g_object_class_install_property(install.klass, PROP_METRICS_NEED_TOKEN,
                                    g_param_spec_boolean("metrics-need-token", "Metrics need token",
                                                         "Whether /metrics is behind the viewers' token",
                                                         FALSE, install.flags));
}

} // namespace

void AccessProperties::install(GObjectClass *klass) {
    const Installer installer{klass};
    installCredentials(installer);
    installLimits(installer, {});
    installMetrics(installer);
}

bool AccessProperties::set(guint id, const GValue *value) {
    if (std::string *text = textAt(id, settings_)) {
        const gchar *given = g_value_get_string(value);
        *text = given ? given : "";
    } else if (std::size_t *count = countAt(id, settings_)) {
        *count = g_value_get_uint(value);
    } else if (auto *time = timeAt(id, settings_)) {
        *time = std::chrono::milliseconds(g_value_get_uint(value));
    } else if (id == PROP_ALLOWED_ORIGINS) {
        settings_.allowedOrigins = wordsOf(g_value_get_string(value));
    } else if (id == PROP_UNKNOWN_SESSION) {
        settings_.waitForSession = g_value_get_enum(value) == UNKNOWN_SESSION_WAIT;
    } else if (id == PROP_METRICS_PORT) {
        settings_.metricsPort = static_cast<std::uint16_t>(g_value_get_uint(value));
    } else if (id == PROP_METRICS_NEED_TOKEN) {
        settings_.metricsNeedToken = g_value_get_boolean(value);
    } else {
        return false;
    }
    return true;
}

bool AccessProperties::get(guint id, GValue *value) const {
    AccessSettings copy = settings_;
    if (const std::string *text = textAt(id, copy)) {
        g_value_set_string(value, text->empty() ? nullptr : text->c_str());
    } else if (const std::size_t *count = countAt(id, copy)) {
        g_value_set_uint(value, static_cast<guint>(*count));
    } else if (const auto *time = timeAt(id, copy)) {
        g_value_set_uint(value, static_cast<guint>(time->count()));
    } else if (id == PROP_ALLOWED_ORIGINS) {
        g_value_set_string(value,
                           copy.allowedOrigins.empty() ? nullptr : joined(copy.allowedOrigins).c_str());
    } else if (id == PROP_UNKNOWN_SESSION) {
        g_value_set_enum(value, copy.waitForSession ? UNKNOWN_SESSION_WAIT : UNKNOWN_SESSION_REFUSE);
    } else if (id == PROP_METRICS_PORT) {
        g_value_set_uint(value, copy.metricsPort);
    } else if (id == PROP_METRICS_NEED_TOKEN) {
        g_value_set_boolean(value, copy.metricsNeedToken);
    } else {
        return false;
    }
    return true;
}
