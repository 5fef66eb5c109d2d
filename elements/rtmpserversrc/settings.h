// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/rtmp/rtmp_server.h"

#include <string>

#include <glib-object.h>

namespace lt::rtmpserversrc {

enum Property {
    PROP_0,
    PROP_ADDRESS,
    PROP_PORT,
    PROP_CURRENT_PORT,
    PROP_APP,
    PROP_STREAM,
    PROP_SESSION,
    PROP_OUTPUT,
    PROP_AUDIO_ONLY,
    PROP_MAX_QUEUE_MS,
    PROP_PUBLISHER_POLICY,
    PROP_STALE_AFTER_MS,
    PROP_IDLE_TIMEOUT_MS,
    PROP_RECONNECT_GRACE_MS,
    PROP_MAX_PUBLISH_RATE,
    PROP_MAX_PUBLISH_RATE_PER_ADDRESS,
    PROP_MAX_COMMAND_RATE,
    PROP_MAX_BITRATE,
    PROP_AUTH_TOKEN_ENV,
    PROP_AUTH_TOKEN_FILE,
    PROP_AUTH_JWT_KEY_ENV,
    PROP_AUTH_JWT_KEY_FILE,
    PROP_TLS_CERTIFICATE_FILE,
    PROP_TLS_KEY_FILE,
    PROP_STATS,
};

/// What comes out of the pad.
enum class OutputForm {
    Flv,   ///< for a demuxer
    Audio, ///< the coded audio alone
};

/// What can be set of the element; read as a whole when it starts. Not locked.
struct Settings {
    std::string address = "127.0.0.1";
    guint port = 1937;
    std::string app = "live";
    std::string stream;  ///< empty: after the session
    std::string session; ///< empty: resolved
    OutputForm output = OutputForm::Flv;
    bool audioOnly = true;
    guint maxQueueMs = 5000;
    rtmp::PublisherPolicy publisherPolicy = rtmp::PublisherPolicy::Refuse;
    guint staleAfterMs = 2000;
    guint idleTimeoutMs = 10000;
    guint reconnectGraceMs = 30000;
    rtmp::PublishRates publishRates{};
    guint maxCommandRate = 20;
    guint maxBitrate = 50'000'000;
    rtmp::PublishTokens tokens{};
    net::TlsFiles tls{};

    enum class Outcome {
        Taken,
        NoName, ///< the text is no name; the old value stays
        Unknown,
    };
    Outcome set(guint id, const GValue *value);
    /// False when the property is none of these.
    bool get(guint id, GValue *value) const;
    rtmp::ClaimOptions claimOptions() const;
    bool wantVideo() const { return !audioOnly && output == OutputForm::Flv; }
};

void installProperties(GObjectClass *klass);

} // namespace lt::rtmpserversrc
