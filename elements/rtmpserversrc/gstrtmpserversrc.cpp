// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-rtmpserversrc
 * @title: rtmpserversrc
 * @short_description: an RTMP server that takes one publisher's stream
 *
 * Listens for RTMP publishers (OBS, ffmpeg, LiveKit Egress, GStreamer's own sinks) and outputs what the
 * publisher of `rtmp://HOST:PORT/APP/STREAM` sends as FLV for `flvdemux`. No other RTMP server is needed.
 *
 * Any number of these elements in one process share an address and port; each receives one stream. A
 * publisher of a stream that nobody receives waits up to five seconds for an element, then is refused. While
 * somebody publishes, others are refused at once, with the reason, unless the present publisher has been
 * silent for two seconds. Where no #stream is set the stream is called after the session: see #session.
 *
 * The port is open from PAUSED on. The element binds 127.0.0.1 by default: set #address to `0.0.0.0` or
 * `::` to let other machines publish.
 *
 * ## What comes out
 *
 * Audio is AAC. A publisher that sends another codec is told so and closed, with a WARNING message. Video is
 * thrown away as it arrives, unless #audio-only is off; then H.264 is let through. Nothing leaves before the
 * first coded audio frame. `flvdemux` adds its pads late: link it with `!` in a launch line, or on
 * `pad-added`.
 *
 * When the publisher leaves, the stream ends with EOS; a publisher that leaves before its first audio frame
 * makes way for the next. For a new stream set the element to READY and PLAYING again.
 *
 * ## Time
 *
 * The element is live. FLV time starts at 0 and never goes back: jumps, restarts and wraps of the publisher's
 * timestamps are cleaned, real holes stay. The TIME segment in front of it has the running time at which the
 * first frame arrived as its base: a publisher that joins after a minute is in time. Latency is 0 to
 * #max-queue-ms: the element never waits and may keep that much when downstream is slow. It never stops
 * reading the socket, because publishers block or give up when nobody reads: what is too much is dropped,
 * the oldest first, counted, announced by a WARNING message and DISCONT.
 *
 * ## Messages
 *
 * Element messages, from the streaming thread: `rtmpserversrc/publish` (app, stream, peer, software,
 * connection) when a publisher was accepted, `rtmpserversrc/unpublish` (the same, and end: clean, lost,
 * unsupported or replaced; reason) when it is gone.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 rtmpserversrc stream=demo ! flvdemux ! aacparse ! avdec_aac ! audioconvert ! autoaudiosink
 * ]| Then publish with
 * |[
 * ffmpeg -re -f lavfi -i sine -c:a aac -f flv rtmp://127.0.0.1:1937/live/demo
 * ]|
 *
 * Since: 0.1
 */

#include "elements/rtmpserversrc/gstrtmpserversrc.h"

#include "elements/rtmpserversrc/flv_output.h"
#include "elements/rtmpserversrc/publisher_inbox.h"
#include "lib/gst/refs.h"
#include "lib/gst/session_context.h"
#include "lib/rtmp/rtmp_server.h"

#include "config.h"

#include <atomic>
#include <cerrno>
#include <exception>
#include <optional>
#include <string>
#include <utility>

GST_DEBUG_CATEGORY(gst_rtmp_server_src_debug);
#define GST_CAT_DEFAULT gst_rtmp_server_src_debug

namespace {

using lt::rtmp::PublishEnd;
using lt::rtmp::RtmpServer;
using lt::rtmp::StreamStatsBox;
using lt::rtmpserversrc::Ended;
using lt::rtmpserversrc::FlvOutput;
using lt::rtmpserversrc::Published;
using lt::rtmpserversrc::PublisherInbox;
using lt::rtmpserversrc::Tag;

constexpr const char *kDefaultAddress = "127.0.0.1";
constexpr guint kDefaultPort = 1937;
constexpr const char *kDefaultApp = "live";
constexpr guint kDefaultMaxQueueMs = 5000;

enum Property {
    PROP_0,
    PROP_ADDRESS,
    PROP_PORT,
    PROP_CURRENT_PORT,
    PROP_APP,
    PROP_STREAM,
    PROP_SESSION,
    PROP_AUDIO_ONLY,
    PROP_MAX_QUEUE_MS,
    PROP_STATS,
};

struct Settings {
    std::string address = kDefaultAddress;
    guint port = kDefaultPort;
    std::string app = kDefaultApp;
    std::string stream;
    std::string session;
    bool audioOnly = true;
    guint maxQueueMs = kDefaultMaxQueueMs;
};

const char *nameOf(PublishEnd::Kind kind) {
    switch (kind) {
    case PublishEnd::Kind::Clean:
        return "clean";
    case PublishEnd::Kind::Lost:
        return "lost";
    case PublishEnd::Kind::Unsupported:
        return "unsupported";
    case PublishEnd::Kind::Replaced:
        return "replaced";
    }
    return "lost";
}

} // namespace

