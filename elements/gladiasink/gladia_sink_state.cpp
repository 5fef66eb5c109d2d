// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/gladia_sink_state.h"

#include "elements/gladiasink/gladia_stats.h"
#include "lib/gst/session_context.h"
#include "lib/livetranscript/livetranscript.h"
#include "lib/recogniser/upstream_liveness.h"
#include "lib/transcript/transcript.h"

#include <algorithm>
#include <chrono>
#include <utility>

GST_DEBUG_CATEGORY_EXTERN(gst_gladia_sink_debug);
#define GST_CAT_DEFAULT gst_gladia_sink_debug

namespace lt::gladia {

namespace {

/// The socket's share of shutdown-timeout-ms.
constexpr guint kGoodbyeMs = 2000;
/// What the service may take beyond the longest utterance, for GAPs in a JSON stream.
constexpr double kServiceDelaySeconds = 10;

std::uint64_t monotonicNs() {
    return static_cast<std::uint64_t>(g_get_monotonic_time()) * 1000;
}

guint64 toMs(std::uint64_t ns) {
    return ns / GST_MSECOND;
}

} // namespace

GladiaSinkState::GladiaSinkState(GstGladiaSink *element, GstPad *sinkPad, GstPad *sourcePad)
    : element_(GST_ELEMENT(element)),
      sinkPad_(sinkPad),
      sourcePad_(sourcePad),
      output_(TranscriptQueue::make()),
      pusher_(element_, sourcePad, output_, pusherCallbacks()) {}

// ---- properties

bool GladiaSinkState::set(guint id, const GValue *value) {
    {
        std::lock_guard lock(mutex_);
        if (!setProperty(settings_, id, value))
            return false;
        if (isLatency(id))
            pusher_.setLatency(settings_.latencyMs * GST_MSECOND);
    }
    if (isLatency(id) && pusher_.isText())
        gst_element_post_message(element_, gst_message_new_latency(GST_OBJECT(element_)));
    return true;
}

bool GladiaSinkState::get(guint id, GValue *value) const {
    if (id == statsId())
        g_value_take_boxed(value, statsStructure(stream().get(), pusher_, *output_).release());
    else if (id == maxObservedDelayId())
        g_value_set_uint(value, static_cast<guint>(toMs(pusher_.maxDelayNs())));
    else {
        std::lock_guard lock(mutex_);
        return getProperty(settings_, id, value);
    }
    return true;
}

std::string GladiaSinkState::session() const {
    std::lock_guard lock(mutex_);
    return settings_.session;
}

// ---- state changes

void GladiaSinkState::readEnvironment() {
    std::lock_guard lock(mutex_);
    environment_ = GladiaEnvironment::read(settings_);
}

bool GladiaSinkState::open() {
    GladiaSettings settings;
    GladiaEnvironment environment;
    {
        std::lock_guard lock(mutex_);
        settings = settings_;
        environment = environment_;
    }
    SettingsError error;
    auto wanted = streamSettings(settings, environment, error);
    if (wanted && !settings.session.empty() && !isSessionSlug(settings.session)) {
        error = {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
                 "The session's name is not 1-128 characters of [A-Za-z0-9_.-].", ""};
        wanted.reset();
    }
    if (!wanted) {
        gst_element_message_full(
            element_, GST_MESSAGE_ERROR, error.domain, error.code, g_strdup(error.text.c_str()),
            error.debug.empty() ? nullptr : g_strdup(error.debug.c_str()), __FILE__, GST_FUNCTION, __LINE__);
        return false;
    }
    if (wanted->session.endpoint.exposesKey())
        GST_WARNING_OBJECT(element_, "the API key travels unencrypted: use an https endpoint");
    if (settings.session.empty())
        settings.session = resolveSession(element_, sourcePad_);
    else
        announceSession(element_, settings.session);

    intake_ = AudioIntake();
    groupId_.reset();
    {
        std::lock_guard lock(mutex_);
        streamSettings_ = std::move(wanted);
        resolvedSession_ = settings.session;
        messages_ = std::make_shared<GladiaMessages>(element_, settings.session);
    }
    pusher_.reset(times());
    startStream();
    return true;
}

TranscriptPusher::Times GladiaSinkState::times() const {
    std::lock_guard lock(mutex_);
    constexpr std::uint64_t kNsPerMs = 1'000'000;
    const double lag = settings_.options.maxUtterance + kServiceDelaySeconds;
    return {settings_.latencyMs * kNsPerMs, settings_.latenessMs * kNsPerMs,
            static_cast<std::uint64_t>(lag * static_cast<double>(GST_SECOND))};
}

void GladiaSinkState::startStream() {
    policy_.reset();
    writer_ = output_->open();
    std::lock_guard lock(mutex_);
    eosSeqnum_ = 0;
    GladiaStream::Callbacks callbacks;
    callbacks.onNotice = [messages = messages_](const Notice &notice) {
        messages->post(notice);
    };
    callbacks.onFailed = [messages = messages_](const Failure &failure) {
        messages->post(failure);
    };
    GladiaStream::Settings settings;
    settings.session = streamSettings_->session;
    settings.apiKey = streamSettings_->apiKey;
    settings.tlsDatabase = retain(streamSettings_->tlsDatabase.get());
    settings.maxBacklogNs = streamSettings_->maxBacklogNs;
    stream_ = std::make_shared<GladiaStream>(std::move(settings), *writer_, std::move(callbacks));
    if (const auto heartbeat = heartbeats_.strictest(); heartbeat.intervalNs)
        stream_->setHeartbeat(heartbeat.intervalNs, heartbeat.limitNs);
}

void GladiaSinkState::setPlaying(bool playing) {
    std::uint32_t due = 0;
    {
        std::lock_guard lock(mutex_);
        playing_ = playing;
        due = playing ? eosSeqnum_ : 0;
    }
    // The bin forgets EOS messages when it leaves PLAYING; as a base sink does, it is told again.
    if (due)
        postEos(due);
}

void GladiaSinkState::unblock() {
    if (const auto current = stream())
        current->abort(AudioBacklog::Result::Flushing);
    output_->shut();
}

void GladiaSinkState::close() {
    std::shared_ptr<GladiaStream> last;
    guint patience = 0;
    {
        std::lock_guard lock(mutex_);
        last = std::exchange(stream_, nullptr);
        messages_.reset();
        streamSettings_.reset();
        heartbeats_ = HeartbeatPolicies();
        eosSeqnum_ = 0;
        patience = std::min(settings_.shutdownTimeoutMs, kGoodbyeMs);
    }
    if (last && !last->waitClosed(std::chrono::milliseconds(patience)))
        GST_DEBUG_OBJECT(element_, "the socket is not closed yet; the IO thread goes on with it");
}

std::shared_ptr<GladiaStream> GladiaSinkState::stream() const {
    std::lock_guard lock(mutex_);
    return stream_;
}

// ---- audio in

GstFlowReturn GladiaSinkState::chain(BufferRef buffer) {
    const auto current = stream();
    if (!current)
        return GST_FLOW_FLUSHING;
    std::string error;
    auto block = intake_.take(std::move(buffer), monotonicNs(), error);
    if (!block && error.empty())
        return GST_FLOW_OK;
    if (!block) {
        GST_ELEMENT_ERROR(element_, STREAM, FORMAT, ("%s", error.c_str()), (nullptr));
        return GST_FLOW_ERROR;
    }
    switch (current->push(std::move(*block), policy())) {
    case AudioBacklog::Result::Taken:
        return GST_FLOW_OK;
    case AudioBacklog::Result::Flushing:
        return GST_FLOW_FLUSHING;
    case AudioBacklog::Result::Ended:
        return GST_FLOW_EOS;
    case AudioBacklog::Result::Failed:
        break;
    }
    return GST_FLOW_ERROR; // said on the bus when it happened
}

AudioBacklog::Policy GladiaSinkState::policy() {
    if (policy_)
        return *policy_;
    GstGladiaSinkBackpressure wanted;
    {
        std::lock_guard lock(mutex_);
        wanted = settings_.backpressure;
    }
    upstreamLive_ = upstreamIsLive(sinkPad_);
    const bool drop = wanted == GST_GLADIA_SINK_BACKPRESSURE_DROP_OLDEST ||
                      (wanted == GST_GLADIA_SINK_BACKPRESSURE_AUTO && upstreamLive_);
    policy_ = drop ? AudioBacklog::Policy::DropOldest : AudioBacklog::Policy::Block;
    GST_DEBUG_OBJECT(element_, "a full backlog %s", drop ? "drops the oldest audio" : "blocks");
    return *policy_;
}

bool GladiaSinkState::takeCaps(const GstCaps *caps) {
    if (!intake_.setCaps(caps))
        return false;
    negotiate();
    return true;
}

void GladiaSinkState::negotiate() {
    if (pusher_.negotiated())
        return;
    pusher_.negotiate(groupId_);
    if (pusher_.isText()) // only now is there something to report
        gst_element_post_message(element_, gst_message_new_latency(GST_OBJECT(element_)));
}

bool GladiaSinkState::takeSegment(const GstSegment *segment) {
    if (intake_.setSegment(segment))
        return true;
    GST_ELEMENT_ERROR(element_, STREAM, FORMAT, ("Audio must come in a segment in time."),
                      ("segment format %s", gst_format_get_name(segment->format)));
    return false;
}

void GladiaSinkState::takeStreamStart(GstEvent *event) {
    guint groupId = GST_GROUP_ID_INVALID;
    if (gst_event_parse_group_id(event, &groupId))
        groupId_ = groupId;
}

void GladiaSinkState::takeEos(GstEvent *event) {
    negotiate();
    GST_DEBUG_OBJECT(element_, "end of the audio");
    if (const auto current = stream())
        current->end(gst_event_get_seqnum(event));
}

void GladiaSinkState::forward(EventRef event) {
    if (writer_)
        writer_->push(std::move(event));
}

void GladiaSinkState::flushStart() {
    unblock();
    gst_pad_stop_task(sourcePad_);
}

void GladiaSinkState::flushStop() {
    intake_.reset();
    pusher_.flushed();
    startStream();
    startTask();
}

// ---- both ways

void GladiaSinkState::heartbeat(GstEvent *event) {
    const gchar *source = nullptr;
    guint intervalMs = 0, maxMissed = 0;
    if (!gst_event_parse_livetranscript_heartbeat(event, &source, &intervalMs, &maxMissed))
        return;
    std::lock_guard lock(mutex_);
    heartbeats_.note(source ? source : "", intervalMs, maxMissed);
    const auto strictest = heartbeats_.strictest();
    if (stream_)
        stream_->setHeartbeat(strictest.intervalNs, strictest.limitNs);
}

bool GladiaSinkState::latency(GstQuery *query) {
    if (!gst_pad_peer_query(sinkPad_, query))
        return false;
    gboolean live = FALSE;
    GstClockTime min = 0, max = GST_CLOCK_TIME_NONE;
    gst_query_parse_latency(query, &live, &min, &max);
    if (!pusher_.isText() || !live)
        return true;
    const GstClockTime own = times().latencyNs;
    gst_query_set_latency(query, live, min + own, GST_CLOCK_TIME_IS_VALID(max) ? max + own : max);
    return true;
}

// ---- transcripts out

TranscriptPusher::Callbacks GladiaSinkState::pusherCallbacks() {
    TranscriptPusher::Callbacks callbacks;
    callbacks.onEos = [this](std::uint32_t seqnum) {
        reachedEos(seqnum);
    };
    callbacks.onFlowError = [this](GstFlowReturn flow) {
        GST_ELEMENT_FLOW_ERROR(element_, flow);
        if (const auto current = stream())
            current->abort(AudioBacklog::Result::Failed);
    };
    callbacks.onTranscript = [this](GstTranscript *transcript) {
        std::shared_ptr<GladiaMessages> messages;
        {
            std::lock_guard lock(mutex_);
            if (settings_.postMessages)
                messages = messages_;
        }
        if (messages)
            messages->post(transcript);
    };
    callbacks.onLate = [this](std::uint64_t lateFinals) {
        std::shared_ptr<GladiaMessages> messages;
        {
            std::lock_guard lock(mutex_);
            messages = messages_;
        }
        if (messages && lateFinals == 1 && upstreamLive_)
            messages->postLate(lateFinals, toMs(pusher_.maxDelayNs()));
    };
    callbacks.onDelayGrew = [this] {
        g_object_notify_by_pspec(G_OBJECT(element_), maxObservedDelaySpec());
    };
    return callbacks;
}

void GladiaSinkState::reachedEos(std::uint32_t seqnum) {
    bool post = false;
    {
        std::lock_guard lock(mutex_);
        eosSeqnum_ = seqnum;
        post = playing_;
    }
    if (post)
        postEos(seqnum);
}

void GladiaSinkState::postEos(std::uint32_t seqnum) {
    GST_DEBUG_OBJECT(element_, "posting EOS");
    GstMessage *message = gst_message_new_eos(GST_OBJECT(element_));
    gst_message_set_seqnum(message, seqnum);
    gst_element_post_message(element_, message);
}

void GladiaSinkState::startTask() {
    gst_pad_start_task(
        sourcePad_, [](gpointer state) { static_cast<GladiaSinkState *>(state)->turn(); }, this, nullptr);
}

void GladiaSinkState::turn() {
    if (!pusher_.turn())
        gst_pad_pause_task(sourcePad_);
}

} // namespace lt::gladia
