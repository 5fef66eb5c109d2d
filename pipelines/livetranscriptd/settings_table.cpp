// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/settings.h"

namespace lt::service {

namespace {

using enum SettingKind;
using enum Reload;

constexpr std::int64_t kMaxPort = 65535, kMaxPlaces = 1000000;

// The names are those of the system that this one replaces, where it had one.
constexpr SettingSpec kSpecs[] = {
    {Setting::Host, "HOST", "host", Text, "127.0.0.1", 0, 0, "",
     "IP address of both ports; 0.0.0.0 lets other machines in"},
    {Setting::RtmpPort, "RTMP_PORT", "rtmp-port", Integer, "1937", 0, kMaxPort, "",
     "port of the publishers; 0 for a free one"},
    {Setting::RtmpApp, "RTMP_APP", "rtmp-app", Text, "live", 0, 0, "",
     "first part of a publisher's path, /APP/SESSION"},
    {Setting::Port, "PORT", "port", Integer, "3000", 0, kMaxPort, "",
     "port of the viewers, of /metrics and of the page; 0 for a free one"},
    {Setting::Stt, "STT", "stt", Word, "gladia", 0, 0, "gladia|local",
     "the recogniser: Gladia Live, or the offline one of low accuracy"},
    {Setting::GladiaApiKey, "GLADIA_API_KEY", nullptr, Secret, "", 0, 0, "", "key of the Gladia account"},
    {Setting::GladiaUrl, "GLADIA_URL", "gladia-url", Text, "https://api.gladia.io", 0, 0, "",
     "where Gladia is"},
    {Setting::GladiaMaxSessions, "GLADIA_MAX_SESSIONS", "gladia-max-sessions", Integer, "30", 1, 10000, "",
     "live sessions the account may have at a time: 1 free, 30 paid; further ones wait with their audio",
     AtReload},
    {Setting::PcmChunkSizeMs, "PCM_CHUNK_SIZE_MS", "pcm-chunk-size-ms", Integer, "50", 5, 1000, "",
     "longest chunk of audio, ms", AtReload},
    {Setting::FlushIntervalMs, "FLUSH_INTERVAL_MS", "flush-interval-ms", Integer, "25", -1, 1000, "",
     "how soon a shorter chunk may leave, ms; 0 never, -1 half of the chunk", AtReload},
    {Setting::MaxBroadcastQueueSize, "MAX_BROADCAST_QUEUE_SIZE", "max-broadcast-queue-size", Integer, "500",
     1, 100000, "", "messages that wait for one viewer", AtReload},
    {Setting::PingIntervalMs, "PING_INTERVAL_MS", "ping-interval-ms", Integer, "15000", 100, 3600000, "",
     "between two pings to a viewer, ms; three missed ones close it", AtReload},
    {Setting::DatabaseUrl, "DATABASE_URL", "database-url", Uri, "", 0, 0, "",
     "a SQLite file or postgresql://…; empty: transcripts are not stored"},
    {Setting::ServerMode, "SERVER_MODE", "server-mode", Word, "rtmp", 0, 0, "rtmp", "the door of publishers"},
    {Setting::RealtimeBroadcastMode, "REALTIME_BROADCAST_MODE", "realtime-broadcast-mode", Word, "direct", 0,
     0, "direct", "how transcripts reach the viewers"},
    {Setting::MaxStreams, "BACKPRESSURE_MAX_STREAMS", "max-streams", Integer, "100", 1, 100000, "",
     "sessions at a time; one more is refused", AtReload, false},
    {Setting::MaxRate, "BACKPRESSURE_MAX_RATE", "max-rate", Integer, "20", 1, 100000, "",
     "messages a second of a viewer, commands a second of a publisher; one more ends it", AtReload, false},
    {Setting::IdleTimeout, "BACKPRESSURE_IDLE_TIMEOUT", "idle-timeout", Integer, "300", 0, 86400, "",
     "seconds of silence after which a session is ended; 0: never", AtReload, false},
    {Setting::GracePeriod, "BACKPRESSURE_GRACE_PERIOD", "grace-period", Integer, "30", 0, 3600, "",
     "seconds a publisher that was lost may take to come back", AtReload, false},
    {Setting::ShutdownTimeoutMs, "SHUTDOWN_TIMEOUT_MS", "shutdown-timeout-ms", Integer, "5000", 100, 60000,
     "", "a session's pipeline that takes longer to stop is given up, ms", AtReload},
    {Setting::PublisherTokens, "PUBLISHER_TOKENS", nullptr, Secret, "", 0, 0, "",
     "what publishers show as ?token=: TOKEN for every session, SESSION:TOKEN for one; several with commas"},
    {Setting::PublisherTokensFile, "PUBLISHER_TOKENS_FILE", "publisher-tokens-file", Text, "", 0, 0, "",
     "a file with them"},
    {Setting::PublisherJwtKey, "PUBLISHER_JWT_KEY", nullptr, Secret, "", 0, 0, "",
     "key of the publishers' JSON Web Tokens: a PEM public key, or a shared secret"},
    {Setting::PublisherJwtKeyFile, "PUBLISHER_JWT_KEY_FILE", "publisher-jwt-key-file", Text, "", 0, 0, "",
     "a file with it"},
    {Setting::PublisherPolicy, "PUBLISHER_POLICY", "publisher-policy", Word, "refuse", 0, 0,
     "refuse|takeover", "what becomes of a second publisher of a session", AtReload},
    {Setting::PublisherMaxBitrate, "PUBLISHER_MAX_BITRATE", "publisher-max-bitrate", Integer, "50000000", 0,
     1000000000, "", "bits per second that a publisher is read at, video and all; 0: as fast as it sends",
     AtReload},
    {Setting::PublisherTlsCertificate, "RTMP_TLS_CERTIFICATE_FILE", "rtmp-tls-certificate-file", Text, "", 0,
     0, "", "PEM; the publishers' port then speaks rtmps:// only"},
    {Setting::PublisherTlsKey, "RTMP_TLS_KEY_FILE", "rtmp-tls-key-file", Text, "", 0, 0, "",
     "PEM; empty: it stands in the certificate's file"},
    {Setting::ViewerToken, "VIEWER_TOKEN", nullptr, Secret, "", 0, 0, "",
     "what every viewer must show; empty: nothing"},
    {Setting::ViewerTokenFile, "VIEWER_TOKEN_FILE", "viewer-token-file", Text, "", 0, 0, "",
     "a file with it"},
    {Setting::ViewerJwtKey, "VIEWER_JWT_KEY", nullptr, Secret, "", 0, 0, "",
     "key of the viewers' JSON Web Tokens: a PEM public key, or a shared secret"},
    {Setting::ViewerJwtKeyFile, "VIEWER_JWT_KEY_FILE", "viewer-jwt-key-file", Text, "", 0, 0, "",
     "a file with it"},
    {Setting::AllowedOrigins, "ALLOWED_ORIGINS", "allowed-origins", Text, "", 0, 0, "",
     "origins whose pages may show captions, with commas; empty: any"},
    {Setting::MaxViewers, "MAX_VIEWERS", "max-viewers", Integer, "10000", 0, kMaxPlaces, "",
     "viewers of all sessions; 0: any number"},
    {Setting::MaxSessionViewers, "MAX_SESSION_VIEWERS", "max-session-viewers", Integer, "0", 0, kMaxPlaces,
     "", "viewers of one session; 0: any number"},
    {Setting::MaxAddressViewers, "MAX_ADDRESS_VIEWERS", "max-address-viewers", Integer, "0", 0, kMaxPlaces,
     "", "viewers from one address, a proxy's included; 0: any number"},
    {Setting::ViewerTlsCertificate, "TLS_CERTIFICATE_FILE", "tls-certificate-file", Text, "", 0, 0, "",
     "PEM; the viewers' port then speaks https and wss only"},
    {Setting::ViewerTlsKey, "TLS_KEY_FILE", "tls-key-file", Text, "", 0, 0, "",
     "PEM; empty: it stands in the certificate's file"},
    {Setting::MetricsHost, "METRICS_HOST", "metrics-host", Text, "", 0, 0, "",
     "IP address of METRICS_PORT; empty: HOST"},
    {Setting::MetricsPort, "METRICS_PORT", "metrics-port", Integer, "0", 0, kMaxPort, "",
     "port of /metrics, without TLS; 0: the viewers' port has it"},
    {Setting::MetricsNeedToken, "METRICS_NEED_TOKEN", "metrics-need-token", Word, "no", 0, 0, "no|yes",
     "whether /metrics wants the viewers' token"},
    {Setting::Pipeline, "PIPELINE", "pipeline", Text, "", 0, 0, "",
     "description of a session's pipeline; empty: the installed session.launch", AtReload},
};
static_assert(std::size(kSpecs) == kSettings);

} // namespace

std::span<const SettingSpec> settingSpecs() {
    return kSpecs;
}

} // namespace lt::service