/* All that has a destructor. */
struct RtmpServerSrcState {
    // Object lock. The inbox and the box outlive stop(), for the statistics.
    Settings settings;
    guint currentPort = 0;
    std::shared_ptr<PublisherInbox> inbox;
    std::shared_ptr<const StreamStatsBox> streamStats;

    // start() and stop() only. The claim goes before the server.
    std::shared_ptr<RtmpServer> server;
    std::unique_ptr<RtmpServer::Claim> claim;

    // Written by start(), then the streaming thread's.
    std::string app;
    std::string stream;
    std::optional<FlvOutput> output;
    std::optional<Tag> afterHeader;

    std::atomic<bool> wasPaused = false;
};

struct _GstRtmpServerSrc {
    GstPushSrc parent;
    RtmpServerSrcState *state;
};

G_DEFINE_TYPE_WITH_CODE(GstRtmpServerSrc, gst_rtmp_server_src, GST_TYPE_PUSH_SRC,
                        GST_DEBUG_CATEGORY_INIT(gst_rtmp_server_src_debug, "rtmpserversrc", 0,
                                                "RTMP server source"))
GST_ELEMENT_REGISTER_DEFINE(rtmpserversrc, "rtmpserversrc", GST_RANK_NONE, GST_TYPE_RTMP_SERVER_SRC)

static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-flv"));

static void gst_rtmp_server_src_post_listen_error(GstRtmpServerSrc *self,
                                                  const lt::rtmp::ListenFailure &failure) {
    const char *text = failure.text.c_str();
    if (failure.code == EADDRINUSE)
        GST_ELEMENT_ERROR(self, RESOURCE, BUSY, ("%s", text), (nullptr));
    else if (failure.code == EINVAL)
        GST_ELEMENT_ERROR(self, RESOURCE, SETTINGS, ("%s", text), (nullptr));
    else
        GST_ELEMENT_ERROR(self, RESOURCE, OPEN_READ, ("%s", text), (nullptr));
}

/* READY to PAUSED: binds and claims, waits for nobody. */
static bool gst_rtmp_server_src_listen(GstRtmpServerSrc *self, const Settings &settings) {
    auto *state = self->state;
    auto inbox = std::make_shared<PublisherInbox>(
        lt::rtmpserversrc::InboxOptions{!settings.audioOnly, std::chrono::milliseconds(settings.maxQueueMs)});
    lt::rtmp::ListenFailure failure;
    auto server = RtmpServer::acquire(settings.address, static_cast<std::uint16_t>(settings.port), failure);
    if (!server) {
        gst_rtmp_server_src_post_listen_error(self, failure);
        return false;
    }
    lt::rtmp::ClaimOptions options;
    options.wantVideo = !settings.audioOnly;
    auto claim = server->claim(state->app, state->stream, options, *inbox);
    if (!claim) {
        GST_ELEMENT_ERROR(self, RESOURCE, BUSY,
                          ("Another element receives /%s/%s on %s:%u already.", state->app.c_str(),
                           state->stream.c_str(), settings.address.c_str(), server->port()),
                          (nullptr));
        return false;
    }
    state->output.emplace(!settings.audioOnly);
    state->afterHeader.reset();
    state->wasPaused = false;
    {
        lt::ObjectLock lock(self);
        state->inbox = std::move(inbox);
        state->streamStats = claim->stats();
        state->currentPort = server->port();
    }
    state->server = std::move(server);
    state->claim = std::move(claim);
    return true;
}

