// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/sphinxtranscriber/decoder_thread.h"

#include "tests/unit/scripted_decoder.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <string>
#include <vector>

#include <gst/gst.h>

using namespace lt;
using namespace lt::sphinx;
using lt::test::ScriptedDecoder;
using Policy = AudioBacklog::Policy;
using Result = AudioBacklog::Result;

namespace {

constexpr std::chrono::seconds kPatience{30};
constexpr std::uint64_t kMs = 1'000'000;

AudioBlock block(std::int16_t word, std::uint64_t startMs, int ms = 100) {
    const std::size_t count = static_cast<std::size_t>(ms) * kRate / 1000;
    AudioBlock made;
    made.bytes = count * sizeof(std::int16_t);
    made.buffer.reset(gst_buffer_new_allocate(nullptr, made.bytes, nullptr));
    const std::vector<std::int16_t> samples(count, word);
    gst_buffer_fill(made.buffer.get(), 0, samples.data(), made.bytes);
    made.runningNs = startMs * kMs;
    made.enteredNs = 1;
    made.format = {Encoding::Pcm, kRate, 1};
    return made;
}

struct Told {
    std::atomic<int> broken = 0;
    std::atomic<int> gaps = 0;
};

struct Line {
    explicit Line(std::uint64_t backlogMs = 10000) {
        SphinxStream::Settings settings;
        settings.epoch = "e";
        settings.language = "xx";
        settings.cutter.partials = false;
        settings.maxBacklogNs = backlogMs * kMs;
        SphinxStream::Callbacks callbacks;
        callbacks.onGap = [told = told](const LostRange &, const std::string &) {
            told->gaps++;
        };
        callbacks.onBroken = [told = told] {
            told->broken++;
        };
        stream = std::make_shared<SphinxStream>(settings, output->open(), callbacks);
    }

    /// Everything up to the end: texts of transcripts, "gap", "end N".
    std::vector<std::string> rest() {
        std::vector<std::string> all;
        for (;;) {
            const auto item = output->pop(std::chrono::duration_cast<std::chrono::milliseconds>(kPatience));
            g_assert_true(item.has_value());
            if (const auto *spoken = std::get_if<SpokenTranscript>(&*item)) {
                const bool gap = spoken->transcript.kind == GST_TRANSCRIPT_KIND_GAP;
                all.push_back(gap ? "gap" : spoken->transcript.text);
                last = spoken->transcript;
            } else if (const auto *end = std::get_if<EndOfTranscripts>(&*item)) {
                all.push_back("end " + std::to_string(end->seqnum));
                return all;
            }
        }
    }

    std::shared_ptr<Told> told = std::make_shared<Told>();
    std::shared_ptr<TranscriptQueue> output = TranscriptQueue::make();
    std::shared_ptr<SphinxStream> stream;
    Transcript last;
};

DecoderThread::Load scripted() {
    return [] {
        return std::make_unique<ScriptedDecoder>();
    };
}

using Words = std::vector<std::string>;

} // namespace

static void all_words_come_before_the_end() {
    DecoderThread thread(scripted());
    Line line;
    thread.serve(line.stream);
    for (int i = 0; i < 50; i++)
        g_assert_true(
            line.stream->push(block(static_cast<std::int16_t>(i + 1), 100u * static_cast<unsigned>(i)),
                              Policy::Block) == Result::Taken);
    line.stream->end(77);
    const auto rest = line.rest();
    g_assert_cmpstr(rest.back().c_str(), ==, "end 77");
    std::string words;
    for (std::size_t i = 0; i + 1 < rest.size(); i++)
        words += rest[i] + " ";
    std::string wanted;
    for (int i = 1; i <= 50; i++)
        wanted += std::to_string(i) + " ";
    g_assert_cmpstr(words.c_str(), ==, wanted.c_str());
    g_assert_cmpuint(line.stream->stats().audioNs, ==, 5000 * kMs);
}

static void transcripts_are_on_the_pipelines_clock() {
    DecoderThread thread(scripted());
    Line line;
    thread.serve(line.stream);
    line.stream->push(block(0, 60000), Policy::Block);
    line.stream->push(block(5, 60100), Policy::Block);
    line.stream->end(1);
    g_assert_true((line.rest() == Words{"5", "end 1"}));
    g_assert_cmpuint(line.last.startNs, ==, 60100 * kMs);
    g_assert_cmpuint(line.last.endNs, ==, 60200 * kMs);
    g_assert_cmpuint(line.last.words.at(0).startNs, ==, 60100 * kMs);
    g_assert_cmpstr(line.last.utteranceId.c_str(), ==, "00_00000001");
    g_assert_cmpstr(line.last.epoch.c_str(), ==, "e");
    g_assert_cmpstr(line.last.language.c_str(), ==, "xx");
}

static void a_hole_separates_utterances() {
    DecoderThread thread(scripted());
    Line line;
    thread.serve(line.stream);
    line.stream->push(block(1, 0), Policy::Block);
    line.stream->push(block(2, 5000), Policy::Block);
    line.stream->end(1);
    g_assert_true((line.rest() == Words{"1", "2", "end 1"}));
    g_assert_cmpuint(line.last.startNs, ==, 5000 * kMs);
}

