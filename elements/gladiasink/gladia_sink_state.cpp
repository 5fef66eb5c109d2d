// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/gladia_sink_state.h"

#include "elements/gladiasink/gladia_stats.h"
#include "lib/gst/session_context.h"
#include "lib/livetranscript/livetranscript.h"
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

} // namespace

GladiaSinkState::GladiaSinkState(GstGladiaSink *element, GstPad *sinkPad, GstPad *sourcePad)
    : element_(GST_ELEMENT(element)),
      sourcePad_(sourcePad),
      pads_(element_, gst_gladia_sink_debug, sinkPad, sourcePad, callbacks()) {}

// ---- properties

bool GladiaSinkState::set(guint id, const GValue *value) {
    guint latencyMs = 0;
    {
        std::lock_guard lock(mutex_);
        if (!setProperty(settings_, id, value))
            return false;
        latencyMs = settings_.latencyMs;
        if (isHold(id) && stream_)
            stream_->setHold(settings_.hold); // posts, does not wait
    }
    if (isLatency(id))
        pads_.setLatency(latencyMs * GST_MSECOND);
    return true;
}

bool GladiaSinkState::get(guint id, GValue *value) const {
    if (id == statsId())
        g_value_take_boxed(value, statsStructure(stream().get(), pads_.pusher(), pads_.output()).release());
    else if (id == maxObservedDelayId())
        g_value_set_uint(value, static_cast<guint>(pads_.pusher().maxDelayNs() / GST_MSECOND));
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
        postError(error);
        return false;
    }
    if (settings.recognition.codeSwitching && wanted->session.options.languages.size() < 2)
        GST_ELEMENT_WARNING(
            element_, LIBRARY, SETTINGS,
            ("code-switching needs several languages: name in languages those that are spoken."), (nullptr));
    if (wanted->session.endpoint.exposesKey())
        GST_WARNING_OBJECT(element_, "the API key travels unencrypted: use an https endpoint");
    if (settings.session.empty())
        settings.session = resolveSession(element_, sourcePad_);
    else
        announceSession(element_, settings.session);
    {
        std::lock_guard lock(mutex_);
        wanted->liveSession = settings.session;
        streamSettings_ = std::move(wanted);
        series_ = metrics::registry().session(settings.session);
        messages_ = std::make_shared<GladiaMessages>(element_, settings.session);
    }
    auto padSettings = settings.pads();
    padSettings.session = settings.session;
    pads_.open(padSettings);
    return true;
}

void GladiaSinkState::postError(const SettingsError &error) const {
    gst_element_message_full(
        element_, GST_MESSAGE_ERROR, error.domain, error.code, g_strdup(error.text.c_str()),
        error.debug.empty() ? nullptr : g_strdup(error.debug.c_str()), __FILE__, GST_FUNCTION, __LINE__);
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

void GladiaSinkState::close() {
    pads_.close();
    std::shared_ptr<GladiaStream> last;
    guint patience = 0;
    {
        std::lock_guard lock(mutex_);
        last = std::exchange(stream_, nullptr);
        messages_.reset();
        streamSettings_.reset();
        series_.reset();
        heartbeats_ = HeartbeatPolicies();
        eosSeqnum_ = 0;
        patience = std::min(settings_.shutdownTimeoutMs, kGoodbyeMs);
    }
    if (last && !last->waitClosed(std::chrono::milliseconds(patience)))
        GST_DEBUG_OBJECT(element_, "the socket is not closed yet; the IO thread goes on with it");
}

// ---- streams

std::shared_ptr<GladiaStream> GladiaSinkState::stream() const {
    std::lock_guard lock(mutex_);
    return stream_;
}

std::shared_ptr<const GladiaMessages> GladiaSinkState::messages() const {
    std::lock_guard lock(mutex_);
    return messages_;
}

std::shared_ptr<RecogniserStream> GladiaSinkState::startStream(TranscriptQueue::Writer output) {
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
    settings.liveSession = streamSettings_->liveSession;
    stream_ = std::make_shared<GladiaStream>(std::move(settings), std::move(output), std::move(callbacks));
    if (const auto heartbeat = heartbeats_.strictest(); heartbeat.intervalNs)
        stream_->setHeartbeat(heartbeat.intervalNs, heartbeat.limitNs);
    if (settings_.hold)
        stream_->setHold(true);
    return stream_;
}

RecogniserPads::Callbacks GladiaSinkState::callbacks() {
    RecogniserPads::Callbacks callbacks;
    callbacks.startStream = [this](TranscriptQueue::Writer output) {
        return startStream(std::move(output));
    };
    callbacks.onTranscript = [this](GstTranscript *transcript) {
        bool wanted = false;
        {
            std::lock_guard lock(mutex_);
            wanted = settings_.postMessages;
        }
        if (const auto where = wanted ? messages() : nullptr)
            where->postTranscript(transcript);
    };
    callbacks.onLate = [this](std::uint64_t lateFinals) {
        if (const auto where = messages())
            where->postLate(lateFinals, pads_.pusher().maxDelayNs() / GST_MSECOND);
    };
    callbacks.onDelayGrew = [this] {
        reportDelay();
        g_object_notify_by_pspec(G_OBJECT(element_), maxObservedDelaySpec());
    };
    callbacks.onEos = [this](std::uint32_t seqnum) {
        reachedEos(seqnum);
    };
    return callbacks;
}

void GladiaSinkState::reportDelay() {
    const auto delayMs = static_cast<std::int64_t>(pads_.pusher().maxDelayNs() / GST_MSECOND);
    std::lock_guard lock(mutex_);
    if (series_)
        series_->gauge(metrics::names::kSessionMaxDelay).set(delayMs);
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

void GladiaSinkState::postEos(std::uint32_t seqnum) const {
    GST_DEBUG_OBJECT(element_, "posting EOS");
    GstMessage *message = gst_message_new_eos(GST_OBJECT(element_));
    gst_message_set_seqnum(message, seqnum);
    gst_element_post_message(element_, message);
}

// ---- heartbeat

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

} // namespace lt::gladia