static gboolean gst_rtmp_server_src_start(GstBaseSrc *source) {
    auto *self = GST_RTMP_SERVER_SRC(source);
    auto *state = self->state;
    Settings settings;
    {
        lt::ObjectLock lock(self);
        settings = state->settings;
    }
    state->app = settings.app;
    state->stream = !settings.stream.empty()    ? settings.stream
                    : !settings.session.empty() ? settings.session
                                                : lt::resolveSession(GST_ELEMENT(self), source->srcpad);
    try {
        if (!gst_rtmp_server_src_listen(self, settings))
            return FALSE;
    } catch (const std::exception &error) {
        GST_ELEMENT_ERROR(self, RESOURCE, OPEN_READ, ("Cannot start the RTMP server: %s.", error.what()),
                          (nullptr));
        return FALSE;
    }
    GST_INFO_OBJECT(self, "waiting for a publisher at rtmp://%s:%u/%s/%s", settings.address.c_str(),
                    state->currentPort, state->app.c_str(), state->stream.c_str());
    g_object_notify(G_OBJECT(self), "current-port");
    return TRUE;
}

/* PAUSED to READY, the streaming thread is gone. */
static gboolean gst_rtmp_server_src_stop(GstBaseSrc *source) {
    auto *self = GST_RTMP_SERVER_SRC(source);
    self->state->claim.reset(); // nothing is written to the inbox any more
    self->state->server.reset();
    self->state->afterHeader.reset();
    {
        lt::ObjectLock lock(self);
        self->state->currentPort = 0;
    }
    g_object_notify(G_OBJECT(self), "current-port");
    return TRUE;
}

static std::shared_ptr<PublisherInbox> gst_rtmp_server_src_inbox(GstRtmpServerSrc *self) {
    lt::ObjectLock lock(self);
    return self->state->inbox;
}

static gboolean gst_rtmp_server_src_unlock(GstBaseSrc *source) {
    if (auto inbox = gst_rtmp_server_src_inbox(GST_RTMP_SERVER_SRC(source)))
        inbox->interrupt(true);
    return TRUE;
}

static gboolean gst_rtmp_server_src_unlock_stop(GstBaseSrc *source) {
    if (auto inbox = gst_rtmp_server_src_inbox(GST_RTMP_SERVER_SRC(source)))
        inbox->interrupt(false);
    return TRUE;
}

static GstStructure *gst_rtmp_server_src_news(GstRtmpServerSrc *self, const char *name,
                                              const lt::rtmp::PublisherInfo &publisher) {
    // clang-format off
    return gst_structure_new(name,
        "app", G_TYPE_STRING, self->state->app.c_str(),
        "stream", G_TYPE_STRING, self->state->stream.c_str(),
        "peer", G_TYPE_STRING, publisher.peer.c_str(),
        "software", G_TYPE_STRING, publisher.software.c_str(),
        "connection", G_TYPE_UINT64, publisher.connection,
        nullptr);
    // clang-format on
}

static void gst_rtmp_server_src_tell_published(GstRtmpServerSrc *self, const Published &news) {
    GST_INFO_OBJECT(self, "%s publishes", news.publisher.peer.c_str());
    auto *structure = gst_rtmp_server_src_news(self, "rtmpserversrc/publish", news.publisher);
    gst_element_post_message(GST_ELEMENT(self), gst_message_new_element(GST_OBJECT(self), structure));
}

static void gst_rtmp_server_src_tell_ended(GstRtmpServerSrc *self, const Ended &news) {
    const char *reason = news.end.reason.c_str();
    GST_INFO_OBJECT(self, "%s has gone: %s", news.publisher.peer.c_str(), reason);
    if (news.end.kind == PublishEnd::Kind::Unsupported)
        GST_ELEMENT_WARNING(self, STREAM, CODEC_NOT_FOUND, ("%s", reason),
                            ("publisher %s", news.publisher.peer.c_str()));
    auto *structure = gst_rtmp_server_src_news(self, "rtmpserversrc/unpublish", news.publisher);
    gst_structure_set(structure, "end", G_TYPE_STRING, nameOf(news.end.kind), "reason", G_TYPE_STRING, reason,
                      nullptr);
    gst_element_post_message(GST_ELEMENT(self), gst_message_new_element(GST_OBJECT(self), structure));
}

static GstClockTime gst_rtmp_server_src_running_time(GstRtmpServerSrc *self) {
    const GstClockTime now = gst_element_get_current_running_time(GST_ELEMENT(self));
    return GST_CLOCK_TIME_IS_VALID(now) ? now : 0;
}

