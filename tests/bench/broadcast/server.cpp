// SPDX-License-Identifier: LGPL-2.1-or-later
// broadcast-server: transcriptbroadcast, fed by lines of standard input; properties as NAME=VALUE arguments.
// Says "port N" when it listens, and at the end how long handing a message over took: one that is parsed
// already, as those of the recogniser elements are, and beside that the parsing.
#include "lib/gst/refs.h"
#include "lib/livetranscript/livetranscript.h"
#include "tests/bench/support/monotonic.h"
#include "tests/bench/support/statistics.h"

#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

using namespace lt;

namespace {

/// A pad of nobody's that pushes into the element: what an upstream element's thread would do.
class Feed {
public:
    explicit Feed(GstElement *element) : pad_(gst_pad_new("src", GST_PAD_SRC)) {
        const ObjectRef<GstPad> sink(gst_element_get_static_pad(element, "sink"));
        gst_pad_set_active(pad_.get(), TRUE);
        gst_pad_link(pad_.get(), sink.get());
        gst_pad_push_event(pad_.get(), gst_event_new_stream_start("bench"));
        gst_pad_push_event(pad_.get(), gst_event_new_caps(caps_.get()));
        GstSegment segment;
        gst_segment_init(&segment, GST_FORMAT_TIME);
        gst_pad_push_event(pad_.get(), gst_event_new_segment(&segment));
    }

    void push(std::string_view line) {
        BufferRef buffer(gst_buffer_new_allocate(nullptr, line.size(), nullptr));
        gst_buffer_fill(buffer.get(), 0, line.data(), line.size());
        const std::int64_t before = bench::monotonicNs();
        GstTranscript *transcript = gst_transcript_from_buffer(buffer.get(), caps_.get(), nullptr);
        const std::int64_t parsed = bench::monotonicNs();
        gst_buffer_add_transcript_meta(buffer.get(), transcript, nullptr);
        gst_transcript_unref(transcript);
        const std::int64_t begin = bench::monotonicNs();
        gst_pad_push(pad_.get(), buffer.release());
        handedOverUs_.push_back(static_cast<double>(bench::monotonicNs() - begin) * 1e-3);
        parsedUs_.push_back(static_cast<double>(parsed - before) * 1e-3);
    }

    void report() const {
        const std::pair<const char *, const std::vector<double> &> all[] = {{"hand-over", handedOverUs_},
                                                                            {"parsing", parsedUs_}};
        for (const auto &[name, us] : all)
            std::printf("%s-p50-us %.2f\n%s-p99-us %.2f\n", name, bench::percentile(us, 0.5), name,
                        bench::percentile(us, 0.99));
    }

private:
    const CapsRef caps_{gst_caps_from_string("application/x-json,format=transcript")};
    ObjectRef<GstPad> pad_;
    std::vector<double> handedOverUs_, parsedUs_;
};

void feedFromInput(Feed &feed) {
    std::string pending;
    std::array<char, 65536> buffer;
    for (ssize_t got; (got = read(STDIN_FILENO, buffer.data(), buffer.size())) > 0;) {
        pending.append(buffer.data(), static_cast<std::size_t>(got));
        std::size_t from = 0;
        for (std::size_t end; (end = pending.find('\n', from)) != pending.npos; from = end + 1)
            feed.push(std::string_view(pending).substr(from, end - from));
        pending.erase(0, from);
    }
}

bool setProperty(GstElement *element, std::string_view argument) {
    const auto equals = argument.find('=');
    if (equals == argument.npos)
        return false;
    gst_util_set_object_arg(G_OBJECT(element), std::string(argument.substr(0, equals)).c_str(),
                            std::string(argument.substr(equals + 1)).c_str());
    return true;
}

} // namespace

int main(int argc, char **argv) {
    gst_init(nullptr, nullptr);
    GstElement *made = gst_element_factory_make("transcriptbroadcast", nullptr);
    if (!made) {
        std::fprintf(stderr, "There is no transcriptbroadcast: run this in `meson devenv -C build`.\n");
        return 1;
    }
    const ObjectRef<GstElement> element(GST_ELEMENT(gst_object_ref_sink(made)));
    g_object_set(element.get(), "session", "bench", "port", 0u, nullptr);
    for (int i = 1; i < argc; i++)
        if (!setProperty(element.get(), argv[i])) {
            std::fprintf(stderr, "\"%s\" is not NAME=VALUE.\n", argv[i]);
            return 2;
        }
    if (gst_element_set_state(element.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
        return 1;
    guint port = 0;
    g_object_get(element.get(), "current-port", &port, nullptr);
    std::printf("port %u\n", port);
    std::fflush(stdout);
    {
        Feed feed(element.get());
        feedFromInput(feed);
        feed.report();
    }
    gst_element_set_state(element.get(), GST_STATE_NULL);
    return 0;
}
