// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/rtmpserversrc/reports.h"

GST_DEBUG_CATEGORY_EXTERN(gst_rtmp_server_src_debug);
#define GST_CAT_DEFAULT gst_rtmp_server_src_debug

namespace lt::rtmpserversrc {

namespace {

using Kind = rtmp::PublishEnd::Kind;

const char *nameOf(Kind kind) {
    switch (kind) {
    case Kind::Clean:
        return "clean";
    case Kind::Lost:
        return "lost";
    case Kind::Unsupported:
        return "unsupported";
    case Kind::Replaced:
        return "replaced";
    }
    return "lost";
}

StructureRef newsOf(const char *name, const StreamNames &names, const rtmp::PublisherInfo &publisher) {
    // clang-format off
    return StructureRef(gst_structure_new(name,
        "app", G_TYPE_STRING, names.app.c_str(),
        "stream", G_TYPE_STRING, names.stream.c_str(),
        "peer", G_TYPE_STRING, publisher.peer.c_str(),
        "software", G_TYPE_STRING, publisher.software.c_str(),
        "connection", G_TYPE_UINT64, publisher.connection,
        nullptr));
    // clang-format on
}

void post(GstElement *element, StructureRef news) {
    gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), news.release()));
}

void reportPublished(GstElement *element, const StreamNames &names, const Published &news) {
    GST_INFO_OBJECT(element, "%s publishes", news.publisher.peer.c_str());
    post(element, newsOf("rtmpserversrc/publish", names, news.publisher));
}

void reportEnded(GstElement *element, const StreamNames &names, const Ended &news) {
    const char *reason = news.end.reason.c_str();
    GST_INFO_OBJECT(element, "%s has gone: %s", news.publisher.peer.c_str(), reason);
    if (news.end.kind == Kind::Unsupported)
        GST_ELEMENT_WARNING(element, STREAM, CODEC_NOT_FOUND, ("%s", reason),
                            ("publisher %s", news.publisher.peer.c_str()));
    auto structure = newsOf("rtmpserversrc/unpublish", names, news.publisher);
    gst_structure_set(structure.get(), "end", G_TYPE_STRING, nameOf(news.end.kind), "reason", G_TYPE_STRING,
                      reason, nullptr);
    post(element, std::move(structure));
}

void reportGap(GstElement *element, const StreamNames &names, GstClockTime from, GstClockTime to) {
    GST_INFO_OBJECT(element, "no media from %" GST_TIME_FORMAT " to %" GST_TIME_FORMAT, GST_TIME_ARGS(from),
                    GST_TIME_ARGS(to));
    // clang-format off
    post(element, StructureRef(gst_structure_new("rtmpserversrc/gap",
        "app", G_TYPE_STRING, names.app.c_str(),
        "stream", G_TYPE_STRING, names.stream.c_str(),
        "start", G_TYPE_UINT64, from,
        "stop", G_TYPE_UINT64, to,
        nullptr)));
    // clang-format on
}

} // namespace

void reportNews(GstElement *element, const StreamNames &names, const Arrival &news,
                const StreamClock &clock) {
    if (const auto *published = std::get_if<Published>(&news)) {
        reportPublished(element, names, *published);
    } else if (const auto *gap = std::get_if<Gap>(&news)) {
        reportGap(element, names, clock.runningTimeAt(gap->fromMs * GST_MSECOND),
                  clock.runningTimeAt(gap->toMs * GST_MSECOND));
    } else if (const auto *ended = std::get_if<Ended>(&news)) {
        if (ended->lost > 0)
            reportLost(element, ended->lost);
        reportEnded(element, names, *ended);
    }
}

void reportListenError(GstElement *element, const net::ListenError &failure) {
    const char *text = failure.sentence.c_str();
    if (failure.inUse)
        GST_ELEMENT_ERROR(element, RESOURCE, BUSY, ("%s", text), (nullptr));
    else if (failure.badAddress)
        GST_ELEMENT_ERROR(element, RESOURCE, SETTINGS, ("%s", text), (nullptr));
    else
        GST_ELEMENT_ERROR(element, RESOURCE, OPEN_READ, ("%s", text), (nullptr));
}

void reportLost(GstElement *element, guint64 frames) {
    GST_ELEMENT_WARNING_WITH_DETAILS(
        element, CORE, CLOCK,
        ("Downstream is too slow: %" G_GUINT64_FORMAT " frames of the publisher were dropped.", frames),
        (nullptr), ("frames", G_TYPE_UINT64, frames, nullptr));
}

void reportThrottled(GstElement *element, const std::string &peer, guint bitsPerSecond) {
    GST_ELEMENT_WARNING(element, RESOURCE, READ,
                        ("The publisher %s sends more than max-bitrate, %u bits per second: it is read no "
                         "faster, and may come late.",
                         peer.c_str(), bitsPerSecond),
                        (nullptr));
}

StructureRef statsOf(const PublisherInbox *inbox, const rtmp::StreamStatsBox *box) {
    const auto queue = inbox ? inbox->stats() : InboxStats();
    const auto stream = box ? box->get() : rtmp::StreamStats();
    const auto &counters = stream.counters;
    const char *state = !box                ? "closed"
                        : stream.publishing ? "publishing"
                        : stream.awaited    ? "awaiting-return"
                                            : "waiting";
    // clang-format off
    return StructureRef(gst_structure_new("rtmpserversrc/stats",
        "state", G_TYPE_STRING, state,
        "peer", G_TYPE_STRING, stream.peer.c_str(),
        "software", G_TYPE_STRING, stream.software.c_str(),
        "codec", G_TYPE_STRING, rtmp::codecName(stream.audio.codec),
        "audio-rate", G_TYPE_UINT, stream.audio.rate,
        "audio-channels", G_TYPE_UINT, stream.audio.channels,
        "publishers", G_TYPE_UINT64, stream.publishers,
        "reconnects", G_TYPE_UINT64, stream.reconnects,
        "takeovers", G_TYPE_UINT64, stream.takeovers,
        "refused", G_TYPE_UINT64, stream.refused,
        "rate-limited", G_TYPE_UINT64, stream.rateLimited,
        "throttled-ms", G_TYPE_UINT64, static_cast<guint64>(stream.throttled.count()),
        "bitrate", G_TYPE_UINT64, stream.bitrate,
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
        "gaps", G_TYPE_UINT64, queue.gaps,
        "gap-ms", G_TYPE_UINT64, queue.gapMs,
        "jitter-ms", G_TYPE_UINT64, queue.jitterMs,
        "queued-ms", G_TYPE_UINT64, queue.queuedMs,
        nullptr));
    // clang-format on
}

} // namespace lt::rtmpserversrc
