// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-wsheartbeat
 * @title: wsheartbeat
 * @short_description: how long the WebSocket peers of a pipeline may be silent
 *
 * Passes transcripts through untouched and tells every element that owns WebSockets, upstream (a recogniser's
 * connection) and downstream (viewers), how often to ping its peers and how long one may be silent: longer
 * than #interval-ms × #max-missed and it is closed with code 1008, reason "Heartbeat timeout". Anything a
 * peer sends is a sign of life, not only a pong.
 *
 * The element has no timer and sends no pings itself. It sends an event, `livetranscript/heartbeat`, up and
 * down: when the stream starts or its caps come, in PLAYING, when a property changes, and when a neighbour is
 * linked; leaving PAUSED withdraws it. Of several `wsheartbeat`s the one with the smallest deadline
 * holds. The owners of the sockets rest in PAUSED.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=captions.srt ! subparse ! clocksync ! wsheartbeat interval-ms=15000
 *   max-missed=3 ! transcriptbroadcast port=3000 session=demo
 * ]|
 *
 * Since: 0.1
 */

#include "elements/wsheartbeat/gstwsheartbeat.h"

#include "lib/gst/refs.h"
#include "lib/livetranscript/livetranscript.h"

#include "config.h"

#include <atomic>

GST_DEBUG_CATEGORY(gst_ws_heartbeat_debug);
#define GST_CAT_DEFAULT gst_ws_heartbeat_debug

namespace {

constexpr guint kDefaultIntervalMs = 15000;
constexpr guint kMinIntervalMs = 10;
constexpr guint kMaxIntervalMs = 3600000;
constexpr guint kDefaultMaxMissed = 3;
constexpr guint kMaxMaxMissed = 1000;

enum Property { PROP_0, PROP_INTERVAL_MS, PROP_MAX_MISSED, PROP_STATS };

} // namespace

/// All that has a destructor.
struct WsHeartbeatState {
    // Under the object lock.
    guint intervalMs = kDefaultIntervalMs;
    guint maxMissed = kDefaultMaxMissed;
    lt::CharPtr sourceId; // set while in PAUSED or PLAYING

    std::atomic<bool> downstreamMissedIt =
        false; // nobody took the last event: told again with the next buffer
    std::atomic<guint64> sentDownstream = 0, sentUpstream = 0;
    std::atomic<guint64> messages = 0;
};

struct _GstWsHeartbeat {
    GstBaseTransform parent;
    WsHeartbeatState *state;
};

G_DEFINE_TYPE_WITH_CODE(GstWsHeartbeat, gst_ws_heartbeat, GST_TYPE_BASE_TRANSFORM,
                        GST_DEBUG_CATEGORY_INIT(gst_ws_heartbeat_debug, "wsheartbeat", 0,
                                                "heartbeat policy of WebSockets"))
GST_ELEMENT_REGISTER_DEFINE(wsheartbeat, "wsheartbeat", GST_RANK_NONE, GST_TYPE_WS_HEARTBEAT)

#define TRANSCRIPT_CAPS GST_TRANSCRIPT_CAPS_JSON "; " GST_TRANSCRIPT_CAPS_TEXT

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(TRANSCRIPT_CAPS));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(TRANSCRIPT_CAPS));

/// The policy as an event, or one that withdraws it; null while there is none to tell.
static lt::EventRef make_event(GstWsHeartbeat *self, bool withdraw) {
    WsHeartbeatState &state = *self->state;
    lt::ObjectLock lock(self);
    if (!state.sourceId)
        return nullptr;
    return lt::EventRef(gst_event_new_livetranscript_heartbeat(
        state.sourceId.get(), withdraw ? 0 : state.intervalMs, state.maxMissed));
}

