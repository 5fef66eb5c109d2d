// SPDX-License-Identifier: LGPL-2.1-or-later
// A stream as an element uses it, between three threads: this one brings the audio, which leaves from it
// whenever it can have the session's turn; the loop has the turn for all that comes back; another thread
// looks at the statistics and changes the heartbeat all the time.
#include "elements/gladiasink/gladia_stream.h"
#include "tests/support/dtmf_tone.h"
#include "tests/support/gladia_emulator/emulator.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include <glib.h>
#include <gst/gst.h>

using namespace lt;
using namespace lt::gladia;

namespace {

constexpr AudioFormat kFormat{Encoding::Pcm, 16000, 1};
constexpr std::size_t kChunk = 320;           // 20 ms
constexpr std::chrono::seconds kPatience{60}; // only ever reached when something hangs
constexpr std::uint64_t kSecond = 1'000'000'000;

class Rig {
public:
    Rig() : queue_(TranscriptQueue::make()) {
        GladiaStream::Settings settings;
        std::string error;
        settings.session.endpoint = *Endpoint::parse(emulator.url(), "", error);
        settings.session.catchupSpeed = 1e6; // the test has no time to lose
        settings.session.maxInFlightNs = 3600 * kSecond;
        settings.session.reconnectMinNs = settings.session.reconnectMaxNs = 10'000'000;
        settings.apiKey = "key";
        GladiaStream::Callbacks callbacks;
        callbacks.onNotice = [this](const Notice &notice) {
            resumed += std::holds_alternative<Resumed>(notice);
        };
        callbacks.onFailed = [](const Failure &failure) {
            g_error("%s", failure.text.c_str());
        };
        stream = std::make_unique<GladiaStream>(std::move(settings), queue_->open(), std::move(callbacks));
        onlooker_ = std::thread([this] { look(); });
    }
    ~Rig() {
        over_ = true;
        onlooker_.join();
        stream->abort(AudioBacklog::Result::Flushing);
        g_assert_true(stream->waitClosed(kPatience));
    }
    Rig(const Rig &) = delete;
    Rig &operator=(const Rig &) = delete;

    AudioBacklog::Result push(const std::int16_t *samples, std::size_t count) {
        AudioBlock block;
        block.bytes = count * 2;
        block.buffer.reset(gst_buffer_new_memdup(samples, block.bytes));
        block.runningNs = kFormat.nsOfFrames(pushed);
        block.enteredNs = static_cast<std::uint64_t>(g_get_monotonic_time()) * 1000;
        block.format = kFormat;
        pushed += count;
        return stream->push(std::move(block), AudioBacklog::Policy::DropOldest);
    }
    void waitUntilAcknowledged() const {
        const auto limit = std::chrono::steady_clock::now() + kPatience;
        while (stream->totals().bytesAcknowledged != pushed * 2) {
            g_assert_true(std::chrono::steady_clock::now() < limit);
            std::this_thread::yield();
        }
    }
    /// The digits of all finals up to the end.
    std::string digits() {
        std::string heard;
        for (;;) {
            const auto item = queue_->pop(kPatience);
            g_assert_true(item.has_value());
            if (std::holds_alternative<EndOfTranscripts>(*item))
                return heard;
            if (const auto *said = std::get_if<SpokenTranscript>(&*item); said->transcript.isFinal)
                std::copy_if(said->transcript.text.begin(), said->transcript.text.end(),
                             std::back_inserter(heard), [](char c) { return c != ' '; });
        }
    }

    emulator::GladiaEmulator emulator;
    std::unique_ptr<GladiaStream> stream;
    std::size_t pushed = 0; // samples
    std::atomic<int> resumed = 0;

private:
    void look() {
        for (unsigned i = 0; !over_; i++) {
            const auto totals = stream->totals();
            g_assert_cmpuint(totals.bytesEntered, ==,
                             totals.bytesQueued + totals.bytesInFlight + totals.bytesAcknowledged +
                                 totals.bytesLost);
            stream->setHeartbeat(i % 2 ? 15 * kSecond : 0, i % 2 ? 45 * kSecond : 0);
            stream->level();
            std::this_thread::yield();
        }
    }

    std::shared_ptr<TranscriptQueue> queue_;
    std::atomic<bool> over_ = false;
    std::thread onlooker_;
};

void what_is_pushed_while_answers_come_is_all_heard() {
    Rig rig;
    const std::string wanted = "159357086420";
    const auto samples = support::makeDtmf(wanted + ",");
    for (std::size_t at = 0; at + kChunk <= samples.size(); at += kChunk)
        g_assert_true(rig.push(samples.data() + at, kChunk) == AudioBacklog::Result::Taken);
    rig.stream->end(7);
    const std::string heard = rig.digits();
    g_assert_cmpstr(heard.c_str(), ==, wanted.c_str());
    const auto totals = rig.stream->totals();
    g_assert_cmpuint(totals.bytesAcknowledged, ==, rig.pushed * 2);
    g_assert_cmpuint(totals.bytesSent, ==, rig.pushed * 2);
}

void a_connection_that_breaks_meanwhile_costs_nothing() {
    Rig rig;
    const std::string wanted = "2580147";
    const auto samples = support::makeDtmf(wanted + ",");
    rig.emulator.addFaults(R"({"faults":[{"do":"drop","atByte":20000},{"do":"drop","atByte":50000}]})");
    for (std::size_t at = 0; at + kChunk <= samples.size(); at += kChunk) {
        rig.push(samples.data() + at, kChunk);
        if (at % (kChunk * 20) == 0)
            rig.waitUntilAcknowledged();
    }
    rig.stream->end(7);
    const std::string heard = rig.digits();
    g_assert_cmpstr(heard.c_str(), ==, wanted.c_str());
    g_assert_cmpint(rig.resumed, ==, 2);
}

void it_may_be_left_while_audio_flows() {
    for (int i = 0; i < 10; i++) {
        Rig rig;
        const std::vector<std::int16_t> silence(kChunk);
        std::thread leaver([&] {
            if (i % 2)
                rig.emulator.waitFor([](const auto &report) { return report.connections > 0; }, kPatience);
            rig.stream->abort(AudioBacklog::Result::Ended);
        });
        while (rig.push(silence.data(), silence.size()) == AudioBacklog::Result::Taken)
            std::this_thread::yield();
        leaver.join();
    }
}

} // namespace

int main(int argc, char **argv) {
    gst_init(nullptr, nullptr);
    g_test_init(&argc, &argv, nullptr);
    const std::pair<const char *, void (*)()> tests[] = {
        {"what is pushed while answers come is all heard", what_is_pushed_while_answers_come_is_all_heard},
        {"a connection that breaks meanwhile costs nothing",
         a_connection_that_breaks_meanwhile_costs_nothing},
        {"it may be left while audio flows", it_may_be_left_while_audio_flows},
    };
    for (const auto &[name, test] : tests)
        g_test_add_func((std::string("/gladia-stream/") + name).c_str(), test);
    const int failed = g_test_run();
    gst_deinit();
    return failed;
}
