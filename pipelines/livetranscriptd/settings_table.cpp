// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/settings.h"

namespace lt::service {

namespace {

using enum SettingKind;

constexpr std::int64_t kMaxPort = 65535;

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
     "live sessions the account may have at a time: 1 free, 30 paid; further ones wait with their audio"},
    {Setting::PcmChunkSizeMs, "PCM_CHUNK_SIZE_MS", "pcm-chunk-size-ms", Integer, "50", 5, 1000, "",
     "longest chunk of audio, ms"},
    {Setting::FlushIntervalMs, "FLUSH_INTERVAL_MS", "flush-interval-ms", Integer, "25", -1, 1000, "",
     "how soon a shorter chunk may leave, ms; 0 never, -1 half of the chunk"},
    {Setting::MaxBroadcastQueueSize, "MAX_BROADCAST_QUEUE_SIZE", "max-broadcast-queue-size", Integer, "500",
     1, 100000, "", "messages that wait for one viewer"},
    {Setting::PingIntervalMs, "PING_INTERVAL_MS", "ping-interval-ms", Integer, "15000", 100, 3600000, "",
     "between two pings to a viewer, ms; three missed ones close it"},
    {Setting::DatabaseUrl, "DATABASE_URL", "database-url", Uri, "", 0, 0, "",
     "a SQLite file or postgresql://…; empty: transcripts are not stored"},
    {Setting::ServerMode, "SERVER_MODE", "server-mode", Word, "rtmp", 0, 0, "rtmp", "the door of publishers"},
    {Setting::RealtimeBroadcastMode, "REALTIME_BROADCAST_MODE", "realtime-broadcast-mode", Word, "direct", 0,
     0, "direct", "how transcripts reach the viewers"},
    {Setting::MaxStreams, "BACKPRESSURE_MAX_STREAMS", "max-streams", Integer, "100", 1, 100000, "",
     "sessions at a time; one more is refused", false},
    {Setting::MaxRate, "BACKPRESSURE_MAX_RATE", "max-rate", Integer, "20", 1, 100000, "",
     "messages a second of a viewer, commands a second of a publisher; one more ends it", false},
    {Setting::GracePeriod, "BACKPRESSURE_GRACE_PERIOD", "grace-period", Integer, "30", 0, 3600, "",
     "seconds a publisher that was lost may take to come back", false},
    {Setting::ShutdownTimeoutMs, "SHUTDOWN_TIMEOUT_MS", "shutdown-timeout-ms", Integer, "5000", 100, 60000,
     "", "a session's pipeline that takes longer to stop is given up, ms"},
    {Setting::Pipeline, "PIPELINE", "pipeline", Text, "", 0, 0, "",
     "description of a session's pipeline; empty: the installed session.launch"},
};
static_assert(std::size(kSpecs) == kSettings);

} // namespace

std::span<const SettingSpec> settingSpecs() {
    return kSpecs;
}

} // namespace lt::service