/* The event is out of band: any thread may push it, and no stream lock is needed. */
static void tell_downstream(GstWsHeartbeat *self, bool withdraw = false) {
    WsHeartbeatState &state = *self->state;
    lt::EventRef event = make_event(self, withdraw);
    if (!event)
        return;
    const bool taken = gst_pad_push_event(GST_BASE_TRANSFORM_SRC_PAD(self), event.release());
    state.downstreamMissedIt = !taken;
    state.sentDownstream += taken;
    GST_DEBUG_OBJECT(self, "heartbeat downstream: %s", taken ? "sent" : "nobody took it");
}

static void tell_upstream(GstWsHeartbeat *self, bool withdraw = false) {
    lt::EventRef event = make_event(self, withdraw);
    if (!event)
        return;
    // Most elements have no use for it: that nobody took it is no news.
    self->state->sentUpstream += gst_pad_push_event(GST_BASE_TRANSFORM_SINK_PAD(self), event.release());
}

static void tell_both(GstWsHeartbeat *self, bool withdraw = false) {
    tell_downstream(self, withdraw);
    tell_upstream(self, withdraw);
}

static GstFlowReturn gst_ws_heartbeat_transform_ip(GstBaseTransform *transform, GstBuffer *) {
    auto *self = GST_WS_HEARTBEAT(transform);
    self->state->messages++;
    if (self->state->downstreamMissedIt)
        tell_downstream(self);
    return GST_FLOW_OK;
}

static gboolean gst_ws_heartbeat_sink_event(GstBaseTransform *transform, GstEvent *event) {
    const GstEventType type = GST_EVENT_TYPE(event);
    const gboolean handled =
        GST_BASE_TRANSFORM_CLASS(gst_ws_heartbeat_parent_class)->sink_event(transform, event);
    if (type == GST_EVENT_STREAM_START || type == GST_EVENT_CAPS)
        tell_both(GST_WS_HEARTBEAT(transform));
    return handled;
}

static gboolean gst_ws_heartbeat_src_event(GstBaseTransform *transform, GstEvent *event) {
    const bool relinked = GST_EVENT_TYPE(event) == GST_EVENT_RECONFIGURE; // somewhere downstream
    const gboolean handled =
        GST_BASE_TRANSFORM_CLASS(gst_ws_heartbeat_parent_class)->src_event(transform, event);
    if (relinked)
        tell_downstream(GST_WS_HEARTBEAT(transform));
    return handled;
}

static GstStateChangeReturn gst_ws_heartbeat_change_state(GstElement *element, GstStateChange transition) {
    auto *self = GST_WS_HEARTBEAT(element);
    if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
        lt::CharPtr path(gst_object_get_path_string(GST_OBJECT(element)));
        lt::ObjectLock lock(self);
        self->state->sourceId = std::move(path);
    } else if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
        tell_both(self, true);
        lt::ObjectLock lock(self);
        self->state->sourceId.reset();
    }
    const auto result = GST_ELEMENT_CLASS(gst_ws_heartbeat_parent_class)->change_state(element, transition);
    if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING && result != GST_STATE_CHANGE_FAILURE)
        tell_both(self);
    return result;
}

static void gst_ws_heartbeat_set_property(GObject *object, guint id, const GValue *value, GParamSpec *pspec) {
    auto *self = GST_WS_HEARTBEAT(object);
    {
        lt::ObjectLock lock(self);
        switch (id) {
        case PROP_INTERVAL_MS:
            self->state->intervalMs = g_value_get_uint(value);
            break;
        case PROP_MAX_MISSED:
            self->state->maxMissed = g_value_get_uint(value);
            break;
        default:
            G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
            return;
        }
    }
    tell_both(self);
}

static GstStructure *stats_of(const WsHeartbeatState &state) {
    return gst_structure_new("application/x-wsheartbeat-stats", "messages", G_TYPE_UINT64,
                             guint64{state.messages.load()}, "events-downstream", G_TYPE_UINT64,
                             guint64{state.sentDownstream.load()}, "events-upstream", G_TYPE_UINT64,
                             guint64{state.sentUpstream.load()}, nullptr);
}

