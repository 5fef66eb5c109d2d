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
 * silent for #stale-after-ms; with #publisher-policy `takeover` they replace it. Where no #stream is set the
 * stream is called after the session: see #session.
 *
 * The port is open from PAUSED on. The element binds 127.0.0.1 by default: set #address to `0.0.0.0` or
 * `::` to let other machines publish.
 *
 * ## What comes out
 *
 * With #output `flv`: AAC, MP3 or G.711 in FLV. Video is thrown away as it arrives, unless #audio-only is
 * off; then H.264 is let through. `flvdemux` adds its pads late: link it with `!` in a launch line, or on
 * `pad-added`. With #output `audio`: the coded audio itself with the caps a decoder needs, no demuxer; Opus
 * (Enhanced RTMP) comes in this form only. A publisher that sends another codec is told so and closed, with a
 * WARNING message. Nothing leaves before the first coded audio frame.
 *
 * When the publisher says good-bye, the stream ends with EOS at once. When it is lost - a broken connection,
 * no byte for #idle-timeout-ms - the stream stays open for #reconnect-grace-ms: whoever publishes it until
 * then goes on with it, on the same timeline, with DISCONT and a `rtmpserversrc/gap` message; otherwise EOS
 * follows. A publisher that leaves before its first audio frame makes way for the next. For a new stream set
 * the element to READY and PLAYING again.
 *
 * An application that is given addresses can use `rtmpserver://0.0.0.0:1937/live/demo`.
 *
 * ## Who may publish
 *
 * Everybody who reaches the port, unless one of the `auth-` properties is set: then the publisher adds
 * `?token=…` to the stream. An application decides by the signal #GstRtmpServerSrc::publish-request. Whoever
 * is turned away learns why; the log has one line without the token.
 *
 * ## Time
 *
 * The element is live. FLV time starts at 0 and never goes back: jumps, restarts and wraps of the publisher's
 * timestamps are cleaned, real holes stay, and a publisher's clock that is faster or slower than ours is
 * followed in steps of a millisecond. The TIME segment in front of it has the running time at which the
 * first frame arrived as its base: a publisher that joins after a minute is in time. Latency is 0 to
 * #max-queue-ms: the element never waits and may keep that much when downstream is slow. It never stops
 * reading the socket, because publishers block or give up when nobody reads: what is too much is dropped,
 * the oldest first, counted, announced by a WARNING message and DISCONT.
 *
 * ## Threads
 *
 * All these elements of a process push on a few threads that they share; one that blocks downstream holds
 * back no other. STREAM_STATUS tells of no thread that enters or leaves. An application that wants an element
 * on a thread of its own gives another #GstTaskPool to the task that STREAM_STATUS announces (CREATE).
 *
 * ## Messages
 *
 * Element messages, from the streaming thread: `rtmpserversrc/publish` (app, stream, peer, software,
 * connection) when a publisher was accepted, `rtmpserversrc/unpublish` (the same, and end: clean, lost,
 * unsupported or replaced; reason) when it is gone, `rtmpserversrc/gap` (app, stream, start, stop: running
 * time) when a publisher goes on with another one's stream.
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

#include "elements/rtmpserversrc/publish_request.h"
#include "elements/rtmpserversrc/publisher_link.h"
#include "elements/rtmpserversrc/publisher_stream.h"
#include "elements/rtmpserversrc/server_uri.h"
#include "elements/rtmpserversrc/settings.h"
#include "elements/rtmpserversrc/streaming_pool.h"
#include "lib/gst/refs.h"
#include "lib/gst/session_context.h"

#include "config.h"

#include <memory>
#include <string>
#include <utility>

GST_DEBUG_CATEGORY(gst_rtmp_server_src_debug);
#define GST_CAT_DEFAULT gst_rtmp_server_src_debug

namespace {

using lt::rtmpserversrc::OutputForm;
using lt::rtmpserversrc::PublisherLink;
using lt::rtmpserversrc::PublisherStream;
using lt::rtmpserversrc::Settings;
using lt::rtmpserversrc::StreamingPool;
using lt::rtmpserversrc::StreamNames;

} // namespace

/* All that has a destructor. */
struct RtmpServerSrcState {
    explicit RtmpServerSrcState(GstRtmpServerSrc *self) : stream(GST_BASE_SRC(self)) {}

    Settings settings; // object lock
    PublisherLink link;
    PublisherStream stream;

    // From start() to stop().
    std::shared_ptr<StreamingPool> pool;
    lt::ObjectRef<GstTaskPool> task;
};

struct _GstRtmpServerSrc {
    GstPushSrc parent;
    RtmpServerSrcState *state;
};

static void gst_rtmp_server_src_uri_handler_init(gpointer iface, gpointer data);

G_DEFINE_TYPE_WITH_CODE(GstRtmpServerSrc, gst_rtmp_server_src, GST_TYPE_PUSH_SRC,
                        G_IMPLEMENT_INTERFACE(GST_TYPE_URI_HANDLER, gst_rtmp_server_src_uri_handler_init)
                            GST_DEBUG_CATEGORY_INIT(gst_rtmp_server_src_debug, "rtmpserversrc", 0,
                                                    "RTMP server source"))
