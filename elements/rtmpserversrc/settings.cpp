// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/rtmpserversrc/settings.h"

#include "lib/rtmp/stream_address.h"

#include <gst/gst.h>

namespace lt::rtmpserversrc {

namespace {

const Settings kDefaults;
/// Eight bytes each are kept for as long as the port is open.
constexpr guint kMaxRate = 100000;
constexpr guint kMaxBitrate = 1'000'000'000;

std::string textOf(const GValue *value) {
    const gchar *text = g_value_get_string(value);
    return text ? text : "";
}

/// Texts that may be anything, by their property.
std::string *textAt(guint id, rtmp::PublishTokens &tokens, net::TlsFiles &tls) {
    switch (id) {
    case PROP_AUTH_TOKEN_ENV:
        return &tokens.tokens.environment;
    case PROP_AUTH_TOKEN_FILE:
        return &tokens.tokens.file;
    case PROP_AUTH_JWT_KEY_ENV:
        return &tokens.jwtKey.environment;
    case PROP_AUTH_JWT_KEY_FILE:
        return &tokens.jwtKey.file;
    case PROP_TLS_CERTIFICATE_FILE:
        return &tls.certificate;
    case PROP_TLS_KEY_FILE:
        return &tls.key;
    default:
        return nullptr;
    }
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

GType outputFormType() {
    static const GType type = [] {
        static const GEnumValue values[] = {
            {static_cast<gint>(OutputForm::Flv), "FLV for flvdemux: AAC, MP3 and G.711, and H.264 video",
             "flv"},
            {static_cast<gint>(OutputForm::Audio),
             "The coded audio alone, ready for a decoder: AAC, MP3, G.711 and Opus", "audio"},
            {0, nullptr, nullptr}};
        return g_enum_register_static("GstRtmpServerSrcOutput", values);
    }();
    return type;
}

GType publisherPolicyType() {
    static const GType type = [] {
        static const GEnumValue values[] = {
            {static_cast<gint>(rtmp::PublisherPolicy::Refuse),
             "The second publisher is refused, unless the first has fallen silent", "refuse"},
            {static_cast<gint>(rtmp::PublisherPolicy::Takeover),
             "The second publisher takes over, at most three times in ten seconds", "takeover"},
            {0, nullptr, nullptr}};
        return g_enum_register_static("GstRtmpServerSrcPublisherPolicy", values);
    }();
    return type;
}

} // namespace

Settings::Outcome Settings::set(guint id, const GValue *value) {
    if (auto *text = textAt(id, tokens, tls)) {
        *text = textOf(value);
        return Outcome::Taken;
    }
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
    case PROP_OUTPUT:
        output = static_cast<OutputForm>(g_value_get_enum(value));
        break;
    case PROP_AUDIO_ONLY:
        audioOnly = g_value_get_boolean(value);
        break;
    case PROP_MAX_QUEUE_MS:
        maxQueueMs = g_value_get_uint(value);
        break;
    case PROP_PUBLISHER_POLICY:
        publisherPolicy = static_cast<rtmp::PublisherPolicy>(g_value_get_enum(value));
        break;
    case PROP_STALE_AFTER_MS:
        staleAfterMs = g_value_get_uint(value);
        break;
    case PROP_IDLE_TIMEOUT_MS:
        idleTimeoutMs = g_value_get_uint(value);
        break;
    case PROP_RECONNECT_GRACE_MS:
        reconnectGraceMs = g_value_get_uint(value);
        break;
    case PROP_MAX_PUBLISH_RATE:
        publishRates.total = g_value_get_uint(value);
        break;
    case PROP_MAX_PUBLISH_RATE_PER_ADDRESS:
        publishRates.perAddress = g_value_get_uint(value);
        break;
    case PROP_MAX_COMMAND_RATE:
        maxCommandRate = g_value_get_uint(value);
        break;
    case PROP_MAX_BITRATE:
        maxBitrate = g_value_get_uint(value);
        break;
    default:
        return Outcome::Unknown;
    }
    return Outcome::Taken;
}

bool Settings::get(guint id, GValue *value) const {
    auto copy = *this;
    if (const auto *text = textAt(id, copy.tokens, copy.tls)) {
        giveText(value, *text);
        return true;
    }
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
    case PROP_OUTPUT:
        g_value_set_enum(value, static_cast<gint>(output));
        return true;
    case PROP_AUDIO_ONLY:
        g_value_set_boolean(value, audioOnly);
        return true;
    case PROP_MAX_QUEUE_MS:
        g_value_set_uint(value, maxQueueMs);
        return true;
    case PROP_PUBLISHER_POLICY:
        g_value_set_enum(value, static_cast<gint>(publisherPolicy));
        return true;
    case PROP_STALE_AFTER_MS:
        g_value_set_uint(value, staleAfterMs);
        return true;
    case PROP_IDLE_TIMEOUT_MS:
        g_value_set_uint(value, idleTimeoutMs);
        return true;
    case PROP_RECONNECT_GRACE_MS:
        g_value_set_uint(value, reconnectGraceMs);
        return true;
    case PROP_MAX_PUBLISH_RATE:
        g_value_set_uint(value, static_cast<guint>(publishRates.total));
        return true;
    case PROP_MAX_PUBLISH_RATE_PER_ADDRESS:
        g_value_set_uint(value, static_cast<guint>(publishRates.perAddress));
        return true;
    case PROP_MAX_COMMAND_RATE:
        g_value_set_uint(value, maxCommandRate);
        return true;
    case PROP_MAX_BITRATE:
        g_value_set_uint(value, maxBitrate);
        return true;
    default:
        return false;
    }
}

