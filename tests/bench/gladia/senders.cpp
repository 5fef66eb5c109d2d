// SPDX-License-Identifier: LGPL-2.1-or-later
// gladia-senders ENDPOINT SESSIONS FILE [generator]: so many gladiasinks in one process, fed in real time
// with the PCM of FILE over and over, 50 ms at a time, each at its own moment. Ends its sessions when
// standard input is closed, and then says how long chunks took to the socket. With `generator` the audio is
// made, at its moments, and goes nowhere: what that costs is no element's doing.
#include "lib/gst/refs.h"
#include "tests/bench/gladia/socket_stamps.h"
#include "tests/bench/support/monotonic.h"
#include "tests/bench/support/statistics.h"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <poll.h>
#include <unistd.h>

using namespace lt;

namespace {

constexpr std::size_t kChunkBytes = 1600; // 50 ms
constexpr std::int64_t kMs = 1000000;
constexpr std::int64_t kChunkMs = 50;
constexpr std::size_t kApart = 7; // chunks, by which each session is ahead of the one before
constexpr GstClockTime kEndLimit = 30 * GST_SECOND;

/// A gladiasink, and a pad of nobody's that pushes into it as an upstream element's thread would.
class Sender {
public:
    Sender(const char *endpoint, GstClock *clock)
        : element_(make()), bus_(gst_bus_new()), pad_(gst_pad_new("src", GST_PAD_SRC)) {
        g_object_set(element_.get(), "endpoint", endpoint, "api-key", "bench", nullptr);
        gst_element_set_bus(element_.get(), bus_.get());
        gst_element_set_clock(element_.get(), clock);
        gst_element_set_base_time(element_.get(), gst_clock_get_time(clock));
        if (gst_element_set_state(element_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
            throw std::runtime_error("gladiasink does not start");
        const ObjectRef<GstPad> sink(gst_element_get_static_pad(element_.get(), "sink"));
        gst_pad_set_active(pad_.get(), TRUE);
        gst_pad_link(pad_.get(), sink.get());
        gst_pad_push_event(pad_.get(), gst_event_new_stream_start("bench"));
        const CapsRef caps(
            gst_caps_from_string("audio/x-raw,format=S16LE,layout=interleaved,rate=16000,channels=1"));
        gst_pad_push_event(pad_.get(), gst_event_new_caps(caps.get()));
        GstSegment segment;
        gst_segment_init(&segment, GST_FORMAT_TIME);
        gst_pad_push_event(pad_.get(), gst_event_new_segment(&segment));
    }
    ~Sender() {
        gst_element_set_state(element_.get(), GST_STATE_NULL);
        gst_element_set_bus(element_.get(), nullptr);
    }
    Sender(const Sender &) = delete;
    Sender &operator=(const Sender &) = delete;

    void push(BufferRef buffer) {
        GST_BUFFER_PTS(buffer.get()) = at_;
        GST_BUFFER_DURATION(buffer.get()) = kChunkMs * GST_MSECOND;
        at_ += kChunkMs * GST_MSECOND;
        if (gst_pad_push(pad_.get(), buffer.release()) != GST_FLOW_OK)
            fail();
    }
    void end() { gst_pad_push_event(pad_.get(), gst_event_new_eos()); }
    void waitForEnd() {
        const MiniRef<GstMessage> message(gst_bus_timed_pop_filtered(
            bus_.get(), kEndLimit, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
        if (!message)
            throw std::runtime_error("a session did not end");
        if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR)
            fail(message.get());
    }

private:
    static GstElement *make() {
        GstElement *made = gst_element_factory_make("gladiasink", nullptr);
        if (!made)
            throw std::runtime_error("there is no gladiasink: run this in `meson devenv -C build`");
        return GST_ELEMENT(gst_object_ref_sink(made));
    }
    [[noreturn]] void fail() {
        const MiniRef<GstMessage> message(
            gst_bus_timed_pop_filtered(bus_.get(), GST_SECOND, GST_MESSAGE_ERROR));
        fail(message.get());
    }
    [[noreturn]] static void fail(GstMessage *message) {
        ErrorOut error;
        if (message)
            gst_message_parse_error(message, error.out(), nullptr);
        throw std::runtime_error(message ? error.message() : "gladiasink takes no more audio");
    }

    ObjectRef<GstElement> element_;
    ObjectRef<GstBus> bus_;
    ObjectRef<GstPad> pad_;
    GstClockTime at_ = 0;
};

std::vector<std::uint8_t> contentsOf(const char *path) {
    gchar *data = nullptr;
    gsize size = 0;
    ErrorOut error;
    if (!g_file_get_contents(path, &data, &size, error.out()))
        throw std::runtime_error(error.message());
    std::vector<std::uint8_t> bytes(data, data + size - size % kChunkBytes);
    g_free(data);
    if (bytes.empty())
        throw std::runtime_error(std::string(path) + " holds less than 50 ms");
    return bytes;
}

bool inputIsClosed() {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    return poll(&input, 1, 0) > 0;
}

/// The chunk after so many others of one session.
BufferRef makeChunk(const std::vector<std::uint8_t> &audio, std::size_t session, std::size_t round,
                    bench::SocketStamps &stamps) {
    const std::size_t at = (round + session * kApart) * kChunkBytes % audio.size();
    BufferRef buffer(gst_buffer_new_memdup(audio.data() + at, kChunkBytes));
    GstMapInfo map;
    gst_buffer_map(buffer.get(), &map, GST_MAP_WRITE);
    stamps.enter(session, map.data);
    gst_buffer_unmap(buffer.get(), &map);
    return buffer;
}

/// One thread feeds all: `take` is called with the number of a session and its chunk. Each session's chunks
/// come at a millisecond of its own in every 50, and no two speak in chorus.
template <typename Take>
void stream(std::size_t sessions, const std::vector<std::uint8_t> &audio, bench::SocketStamps &stamps,
            const Take &take) {
    const std::int64_t begin = bench::monotonicNs();
    for (std::size_t round = 0; !inputIsClosed(); round++) {
        for (std::size_t i = 0; i < sessions; i++) {
            const auto slot = static_cast<std::int64_t>(i * kChunkMs / sessions);
            // To sleep until a moment that has passed costs as much as any other sleep.
            const std::int64_t due = begin + (static_cast<std::int64_t>(round) * kChunkMs + slot) * kMs;
            if (due > bench::monotonicNs())
                bench::sleepUntilNs(due);
            take(i, makeChunk(audio, i, round, stamps));
        }
    }
}

void sayRunning() {
    std::printf("running\n");
    std::fflush(stdout);
}

void streamToGladiasinks(const char *endpoint, std::size_t sessions, const std::vector<std::uint8_t> &audio,
                         bench::SocketStamps &stamps) {
    const ObjectRef<GstClock> clock(gst_system_clock_obtain());
    std::vector<std::unique_ptr<Sender>> senders;
    for (std::size_t i = 0; i < sessions; i++)
        senders.push_back(std::make_unique<Sender>(endpoint, clock.get()));
    sayRunning();
    stream(sessions, audio, stamps,
           [&](std::size_t i, BufferRef chunk) { senders[i]->push(std::move(chunk)); });
    for (const auto &sender : senders)
        sender->end();
    for (const auto &sender : senders)
        sender->waitForEnd();
    const auto took = stamps.take();
    std::printf("chunks %zu\nchunk-to-socket-p50-us %.1f\nchunk-to-socket-p99-us %.1f\n", took.size(),
                bench::percentile(took, 0.5), bench::percentile(took, 0.99));
}

} // namespace

int main(int argc, char **argv) try {
    gst_init(nullptr, nullptr);
    const bool generatorOnly = argc == 5 && std::string(argv[4]) == "generator";
    const int number = argc == 4 || generatorOnly ? std::atoi(argv[2]) : 0;
    if (number < 1 || number > 250) {
        std::fprintf(stderr, "gladia-senders wants an endpoint, 1 to 250 sessions, and a file of PCM.\n");
        return 2;
    }
    const auto sessions = static_cast<std::size_t>(number);
    const auto audio = contentsOf(argv[3]);
    bench::SocketStamps stamps(sessions, kChunkBytes);
    if (generatorOnly) {
        sayRunning();
        stream(sessions, audio, stamps, [](std::size_t, const BufferRef &) {});
    } else {
        streamToGladiasinks(argv[1], sessions, audio, stamps);
    }
    return 0;
} catch (const std::exception &error) {
    std::fprintf(stderr, "gladia-senders: %s\n", error.what());
    return 1;
}
