// SPDX-License-Identifier: LGPL-2.1-or-later
// ingest-line: runs each pipeline description given in one process, one pipeline per session. Says "running"
// on stdout when all are set to PLAYING. Ends when standard input has been closed and all have seen EOS, for
// which it waits a few seconds. Without a description it is the empty process to compare with.
#include "lib/gst/refs.h"

#include <vector>

#include <glib-unix.h>

using namespace lt;

namespace {

struct Line {
    GMainLoop *loop = nullptr;
    std::vector<ObjectRef<GstElement>> pipelines;
    std::size_t running = 0;
    bool enough = false; // standard input is closed
    bool failed = false;

    void endWhenDone() const {
        if (enough && running == 0)
            g_main_loop_quit(loop);
    }
};

constexpr guint kEosLimitSeconds = 5;

gboolean onMessage(GstBus *, GstMessage *message, gpointer user) {
    auto *line = static_cast<Line *>(user);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
        ErrorOut error;
        gchar *raw = nullptr;
        gst_message_parse_error(message, error.out(), &raw);
        const CharPtr detail(raw);
        g_printerr("%s: %s (%s)\n", GST_MESSAGE_SRC_NAME(message), error.message(),
                   detail ? detail.get() : "no detail");
        line->failed = true;
        g_main_loop_quit(line->loop);
    } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) {
        line->running--;
        line->endWhenDone();
    }
    return G_SOURCE_CONTINUE;
}

gboolean onEosLimit(gpointer user) {
    auto *line = static_cast<Line *>(user);
    g_printerr("%zu pipelines saw no EOS.\n", line->running);
    line->failed = true;
    g_main_loop_quit(line->loop);
    return G_SOURCE_REMOVE;
}

gboolean onInputClosed(gint, GIOCondition, gpointer user) {
    auto *line = static_cast<Line *>(user);
    line->enough = true;
    line->endWhenDone();
    g_timeout_add_seconds(kEosLimitSeconds, onEosLimit, line);
    return G_SOURCE_REMOVE;
}

bool start(Line &line, const char *description) {
    ErrorOut error;
    GstElement *parsed =
        gst_parse_launch_full(description, nullptr, GST_PARSE_FLAG_FATAL_ERRORS, error.out());
    if (!parsed) {
        g_printerr("%s: %s\n", description, error.message());
        return false;
    }
    line.pipelines.emplace_back(GST_ELEMENT(gst_object_ref_sink(parsed)));
    const ObjectRef<GstBus> bus(gst_element_get_bus(parsed));
    gst_bus_add_watch(bus.get(), onMessage, &line);
    line.running++;
    if (gst_element_set_state(parsed, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE)
        return true;
    g_printerr("%s: cannot start\n", description);
    return false;
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    Line line;
    line.loop = g_main_loop_new(nullptr, FALSE);
    for (int i = 1; i < argc && !line.failed; i++)
        line.failed = !start(line, argv[i]);
    if (!line.failed) {
        g_print("running\n");
        g_unix_fd_add(0, static_cast<GIOCondition>(G_IO_HUP | G_IO_ERR), onInputClosed, &line);
        g_main_loop_run(line.loop);
    }
    for (auto &pipeline : line.pipelines) {
        gst_element_set_state(pipeline.get(), GST_STATE_NULL);
        const ObjectRef<GstBus> bus(gst_element_get_bus(pipeline.get()));
        gst_bus_remove_watch(bus.get());
    }
    line.pipelines.clear();
    g_main_loop_unref(line.loop);
    gst_deinit();
    return line.failed ? 1 : 0;
}