/* What has to go downstream before or beside a tag. */
static void gst_rtmp_server_src_prepare(GstRtmpServerSrc *self, const Tag &tag) {
    auto &output = *self->state->output;
    if (self->state->wasPaused.exchange(false))
        output.breakTime();
    if (output.needsSegment()) {
        const auto segment =
            output.segmentFor(tag, gst_rtmp_server_src_running_time(self), std::chrono::steady_clock::now());
        GST_DEBUG_OBJECT(self, "%" GST_SEGMENT_FORMAT, static_cast<const void *>(&segment));
        gst_base_src_new_segment(GST_BASE_SRC(self), &segment);
    }
    if (tag.lost > 0)
        GST_ELEMENT_WARNING_WITH_DETAILS(
            self, CORE, CLOCK,
            ("Downstream is too slow: %" G_GUINT64_FORMAT " frames of the publisher were dropped.", tag.lost),
            (nullptr), ("frames", G_TYPE_UINT64, tag.lost, nullptr));
}

/* Streaming thread. */
static GstFlowReturn gst_rtmp_server_src_create(GstPushSrc *source, GstBuffer **buffer) {
    auto *self = GST_RTMP_SERVER_SRC(source);
    auto *state = self->state;
    if (auto tag = std::exchange(state->afterHeader, std::nullopt)) {
        *buffer = state->output->tag(std::move(*tag)).release();
        return GST_FLOW_OK;
    }
    for (;;) {
        auto arrival = state->inbox->next();
        if (!arrival)
            return GST_FLOW_FLUSHING;
        if (const auto *published = std::get_if<Published>(&*arrival)) {
            gst_rtmp_server_src_tell_published(self, *published);
            continue;
        }
        if (const auto *ended = std::get_if<Ended>(&*arrival)) {
            gst_rtmp_server_src_tell_ended(self, *ended);
            if (ended->streamOver)
                return GST_FLOW_EOS;
            continue;
        }
        auto &tag = std::get<Tag>(*arrival);
        gst_rtmp_server_src_prepare(self, tag);
        if (state->output->needsHeader()) {
            *buffer = state->output->header(tag).release();
            state->afterHeader = std::move(tag);
        } else {
            *buffer = state->output->tag(std::move(tag)).release();
        }
        return GST_FLOW_OK;
    }
}

static gboolean gst_rtmp_server_src_query(GstBaseSrc *source, GstQuery *query) {
    auto *self = GST_RTMP_SERVER_SRC(source);
    if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
        return GST_BASE_SRC_CLASS(gst_rtmp_server_src_parent_class)->query(source, query);
    lt::ObjectLock lock(self);
    gst_query_set_latency(query, TRUE, 0, self->state->settings.maxQueueMs * GST_MSECOND);
    return TRUE;
}

static gboolean gst_rtmp_server_src_is_seekable(GstBaseSrc *) {
    return FALSE;
}

static GstStateChangeReturn gst_rtmp_server_src_change_state(GstElement *element, GstStateChange transition) {
    auto *self = GST_RTMP_SERVER_SRC(element);
    if (transition == GST_STATE_CHANGE_NULL_TO_READY) {
        std::string session;
        {
            lt::ObjectLock lock(self);
            session = self->state->settings.session;
        }
        if (!session.empty())
            lt::announceSession(element, session);
    }
    const auto result =
        GST_ELEMENT_CLASS(gst_rtmp_server_src_parent_class)->change_state(element, transition);
    if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
        self->state->wasPaused = true;
    return result;
}

static GstStructure *gst_rtmp_server_src_get_stats(GstRtmpServerSrc *self) {
    std::shared_ptr<PublisherInbox> inbox;
    std::shared_ptr<const StreamStatsBox> box;
    {
        lt::ObjectLock lock(self);
        inbox = self->state->inbox;
        box = self->state->streamStats;
    }
    const auto queue = inbox ? inbox->stats() : lt::rtmpserversrc::InboxStats();
    const auto stream = box ? box->get() : lt::rtmp::StreamStats();
    const auto &counters = stream.counters;
    const char *state = !box ? "closed" : stream.publishing ? "publishing" : "waiting";
    // clang-format off
    return gst_structure_new("rtmpserversrc/stats",
        "state", G_TYPE_STRING, state,
        "peer", G_TYPE_STRING, stream.peer.c_str(),
        "software", G_TYPE_STRING, stream.software.c_str(),
        "codec", G_TYPE_STRING, stream.audio.rate ? "AAC" : "",
        "audio-rate", G_TYPE_UINT, stream.audio.rate,
        "audio-channels", G_TYPE_UINT, stream.audio.channels,
        "publishers", G_TYPE_UINT64, stream.publishers,
        "refused", G_TYPE_UINT64, stream.refused,
        "bytes", G_TYPE_UINT64, counters.bytes,
        "audio-frames", G_TYPE_UINT64, counters.audioFrames,
        "audio-bytes", G_TYPE_UINT64, counters.audioBytes,
        "audio-before-config", G_TYPE_UINT64, counters.audioBeforeConfig,
        "audio-malformed", G_TYPE_UINT64, counters.audioMalformed,
        "audio-ignored", G_TYPE_UINT64, counters.audioIgnored,
        "video-frames", G_TYPE_UINT64, counters.videoFrames,
        "video-bytes", G_TYPE_UINT64, counters.videoBytes,
        "video-dropped", G_TYPE_UINT64, counters.videoDropped,
        "frames", G_TYPE_UINT64, queue.frames,
        "frames-dropped", G_TYPE_UINT64, queue.framesDropped,
        "discontinuities", G_TYPE_UINT64, queue.disconts,
        "queued-ms", G_TYPE_UINT64, queue.queuedMs,
        nullptr);
    // clang-format on
}

