// SPDX-License-Identifier: LGPL-2.1-or-later
// latency-line: runs the pipeline descriptions given as arguments in one process, until standard input is
// closed and all have ended. Then prints what reached the broadcasters: "message SESSION ID FINAL END ENTERED
// SENT RECEIVED PUSHED REACHED", the end in seconds from the recogniser's first audio, the rest monotonic ns.
#include "lib/gst/refs.h"
#include "lib/livetranscript/livetranscript.h"
#include "tests/bench/support/monotonic.h"

#include <cinttypes>
#include <cstdio>
#include <deque>
#include <string>
#include <vector>

#include <glib-unix.h>

using namespace lt;

namespace {

constexpr guint kEosLimitSeconds = 10;

struct Arrival {
    std::string utteranceId;
    bool isFinal;
    GstClockTime end;
    GstTranscriptStamps stamps;
    std::int64_t reachedNs;
};

struct Session {
    ObjectRef<GstElement> pipeline;
    GstClockTime firstAudio = GST_CLOCK_TIME_NONE; // streaming thread of the recogniser's sink pad
    std::vector<Arrival> arrivals;                 // that of its source pad
};

struct Line {
    GMainLoop *loop = nullptr;
    std::deque<Session> sessions; // probes have pointers
    std::size_t running = 0;
    bool enough = false;
    bool failed = false;

    void fail(const std::string &why) {
        g_printerr("%s\n", why.c_str());
        failed = true;
        g_main_loop_quit(loop);
    }
    void endWhenDone() const {
        if (enough && running == 0)
            g_main_loop_quit(loop);
    }
};

GstPadProbeReturn onAudio(GstPad *pad, GstPadProbeInfo *info, gpointer user) {
    const EventRef segment(gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0));
    const GstSegment *parsed = nullptr;
    gst_event_parse_segment(segment.get(), &parsed);
    static_cast<Session *>(user)->firstAudio =
        gst_segment_to_running_time(parsed, GST_FORMAT_TIME, GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info)));
    return GST_PAD_PROBE_REMOVE;
}

GstPadProbeReturn onTranscript(GstPad *, GstPadProbeInfo *info, gpointer user) {
    const std::int64_t now = bench::monotonicNs();
    const GstTranscriptMeta *meta = gst_buffer_get_transcript_meta(GST_PAD_PROBE_INFO_BUFFER(info));
    if (meta)
        static_cast<Session *>(user)->arrivals.push_back({gst_transcript_get_utterance_id(meta->transcript),
                                                          gst_transcript_is_final(meta->transcript) != FALSE,
                                                          gst_transcript_get_end(meta->transcript),
                                                          meta->stamps, now});
    return GST_PAD_PROBE_OK;
}

void watch(Session &session, const char *element, GstPadProbeCallback callback) {
    const ObjectRef<GstElement> owner(gst_bin_get_by_name(GST_BIN(session.pipeline.get()), element));
    const ObjectRef<GstPad> pad(gst_element_get_static_pad(owner.get(), "sink"));
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, callback, &session, nullptr);
}

gboolean onMessage(GstBus *, GstMessage *message, gpointer user) {
    auto *line = static_cast<Line *>(user);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
        ErrorOut error;
        gst_message_parse_error(message, error.out(), nullptr);
        line->fail(std::string(GST_MESSAGE_SRC_NAME(message)) + ": " + error.message());
    } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) {
        line->running--;
        line->endWhenDone();
    }
    return G_SOURCE_CONTINUE;
}

gboolean onInputClosed(gint, GIOCondition, gpointer user) {
    auto *line = static_cast<Line *>(user);
    line->enough = true;
    line->endWhenDone();
    g_timeout_add_seconds(
        kEosLimitSeconds,
        [](gpointer late) -> gboolean {
            static_cast<Line *>(late)->fail("A pipeline saw no EOS.");
            return G_SOURCE_REMOVE;
        },
        line);
    return G_SOURCE_REMOVE;
}

void start(Line &line, const char *description) {
    ErrorOut error;
    Session &session = line.sessions.emplace_back();
    GstElement *parsed =
        gst_parse_launch_full(description, nullptr, GST_PARSE_FLAG_FATAL_ERRORS, error.out());
    if (!parsed)
        return line.fail(std::string(description) + ": " + error.message());
    session.pipeline.reset(GST_ELEMENT(gst_object_ref_sink(parsed)));
    watch(session, "recogniser", onAudio);
    watch(session, "broadcaster", onTranscript);
    const ObjectRef<GstBus> bus(gst_element_get_bus(parsed));
    gst_bus_add_watch(bus.get(), onMessage, &line);
    line.running++;
    if (gst_element_set_state(parsed, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
        line.fail(std::string(description) + ": cannot start");
}

void stop(Session &session) {
    if (!session.pipeline)
        return;
    gst_element_set_state(session.pipeline.get(), GST_STATE_NULL);
    const ObjectRef<GstBus> bus(gst_element_get_bus(session.pipeline.get()));
    gst_bus_remove_watch(bus.get());
}

void print(const Session &session, std::size_t number) {
    for (const Arrival &arrival : session.arrivals)
        std::printf("message %zu %s %d %.6f %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 "\n",
                    number, arrival.utteranceId.c_str(), arrival.isFinal,
                    static_cast<double>(arrival.end - session.firstAudio) / GST_SECOND,
                    arrival.stamps.audio_entered, arrival.stamps.audio_sent, arrival.stamps.received,
                    arrival.stamps.pushed, arrival.reachedNs);
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    Line line;
    line.loop = g_main_loop_new(nullptr, FALSE);
    for (int i = 1; i < argc && !line.failed; i++)
        start(line, argv[i]);
    if (!line.failed) {
        g_print("running\n");
        g_unix_fd_add(0, static_cast<GIOCondition>(G_IO_HUP | G_IO_ERR), onInputClosed, &line);
        g_main_loop_run(line.loop);
    }
    for (std::size_t i = 0; i < line.sessions.size(); i++) {
        stop(line.sessions[i]);
        print(line.sessions[i], i);
    }
    line.sessions.clear();
    g_main_loop_unref(line.loop);
    gst_deinit();
    return line.failed ? 1 : 0;
}