GST_ELEMENT_REGISTER_DEFINE(rtmpserversrc, "rtmpserversrc", GST_RANK_NONE, GST_TYPE_RTMP_SERVER_SRC)

#define FLV_CAPS "video/x-flv"
#define AUDIO_CAPS                                                                                           \
    "audio/mpeg, mpegversion=(int)4, stream-format=(string)raw; audio/mpeg, mpegversion=(int)1, "            \
    "layer=(int)3; audio/x-alaw; audio/x-mulaw; audio/x-opus"

static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(FLV_CAPS "; " AUDIO_CAPS));

static gboolean gst_rtmp_server_src_start(GstBaseSrc *source) {
    auto *self = GST_RTMP_SERVER_SRC(source);
    auto *state = self->state;
    Settings settings;
    {
        lt::ObjectLock lock(self);
        settings = state->settings;
    }
    const StreamNames names = {settings.app, !settings.stream.empty() ? settings.stream
                                             : !settings.session.empty()
                                                 ? settings.session
                                                 : lt::resolveSession(GST_ELEMENT(self), source->srcpad)};
    if (!state->link.open(GST_ELEMENT(self), settings, names))
        return FALSE;
    state->stream.begin(settings, names, state->link.inbox());
    state->pool = lt::rtmpserversrc::streamingPool();
    state->task = lt::rtmpserversrc::makePooledTask(state->pool, state->stream);
    GST_INFO_OBJECT(self, "waiting for a publisher at rtmp://%s:%u/%s/%s", settings.address.c_str(),
                    state->link.port(), names.app.c_str(), names.stream.c_str());
    g_object_notify(G_OBJECT(self), "current-port");
    return TRUE;
}

/* PAUSED to READY, the pad's task is over. */
static gboolean gst_rtmp_server_src_stop(GstBaseSrc *source) {
    auto *self = GST_RTMP_SERVER_SRC(source);
    self->state->link.close();
    self->state->stream.end();
    self->state->task.reset();
    self->state->pool.reset();
    g_object_notify(G_OBJECT(self), "current-port");
    return TRUE;
}

static gboolean gst_rtmp_server_src_unlock(GstBaseSrc *source) {
    if (auto inbox = GST_RTMP_SERVER_SRC(source)->state->link.inbox())
        inbox->interrupt(true);
    return TRUE;
}

static gboolean gst_rtmp_server_src_unlock_stop(GstBaseSrc *source) {
    if (auto inbox = GST_RTMP_SERVER_SRC(source)->state->link.inbox())
        inbox->interrupt(false);
    return TRUE;
}

static GstFlowReturn gst_rtmp_server_src_create(GstPushSrc *source, GstBuffer **buffer) {
    return GST_RTMP_SERVER_SRC(source)->state->stream.create(buffer);
}

/* The pad's task runs on the pool, unless an application that sees this message wants it elsewhere. */
static gboolean gst_rtmp_server_src_post_message(GstElement *element, GstMessage *message) {
    auto *self = GST_RTMP_SERVER_SRC(element);
    GstStreamStatusType type{};
    GstElement *owner = nullptr;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_STREAM_STATUS)
        gst_message_parse_stream_status(message, &type, &owner);
    if (owner == element && type == GST_STREAM_STATUS_TYPE_CREATE && self->state->task)
        gst_task_set_pool(GST_TASK(g_value_get_object(gst_message_get_stream_status_object(message))),
                          self->state->task.get());
    return GST_ELEMENT_CLASS(gst_rtmp_server_src_parent_class)->post_message(element, message);
}

static GstCaps *gst_rtmp_server_src_get_caps(GstBaseSrc *source, GstCaps *filter) {
    auto *self = GST_RTMP_SERVER_SRC(source);
    const bool flv = [self] {
        lt::ObjectLock lock(self);
        return self->state->settings.output == OutputForm::Flv;
    }();
    const lt::CapsRef caps(gst_caps_from_string(flv ? FLV_CAPS : AUDIO_CAPS));
    return filter ? gst_caps_intersect_full(filter, caps.get(), GST_CAPS_INTERSECT_FIRST)
                  : gst_caps_ref(caps.get());
}

/* The first tag says what it is. */
static gboolean gst_rtmp_server_src_negotiate(GstBaseSrc *) {
    return TRUE;
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
        self->state->stream.paused();
    return result;
}