/* A slug, or nothing; what is neither leaves the old value. */
static void gst_rtmp_server_src_set_name(GstRtmpServerSrc *self, std::string &setting, const GValue *value,
                                         const GParamSpec *spec, bool may_be_empty) {
    const gchar *text = g_value_get_string(value);
    const std::string name = text ? text : "";
    if (!(may_be_empty && name.empty()) && !lt::rtmp::isStreamName(name)) {
        GST_WARNING_OBJECT(self, "%s must be 1 to 128 letters, digits, '_', '.' or '-'; it stays \"%s\"",
                           spec->name, setting.c_str());
        return;
    }
    setting = name;
}

static void gst_rtmp_server_src_set_property(GObject *object, guint id, const GValue *value,
                                             GParamSpec *spec) {
    auto *self = GST_RTMP_SERVER_SRC(object);
    lt::ObjectLock lock(self);
    auto &settings = self->state->settings;
    if (GST_STATE(self) > GST_STATE_READY) {
        GST_WARNING_OBJECT(self, "%s can be set in NULL and READY only; it stays as it is", spec->name);
        return;
    }
    switch (id) {
    case PROP_ADDRESS:
        settings.address = g_value_get_string(value) ? g_value_get_string(value) : kDefaultAddress;
        break;
    case PROP_PORT:
        settings.port = g_value_get_uint(value);
        break;
    case PROP_APP:
        gst_rtmp_server_src_set_name(self, settings.app, value, spec, false);
        break;
    case PROP_STREAM:
        gst_rtmp_server_src_set_name(self, settings.stream, value, spec, true);
        break;
    case PROP_SESSION:
        gst_rtmp_server_src_set_name(self, settings.session, value, spec, true);
        break;
    case PROP_AUDIO_ONLY:
        settings.audioOnly = g_value_get_boolean(value);
        break;
    case PROP_MAX_QUEUE_MS:
        settings.maxQueueMs = g_value_get_uint(value);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
}

static void gst_rtmp_server_src_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec) {
    auto *self = GST_RTMP_SERVER_SRC(object);
    if (id == PROP_STATS) {
        g_value_take_boxed(value, gst_rtmp_server_src_get_stats(self));
        return;
    }
    lt::ObjectLock lock(self);
    const auto &settings = self->state->settings;
    const auto set_text = [value](const std::string &text) {
        g_value_set_string(value, text.empty() ? nullptr : text.c_str());
    };
    switch (id) {
    case PROP_ADDRESS:
        set_text(settings.address);
        break;
    case PROP_PORT:
        g_value_set_uint(value, settings.port);
        break;
    case PROP_CURRENT_PORT:
        g_value_set_uint(value, self->state->currentPort);
        break;
    case PROP_APP:
        set_text(settings.app);
        break;
    case PROP_STREAM:
        set_text(settings.stream);
        break;
    case PROP_SESSION:
        set_text(settings.session);
        break;
    case PROP_AUDIO_ONLY:
        g_value_set_boolean(value, settings.audioOnly);
        break;
    case PROP_MAX_QUEUE_MS:
        g_value_set_uint(value, settings.maxQueueMs);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
}

static void gst_rtmp_server_src_finalize(GObject *object) {
    delete GST_RTMP_SERVER_SRC(object)->state;
    G_OBJECT_CLASS(gst_rtmp_server_src_parent_class)->finalize(object);
}

static void gst_rtmp_server_src_install_properties(GObjectClass *klass) {
    const auto flags =
        static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
    const auto read = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    g_object_class_install_property(
        klass, PROP_ADDRESS,
        g_param_spec_string("address", "Address",
                            "Numeric address to listen on; 0.0.0.0 or :: for all of the machine",
                            kDefaultAddress, flags));
    g_object_class_install_property(klass, PROP_PORT,
                                    g_param_spec_uint("port", "Port",
                                                      "TCP port to listen on (0 = a free one, see "
                                                      "current-port)",
                                                      0, 65535, kDefaultPort, flags));
    g_object_class_install_property(klass, PROP_CURRENT_PORT,
                                    g_param_spec_uint("current-port", "Current port",
                                                      "The port that is listened on (0 = none yet)", 0, 65535,
                                                      0, read));
    g_object_class_install_property(klass, PROP_APP,
                                    g_param_spec_string("app", "Application",
                                                        "First part of the path publishers publish to",
                                                        kDefaultApp, flags));
    g_object_class_install_property(
        klass, PROP_STREAM,
        g_param_spec_string("stream", "Stream",
                            "Second part of the path publishers publish to (unset = the session's name)",
                            nullptr, flags));
    g_object_class_install_property(
        klass, PROP_SESSION,
        g_param_spec_string("session", "Session",
                            "Name of the session, 1 to 128 letters, digits, '_', '.' or '-' (unset = as "
                            "named elsewhere in the pipeline, else \"default\")",
                            nullptr, flags));
    g_object_class_install_property(
        klass, PROP_AUDIO_ONLY,
        g_param_spec_boolean("audio-only", "Audio only", "Throw video away as it arrives", TRUE, flags));
    g_object_class_install_property(
        klass, PROP_MAX_QUEUE_MS,
        g_param_spec_uint("max-queue-ms", "Longest queue",
                          "Milliseconds of media kept when downstream is slow; then the oldest is dropped",
                          100, 60000, kDefaultMaxQueueMs, flags));
    g_object_class_install_property(
        klass, PROP_STATS,
        g_param_spec_boxed("stats", "Statistics",
                           "State (closed, waiting, publishing), publisher, codec, counters of the "
                           "publisher's messages (refreshed four times a second) and of the queue",
                           GST_TYPE_STRUCTURE, read));
}

static void gst_rtmp_server_src_class_init(GstRtmpServerSrcClass *klass) {
    auto *object_class = G_OBJECT_CLASS(klass);
    auto *element_class = GST_ELEMENT_CLASS(klass);
    auto *base_class = GST_BASE_SRC_CLASS(klass);

    object_class->set_property = gst_rtmp_server_src_set_property;
    object_class->get_property = gst_rtmp_server_src_get_property;
    object_class->finalize = gst_rtmp_server_src_finalize;
    gst_rtmp_server_src_install_properties(object_class);

    element_class->change_state = gst_rtmp_server_src_change_state;
    base_class->start = gst_rtmp_server_src_start;
    base_class->stop = gst_rtmp_server_src_stop;
    base_class->unlock = gst_rtmp_server_src_unlock;
    base_class->unlock_stop = gst_rtmp_server_src_unlock_stop;
    base_class->query = gst_rtmp_server_src_query;
    base_class->is_seekable = gst_rtmp_server_src_is_seekable;
    GST_PUSH_SRC_CLASS(klass)->create = gst_rtmp_server_src_create;

    gst_element_class_add_static_pad_template(element_class, &src_template);
    gst_element_class_set_static_metadata(element_class, "RTMP server source", "Source/Network/Protocol",
                                          "Accepts an RTMP publisher and outputs its stream as FLV",
                                          PACKAGE_NAME " developers");
    gst_element_class_add_static_metadata(element_class, GST_ELEMENT_METADATA_DOC_URI,
                                          PACKAGE_ORIGIN "/blob/main/docs/elements/rtmpserversrc.md");
}

static void gst_rtmp_server_src_init(GstRtmpServerSrc *self) {
    self->state = new RtmpServerSrcState;
    gst_base_src_set_live(GST_BASE_SRC(self), TRUE);
    gst_base_src_set_format(GST_BASE_SRC(self), GST_FORMAT_TIME);
    gst_base_src_set_do_timestamp(GST_BASE_SRC(self), FALSE);
}