rtmp::ClaimOptions Settings::claimOptions() const {
    rtmp::ClaimOptions options;
    options.wantVideo = wantVideo();
    options.takeOpus = output == OutputForm::Audio;
    options.policy = publisherPolicy;
    options.staleAfter = std::chrono::milliseconds(staleAfterMs);
    options.idleTimeout = std::chrono::milliseconds(idleTimeoutMs);
    options.reconnectGrace = std::chrono::milliseconds(reconnectGraceMs);
    options.commandsPerSecond = maxCommandRate;
    options.maxBitrate = maxBitrate;
    return options;
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
    install(PROP_OUTPUT, g_param_spec_enum("output", "Output", "What comes out of the pad", outputFormType(),
                                           static_cast<gint>(kDefaults.output), flags));
    install(PROP_AUDIO_ONLY,
            g_param_spec_boolean("audio-only", "Audio only",
                                 "Throw video away as it arrives; otherwise H.264 is let through as FLV",
                                 kDefaults.audioOnly, flags));
    install(
        PROP_MAX_QUEUE_MS,
        g_param_spec_uint("max-queue-ms", "Longest queue",
                          "Milliseconds that media waits when downstream is slow; then the oldest is dropped",
                          100, 60000, kDefaults.maxQueueMs, flags));
    install(PROP_PUBLISHER_POLICY,
            g_param_spec_enum("publisher-policy", "Publisher policy",
                              "What happens to a publisher that comes while another one is publishing",
                              publisherPolicyType(), static_cast<gint>(kDefaults.publisherPolicy), flags));
    install(PROP_STALE_AFTER_MS,
            g_param_spec_uint("stale-after-ms", "Stale after",
                              "Milliseconds of silence on its connection after which a publisher is replaced "
                              "by the next one, whatever the policy",
                              100, 600000, kDefaults.staleAfterMs, flags));
    install(PROP_IDLE_TIMEOUT_MS,
            g_param_spec_uint("idle-timeout-ms", "Idle timeout",
                              "Milliseconds without a byte after which a publisher is taken for lost", 500,
                              600000, kDefaults.idleTimeoutMs, flags));
    install(PROP_RECONNECT_GRACE_MS,
            g_param_spec_uint("reconnect-grace-ms", "Reconnect grace",
                              "Milliseconds in which a lost publisher may come back and go on with the "
                              "stream (0 = its loss is the end of the stream)",
                              0, 3600000, kDefaults.reconnectGraceMs, flags));
    install(PROP_MAX_PUBLISH_RATE,
            g_param_spec_uint("max-publish-rate", "Publish rate",
                              "Requests to publish that the port looks at in any second, the rest is refused "
                              "(0 = all); the same for all elements of a port",
                              0, kMaxRate, static_cast<guint>(kDefaults.publishRates.total), flags));
    install(PROP_MAX_PUBLISH_RATE_PER_ADDRESS,
            g_param_spec_uint("max-publish-rate-per-address", "Publish rate per address",
                              "The same from one network address", 0, kMaxRate,
                              static_cast<guint>(kDefaults.publishRates.perAddress), flags));
    install(PROP_MAX_COMMAND_RATE,
            g_param_spec_uint("max-command-rate", "Maximum command rate",
                              "Commands a publisher may send in a second; one more ends it. Media is not "
                              "counted (0 = any number)",
                              0, 100000, kDefaults.maxCommandRate, flags));
    install(
        PROP_MAX_BITRATE,
        g_param_spec_uint("max-bitrate", "Maximum bitrate",
                          "Bits per second a publisher is read at, video and all, and what it left of ten "
                          "seconds of them at once; one that sends more is slowed down, nothing is lost "
                          "(0 = as fast as it sends; 1 to 32000 = 32000)",
                          0, kMaxBitrate, kDefaults.maxBitrate, flags));
    const auto text = [&](guint id, const char *name, const char *nick, const char *blurb) {
        install(id, g_param_spec_string(name, nick, blurb, nullptr, flags));
    };
    text(
        PROP_AUTH_TOKEN_ENV, "auth-token-env", "Token variable",
        "Environment variable with the tokens that let publishers in, as ?token= behind the stream: TOKEN or "
        "STREAM:TOKEN, separated by white space or commas (unset = none is needed)");
    text(PROP_AUTH_TOKEN_FILE, "auth-token-file", "Token file",
         "File with the tokens that let publishers in, one per line");
    text(PROP_AUTH_JWT_KEY_ENV, "auth-jwt-key-env", "Web token key variable",
         "Environment variable with the key that publishers' JSON Web Tokens are verified with (role "
         "publisher, session = the stream or *)");
    text(PROP_AUTH_JWT_KEY_FILE, "auth-jwt-key-file", "Web token key file",
         "File with the key that publishers' JSON Web Tokens are verified with");
    text(PROP_TLS_CERTIFICATE_FILE, "tls-certificate-file", "TLS certificate file",
         "PEM file with the certificate for rtmps:// (unset = rtmp://)");
    text(PROP_TLS_KEY_FILE, "tls-key-file", "TLS key file",
         "PEM file with the certificate's key (unset = it stands in the certificate's file)");
    install(PROP_STATS, g_param_spec_boxed("stats", "Statistics",
                                           "State (closed, waiting, publishing, awaiting-return), publisher, "
                                           "codec, bitrate (bits per second "
                                           "received, mean of two seconds), counters of the publisher's "
                                           "messages (refreshed four times a second) and of the queue",
                                           GST_TYPE_STRUCTURE, read));
}

} // namespace lt::rtmpserversrc