static void gst_rtmp_server_src_set_property(GObject *object, guint id, const GValue *value,
                                             GParamSpec *spec) {
    auto *self = GST_RTMP_SERVER_SRC(object);
    lt::ObjectLock lock(self);
    if (GST_STATE(self) > GST_STATE_READY) {
        GST_WARNING_OBJECT(self, "%s can be set in NULL and READY only; it stays as it is", spec->name);
        return;
    }
    switch (self->state->settings.set(id, value)) {
    case Settings::Outcome::Taken:
        break;
    case Settings::Outcome::NoName:
        GST_WARNING_OBJECT(self, "%s must be 1 to 128 letters, digits, '_', '.' or '-'; it stays as it is",
                           spec->name);
        break;
    case Settings::Outcome::Unknown:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
}

static void gst_rtmp_server_src_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec) {
    auto *self = GST_RTMP_SERVER_SRC(object);
    switch (id) {
    case lt::rtmpserversrc::PROP_CURRENT_PORT:
        g_value_set_uint(value, self->state->link.port());
        return;
    case lt::rtmpserversrc::PROP_STATS:
        g_value_take_boxed(value, self->state->link.stats().release());
        return;
    default:
        break;
    }
    lt::ObjectLock lock(self);
    if (!self->state->settings.get(id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static GstURIType gst_rtmp_server_src_uri_type(GType) {
    return GST_URI_SRC;
}

static const gchar *const *gst_rtmp_server_src_uri_protocols(GType) {
    static const gchar *const protocols[] = {"rtmpserver", nullptr};
    return protocols;
}

static gchar *gst_rtmp_server_src_get_uri(GstURIHandler *handler) {
    auto *self = GST_RTMP_SERVER_SRC(handler);
    lt::ObjectLock lock(self);
    return g_strdup(lt::rtmpserversrc::uriOf(self->state->settings).c_str());
}

static gboolean gst_rtmp_server_src_set_uri(GstURIHandler *handler, const gchar *uri, GError **error) {
    auto *self = GST_RTMP_SERVER_SRC(handler);
    lt::ObjectLock lock(self);
    if (GST_STATE(self) > GST_STATE_READY) {
        g_set_error(error, GST_URI_ERROR, GST_URI_ERROR_BAD_STATE,
                    "The URI can be set in NULL and READY only.");
        return FALSE;
    }
    return lt::rtmpserversrc::applyUri(uri, self->state->settings, error);
}

static void gst_rtmp_server_src_uri_handler_init(gpointer iface, gpointer) {
    auto *handler = static_cast<GstURIHandlerInterface *>(iface);
    handler->get_type = gst_rtmp_server_src_uri_type;
    handler->get_protocols = gst_rtmp_server_src_uri_protocols;
    handler->get_uri = gst_rtmp_server_src_get_uri;
    handler->set_uri = gst_rtmp_server_src_set_uri;
}

static void gst_rtmp_server_src_finalize(GObject *object) {
    delete GST_RTMP_SERVER_SRC(object)->state;
    G_OBJECT_CLASS(gst_rtmp_server_src_parent_class)->finalize(object);
}

static void gst_rtmp_server_src_class_init(GstRtmpServerSrcClass *klass) {
    auto *object_class = G_OBJECT_CLASS(klass);
    auto *element_class = GST_ELEMENT_CLASS(klass);
    auto *base_class = GST_BASE_SRC_CLASS(klass);

    object_class->set_property = gst_rtmp_server_src_set_property;
    object_class->get_property = gst_rtmp_server_src_get_property;
    object_class->finalize = gst_rtmp_server_src_finalize;
    lt::rtmpserversrc::installProperties(object_class);
    lt::rtmpserversrc::installPublishRequest(object_class);

    element_class->post_message = gst_rtmp_server_src_post_message;
    element_class->change_state = gst_rtmp_server_src_change_state;
    base_class->start = gst_rtmp_server_src_start;
    base_class->stop = gst_rtmp_server_src_stop;
    base_class->unlock = gst_rtmp_server_src_unlock;
    base_class->unlock_stop = gst_rtmp_server_src_unlock_stop;
    base_class->query = gst_rtmp_server_src_query;
    base_class->get_caps = gst_rtmp_server_src_get_caps;
    base_class->negotiate = gst_rtmp_server_src_negotiate;
    base_class->is_seekable = gst_rtmp_server_src_is_seekable;
    GST_PUSH_SRC_CLASS(klass)->create = gst_rtmp_server_src_create;

    gst_element_class_add_static_pad_template(element_class, &src_template);
    gst_element_class_set_static_metadata(
        element_class, "RTMP server source", "Source/Network/Protocol",
        "Accepts an RTMP publisher and outputs its stream as FLV or as coded audio",
        PACKAGE_NAME " developers");
    gst_element_class_add_static_metadata(element_class, GST_ELEMENT_METADATA_DOC_URI,
                                          PACKAGE_ORIGIN "/blob/main/docs/elements/rtmpserversrc.md");
}

static void gst_rtmp_server_src_init(GstRtmpServerSrc *self) {
    self->state = new RtmpServerSrcState(self);
    gst_base_src_set_live(GST_BASE_SRC(self), TRUE);
    gst_base_src_set_format(GST_BASE_SRC(self), GST_FORMAT_TIME);
    gst_base_src_set_do_timestamp(GST_BASE_SRC(self), FALSE);
}