static void audio_that_is_dropped_becomes_a_gap_between_the_words() {
    std::promise<void> mayLoad;
    DecoderThread thread([&, ready = mayLoad.get_future().share()] {
        ready.wait();
        return std::make_unique<ScriptedDecoder>();
    });
    Line line(300);
    thread.serve(line.stream);
    for (std::int16_t i = 0; i < 10; i++)
        g_assert_true(
            line.stream->push(block(static_cast<std::int16_t>(i + 1), 100u * static_cast<unsigned>(i)),
                              Policy::DropOldest) == Result::Taken);
    mayLoad.set_value();
    line.stream->end(1);
    g_assert_true((line.rest() == Words{"gap", "8 9 10", "end 1"}));
    g_assert_cmpint(line.told->gaps, ==, 1);
    g_assert_cmpuint(line.stream->stats().backlog.droppedNs, ==, 700 * kMs);
}

static void a_full_backlog_blocks_until_the_stream_is_aborted() {
    std::promise<void> mayLoad;
    DecoderThread thread([&, ready = mayLoad.get_future().share()] {
        ready.wait();
        return std::make_unique<ScriptedDecoder>();
    });
    Line line(100);
    thread.serve(line.stream);
    line.stream->push(block(1, 0), Policy::Block);
    auto blocked =
        std::async(std::launch::async, [&] { return line.stream->push(block(2, 100), Policy::Block); });
    line.stream->abort(Result::Flushing);
    g_assert_true(blocked.get() == Result::Flushing);
    mayLoad.set_value();
}

static void a_stream_that_was_aborted_says_nothing_any_more() {
    DecoderThread thread(scripted());
    Line first, second;
    thread.serve(first.stream);
    for (int i = 0; i < 20; i++)
        first.stream->push(block(1, 100u * static_cast<unsigned>(i)), Policy::Block);
    first.stream->end(1);
    first.stream->abort(Result::Flushing);
    first.output->shut();
    const auto again = first.output->open();
    thread.serve(second.stream);
    second.stream->push(block(2, 0), Policy::Block);
    second.stream->end(2);
    g_assert_true((second.rest() == Words{"2", "end 2"}));
    g_assert_cmpuint(second.last.startNs, ==, 0);
    g_assert_false(first.output->pop(std::chrono::milliseconds(0)).has_value());
}

static void without_a_decoder_every_stream_fails() {
    DecoderThread thread([]() -> std::unique_ptr<Decoder> { return nullptr; });
    for (int i = 0; i < 2; i++) {
        Line line;
        thread.serve(line.stream);
        g_assert_true((line.rest() == Words{"end 0"}));
        g_assert_true(line.stream->push(block(1, 0), Policy::Block) != Result::Taken);
        g_assert_cmpint(line.told->broken, ==, 0);
    }
    g_assert_true(thread.state() == DecoderThread::State::Failed);
}

static void a_decoder_that_breaks_is_told_once() {
    Line line;
    {
        DecoderThread thread(scripted());
        thread.serve(line.stream);
        line.stream->push(block(ScriptedDecoder::kPoison, 0), Policy::Block);
        g_assert_true((line.rest() == Words{"end 0"}));
        line.stream->push(block(1, 100), Policy::Block);
        line.stream->end(5);
    }
    g_assert_cmpint(line.told->broken, ==, 1);
}

static void it_ends_with_work_left() {
    Line line(120000);
    DecoderThread thread(scripted());
    thread.serve(line.stream);
    for (int i = 0; i < 200; i++)
        line.stream->push(block(1, 100u * static_cast<unsigned>(i)), Policy::Block);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    g_test_add_func("/decoder_thread/all words come before the end", all_words_come_before_the_end);
    g_test_add_func("/decoder_thread/transcripts are on the pipeline's clock",
                    transcripts_are_on_the_pipelines_clock);
    g_test_add_func("/decoder_thread/a hole separates utterances", a_hole_separates_utterances);
    g_test_add_func("/decoder_thread/audio that is dropped becomes a gap between the words",
                    audio_that_is_dropped_becomes_a_gap_between_the_words);
    g_test_add_func("/decoder_thread/a full backlog blocks until the stream is aborted",
                    a_full_backlog_blocks_until_the_stream_is_aborted);
    g_test_add_func("/decoder_thread/a stream that was aborted says nothing any more",
                    a_stream_that_was_aborted_says_nothing_any_more);
    g_test_add_func("/decoder_thread/without a decoder every stream fails",
                    without_a_decoder_every_stream_fails);
    g_test_add_func("/decoder_thread/a decoder that breaks is told once", a_decoder_that_breaks_is_told_once);
    g_test_add_func("/decoder_thread/it ends with work left", it_ends_with_work_left);
    const int status = g_test_run();
    gst_deinit();
    return status;
}
