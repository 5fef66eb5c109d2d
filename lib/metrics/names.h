// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <string_view>

/// Every metric of the suite: its name, its unit, its meaning. Dashboards depend on these names; they do not
/// change. The types keep a counter from being used as a gauge.
namespace lt::metrics {

struct MetricText {
    std::string_view name; ///< in JSON; in Prometheus the same with '_' for '.'
    std::string_view help; ///< one line
    /// Of a metric kept per session: its key in the session's object. Its JSON name is `name.slug`.
    std::string_view sessionKey = {};
};
struct CounterMetric : MetricText {};
struct GaugeMetric : MetricText {};
struct HistogramMetric : MetricText {};

namespace names {

// The process, read when somebody asks.
inline constexpr GaugeMetric kProcessStart{
    {"process.start_time", "When the process was started, in seconds since 1970."}};
inline constexpr GaugeMetric kProcessMemory{{"process.resident_bytes", "Memory of the process, in bytes."}};
inline constexpr GaugeMetric kProcessThreads{{"process.threads", "Threads of the process."}};
inline constexpr GaugeMetric kProcessDescriptors{{"process.open_fds", "Open descriptors of the process."}};
inline constexpr GaugeMetric kProcessDescriptorLimit{
    {"process.max_fds", "Descriptors the process may have open."}};
inline constexpr GaugeMetric kProcessCpu{
    {"process.cpu_ms", "Processor time the process has used, in milliseconds."}};

// Sessions of livetranscriptd.
inline constexpr GaugeMetric kSessions{{"service.sessions", "Sessions there are now."}};
inline constexpr GaugeMetric kSessionLimit{{"service.max_sessions", "Sessions there may be."}};
inline constexpr GaugeMetric kSessionsWaiting{
    {"service.sessions_waiting", "Sessions that wait for a place at the recogniser."}};
inline constexpr CounterMetric kSessionsBegun{{"service.sessions_total", "Sessions that were begun."}};
inline constexpr CounterMetric kSessionsFailed{
    {"service.sessions_failed_total", "Sessions that ended because their pipelines failed time and again."}};
inline constexpr CounterMetric kSessionsIdle{
    {"service.sessions_idle_total", "Sessions that were ended because nothing was heard in them."}};
inline constexpr CounterMetric kRestarts{
    {"service.restarts_total", "Pipelines that were made anew after a failure."}};
inline constexpr GaugeMetric kPipelinesStuck{
    {"service.pipelines_stuck", "Pipelines that never stopped and were given up."}};
inline constexpr GaugeMetric kSessionStart{
    {"service.session_start_time", "When the session was begun, in seconds since 1970.", "start_time"}};
inline constexpr GaugeMetric kSessionRestarts{
    {"service.session_restarts", "Restarts of the session's pipeline, in a row.", "restarts"}};
inline constexpr GaugeMetric kSessionWaiting{
    {"service.session_waiting", "1 while the session waits for a place at the recogniser.", "waiting"}};

// Publishers, whole process.
inline constexpr GaugeMetric kPublishers{{"rtmp.publishers", "Publishers that are publishing now."}};
inline constexpr CounterMetric kPublishes{{"rtmp.publishes_total", "Publishers that were let in."}};
inline constexpr CounterMetric kPublishesRefused{{"rtmp.refused_total", "Publishers that were turned away."}};
inline constexpr CounterMetric kPublishesRateLimited{
    {"rtmp.rate_limited_total", "Of those, turned away because too many came within a second."}};
inline constexpr CounterMetric kPublishersLost{
    {"rtmp.lost_total", "Publishers that vanished, fell silent or broke the protocol."}};
inline constexpr CounterMetric kPublisherReturns{
    {"rtmp.reconnects_total", "Publishers that went on with a lost publisher's stream."}};
inline constexpr CounterMetric kPublisherTakeovers{
    {"rtmp.takeovers_total", "Publishers that replaced one that was still connected."}};
inline constexpr CounterMetric kConnectionsDropped{
    {"rtmp.connections_dropped_total", "Connections closed before they asked to publish."}};
inline constexpr CounterMetric kPublishedBytes{
    {"rtmp.bytes_total", "Bytes received from publishers, in steps of a quarter of a second."}};
inline constexpr CounterMetric kPublishersThrottled{
    {"rtmp.throttled_ms_total",
     "Milliseconds in which publishers were not read because they send more than they may."}};

// Audio on its way to the recogniser.
inline constexpr CounterMetric kAudioChunksSent{
    {"audio.chunks_sent", "Chunks of audio handed to the recogniser's socket."}};
inline constexpr HistogramMetric kAudioChunkSize{
    {"audio.chunk_size_bytes", "Size of the chunks handed to the recogniser's socket, in bytes."}};

// Recogniser, per transcript received.
inline constexpr HistogramMetric kEndToTranscript{
    {"stt.end_to_transcript_ms",
     "Audio of the utterance's end sent to transcript received, in milliseconds."}};
inline constexpr HistogramMetric kEndToTranscriptPartial{
    {"stt.end_to_transcript_ms.partial", "stt.end_to_transcript_ms of partial transcripts alone."}};
inline constexpr HistogramMetric kEndToTranscriptFinal{
    {"stt.end_to_transcript_ms.final", "stt.end_to_transcript_ms of final transcripts alone."}};
inline constexpr HistogramMetric kSttLatency{
    {"gladia.stt_latency_ms", "End of the utterance as Gladia states it, put on our clock, to transcript "
                              "received, in milliseconds."}};
inline constexpr HistogramMetric kSttLatencyPartial{
    {"gladia.stt_latency_ms.partial", "gladia.stt_latency_ms of partial transcripts alone."}};
inline constexpr HistogramMetric kSttLatencyFinal{
    {"gladia.stt_latency_ms.final", "gladia.stt_latency_ms of final transcripts alone."}};
inline constexpr HistogramMetric kMessageGap{
    {"gladia.message_gap_ms", "Time between two messages of the recogniser, in milliseconds."}};

inline constexpr CounterMetric kReconnects{
    {"gladia.reconnects_total", "Connections to the recogniser that took the place of a lost one."}};
inline constexpr CounterMetric kBytesResent{
    {"gladia.bytes_resent_total", "Audio sent to the recogniser once more, in bytes."}};
inline constexpr CounterMetric kBytesLost{
    {"gladia.bytes_lost_total", "Audio that the recogniser never took, in bytes."}};

// Recogniser, per session: where the bytes of its audio are. Entered is the sum of the other four.
inline constexpr GaugeMetric kSessionBytesEntered{
    {"gladia.session_entered_bytes", "Audio of the session so far, in bytes.", "audio_entered_bytes"}};
inline constexpr GaugeMetric kSessionBytesQueued{
    {"gladia.session_queued_bytes", "Audio that waits for the recogniser, in bytes.", "audio_queued_bytes"}};
inline constexpr GaugeMetric kSessionBytesInFlight{{"gladia.session_in_flight_bytes",
                                                    "Audio sent and not acknowledged, in bytes.",
                                                    "audio_in_flight_bytes"}};
inline constexpr GaugeMetric kSessionBytesAcknowledged{{"gladia.session_acknowledged_bytes",
                                                        "Audio that the recogniser has taken, in bytes.",
                                                        "audio_acknowledged_bytes"}};
inline constexpr GaugeMetric kSessionBytesLost{{"gladia.session_lost_bytes",
                                                "Audio that the recogniser will never take, in bytes.",
                                                "audio_lost_bytes"}};
inline constexpr GaugeMetric kSessionMaxDelay{
    {"stt.session_max_observed_delay_ms",
     "Longest time from the start of an utterance to its final, in milliseconds of running time.",
     "max_observed_delay_ms"}};

// Fan-out, whole process.
inline constexpr HistogramMetric kBroadcastLatency{
    {"ingest.broadcast_latency_ms", "Transcript received to its fan-out done, in milliseconds."}};
inline constexpr HistogramMetric kBroadcastLatencyPartial{
    {"ingest.broadcast_latency_ms.partial", "ingest.broadcast_latency_ms of partial transcripts alone."}};
inline constexpr HistogramMetric kBroadcastLatencyFinal{
    {"ingest.broadcast_latency_ms.final", "ingest.broadcast_latency_ms of final transcripts alone."}};
inline constexpr HistogramMetric kViewerDelivery{
    {"ws.viewer_delivery_ms", "Queued for a viewer to accepted by the viewer's socket, in milliseconds."}};
inline constexpr HistogramMetric kViewerDeliveryPartial{
    {"ws.viewer_delivery_ms.partial", "ws.viewer_delivery_ms of partial transcripts alone."}};
inline constexpr HistogramMetric kViewerDeliveryFinal{
    {"ws.viewer_delivery_ms.final", "ws.viewer_delivery_ms of final transcripts alone."}};
inline constexpr CounterMetric kBroadcastErrors{
    {"ws.broadcast_errors_total", "Viewers removed because sending to them failed."}};
inline constexpr CounterMetric kHeartbeatTimeouts{
    {"ws.heartbeat_timeouts_total", "Peers closed because they were silent for too long."}};
inline constexpr CounterMetric kQueueDrops{
    {"ws.queue_drops_total", "Messages that were not sent to a viewer, because it was slow or closed."}};
/// The same by class and reason; reasons in the order of broadcast::DropReason.
struct DropMetrics {
    CounterMetric partials, finals;
};
inline constexpr std::array<DropMetrics, 5> kQueueDropsBy{{
    {{{"ws.queue_drops_total.partial.count", "Partials dropped because more than max-queue waited."}},
     {{"ws.queue_drops_total.final.count", "Finals dropped because more than max-queue waited."}}},
    {{{"ws.queue_drops_total.partial.bytes", "Partials dropped because more than max-queue-bytes waited."}},
     {{"ws.queue_drops_total.final.bytes", "Finals dropped because more than max-queue-bytes waited."}}},
    {{{"ws.queue_drops_total.partial.age", "Partials dropped because they had waited for too long."}},
     {{"ws.queue_drops_total.final.age", "Finals dropped for their age: none ever is."}}},
    {{{"ws.queue_drops_total.partial.closed", "Partials that waited when their viewer was closed."}},
     {{"ws.queue_drops_total.final.closed", "Finals that waited when their viewer was closed."}}},
    {{{"ws.queue_drops_total.partial.inbox", "Partials dropped because the fan-out thread did not keep up."}},
     {{"ws.queue_drops_total.final.inbox", "Finals dropped because the fan-out thread did not keep up."}}},
}};
inline constexpr HistogramMetric kViewerRoundTrip{
    {"ws.viewer_round_trip_ms", "Ping to a viewer and its pong back, in milliseconds."}};

// Fan-out, per session.
inline constexpr GaugeMetric kSessionClients{
    {"ws.session_clients", "Viewers of the session that are connected now.", "clients"}};
inline constexpr GaugeMetric kSessionQueueSize{
    {"ws.session_queue_size", "Messages that wait in the queues of the session's viewers.", "queue_size"}};
inline constexpr HistogramMetric kSessionBroadcastLag{
    {"ws.session_broadcast_lag_ms", "Message queued to its fan-out turn done, in milliseconds.",
     "broadcast_lag_ms"}};

// Store: what transcriptstore writes to a database.
inline constexpr HistogramMetric kStoreBatchSize{{"store.batch_size", "Messages of one transaction."}};
inline constexpr HistogramMetric kStoreCommit{
    {"store.commit_ms", "Batch handed to the database to its commit, in milliseconds."}};
inline constexpr CounterMetric kStoreRetries{
    {"store.retries_total", "Batches and connections that failed and are tried again."}};
inline constexpr GaugeMetric kStoreSpoolSize{
    {"store.spool_size", "Messages on disk that wait for the database."}};
inline constexpr GaugeMetric kStoreQueueSize{{"store.session_queue_size",
                                              "Messages of the session in memory that wait for the database.",
                                              "store_queue_size"}};

} // namespace names
} // namespace lt::metrics