static void gst_ws_heartbeat_get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec) {
    const WsHeartbeatState &state = *GST_WS_HEARTBEAT(object)->state;
    lt::ObjectLock lock(object);
    switch (id) {
    case PROP_INTERVAL_MS:
        g_value_set_uint(value, state.intervalMs);
        break;
    case PROP_MAX_MISSED:
        g_value_set_uint(value, state.maxMissed);
        break;
    case PROP_STATS:
        g_value_take_boxed(value, stats_of(state));
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
}

static void gst_ws_heartbeat_finalize(GObject *object) {
    delete GST_WS_HEARTBEAT(object)->state;
    G_OBJECT_CLASS(gst_ws_heartbeat_parent_class)->finalize(object);
}

static void install_properties(GObjectClass *klass) {
    const auto playing =
        static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
    g_object_class_install_property(
        klass, PROP_INTERVAL_MS,
        g_param_spec_uint("interval-ms", "Interval", "How often WebSocket peers are pinged, in milliseconds",
                          kMinIntervalMs, kMaxIntervalMs, kDefaultIntervalMs, playing));
    g_object_class_install_property(klass, PROP_MAX_MISSED,
                                    g_param_spec_uint("max-missed", "Maximum missed",
                                                      "Intervals a peer may be silent before it is closed", 1,
                                                      kMaxMaxMissed, kDefaultMaxMissed, playing));
    g_object_class_install_property(
        klass, PROP_STATS,
        g_param_spec_boxed(
            "stats", "Statistics", "Messages passed through, and heartbeat events that somebody took",
            GST_TYPE_STRUCTURE, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
}

static void gst_ws_heartbeat_class_init(GstWsHeartbeatClass *klass) {
    auto *object_class = G_OBJECT_CLASS(klass);
    auto *element_class = GST_ELEMENT_CLASS(klass);
    auto *transform_class = GST_BASE_TRANSFORM_CLASS(klass);

    object_class->set_property = gst_ws_heartbeat_set_property;
    object_class->get_property = gst_ws_heartbeat_get_property;
    object_class->finalize = gst_ws_heartbeat_finalize;
    install_properties(object_class);

    gst_element_class_add_static_pad_template(element_class, &sink_template);
    gst_element_class_add_static_pad_template(element_class, &src_template);
    gst_element_class_set_static_metadata(element_class, "WebSocket heartbeat", "Filter/Text/Network",
                                          "Tells the owners of WebSockets up- and downstream how often to "
                                          "ping and how long a peer may be silent",
                                          "gst-livetranscript developers");
    gst_element_class_add_static_metadata(element_class, GST_ELEMENT_METADATA_DOC_URI,
                                          PACKAGE_ORIGIN "/blob/main/docs/elements/wsheartbeat.md");
    element_class->change_state = gst_ws_heartbeat_change_state;

    transform_class->sink_event = gst_ws_heartbeat_sink_event;
    transform_class->src_event = gst_ws_heartbeat_src_event;
    transform_class->transform_ip = gst_ws_heartbeat_transform_ip;
    transform_class->passthrough_on_same_caps = TRUE;
    transform_class->transform_ip_on_passthrough = TRUE;
}

static void gst_ws_heartbeat_init(GstWsHeartbeat *self) {
    self->state = new WsHeartbeatState();
    gst_base_transform_set_passthrough(GST_BASE_TRANSFORM(self), TRUE);
    g_signal_connect(GST_BASE_TRANSFORM_SRC_PAD(self), "linked", G_CALLBACK(+[](GstPad *pad, GstPad *) {
                         lt::ObjectRef<GstElement> owner(gst_pad_get_parent_element(pad));
                         if (owner)
                             tell_downstream(GST_WS_HEARTBEAT(owner.get()));
                     }),
                     nullptr);
    g_signal_connect(GST_BASE_TRANSFORM_SINK_PAD(self), "linked", G_CALLBACK(+[](GstPad *pad, GstPad *) {
                         lt::ObjectRef<GstElement> owner(gst_pad_get_parent_element(pad));
                         if (owner)
                             tell_upstream(GST_WS_HEARTBEAT(owner.get()));
                     }),
                     nullptr);
}
