// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/recogniser/transcript_queue.h"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <variant>

#include <glib.h>

using namespace lt;

namespace {

constexpr std::uint64_t kMs = 1'000'000;

SpokenTranscript said(const std::string &id, std::uint64_t revision, bool isFinal = false) {
    SpokenTranscript spoken;
    spoken.transcript.utteranceId = id;
    spoken.transcript.revision = revision;
    spoken.transcript.isFinal = isFinal;
    return spoken;
}

} // namespace

static void transcripts_keep_their_order() {
    const auto shared = TranscriptQueue::make();
    TranscriptQueue &queue = *shared;
    auto writer = queue.open();
    writer.push(said("a", 1));
    writer.push(said("a", 2));
    writer.push(said("a", 3, true));
    writer.push(EndOfTranscripts{7});
    for (std::uint64_t revision = 1; revision <= 3; revision++)
        g_assert_cmpuint(
            std::get<SpokenTranscript>(*queue.pop(std::chrono::milliseconds(0))).transcript.revision, ==,
            revision);
    g_assert_cmpuint(std::get<EndOfTranscripts>(*queue.pop(std::chrono::milliseconds(0))).seqnum, ==, 7);
    g_assert_false(queue.pop(std::chrono::milliseconds(0)).has_value());
}

static void when_downstream_lags_partials_give_way() {
    const auto shared = TranscriptQueue::make();
    TranscriptQueue &queue = *shared;
    auto writer = queue.open();
    for (std::uint64_t revision = 1; revision <= 1000; revision++)
        writer.push(said("a", revision));
    writer.push(said("a", 1001, true));
    std::uint64_t last = 0, count = 0;
    while (const auto item = queue.pop(std::chrono::milliseconds(0))) {
        last = std::get<SpokenTranscript>(*item).transcript.revision;
        count++;
    }
    g_assert_cmpuint(last, ==, 1001);
    g_assert_cmpuint(count, ==, TranscriptQueue::kLagItems);
    g_assert_cmpuint(queue.dropped(), ==, 0);
}

static void finals_give_way_only_at_the_bound_and_are_counted() {
    const auto shared = TranscriptQueue::make();
    TranscriptQueue &queue = *shared;
    auto writer = queue.open();
    for (std::uint64_t i = 0; i < TranscriptQueue::kMaxItems + 10; i++)
        writer.push(said(std::to_string(i), 1, true));
    writer.push(EndOfTranscripts{1});
    g_assert_cmpuint(queue.dropped(), ==, 11);
    const auto first = queue.pop(std::chrono::milliseconds(0));
    g_assert_true(std::get<SpokenTranscript>(*first).transcript.utteranceId == "11");
}

static void shutting_frees_the_task_and_forgets_who_is_late() {
    const auto shared = TranscriptQueue::make();
    TranscriptQueue &queue = *shared;
    auto writer = queue.open();
    std::thread task([&] { g_assert_false(queue.pop(std::chrono::hours(1)).has_value()); });
    queue.shut();
    task.join();
    auto next = queue.open();
    writer.push(said("a", 1)); // late: of what was shut
    g_assert_false(queue.pop(std::chrono::milliseconds(0)).has_value());
    next.push(said("b", 1));
    g_assert_true(queue.pop(std::chrono::milliseconds(0)).has_value());
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/transcript-queue/transcripts keep their order", transcripts_keep_their_order);
    g_test_add_func("/transcript-queue/when downstream lags partials give way",
                    when_downstream_lags_partials_give_way);
    g_test_add_func("/transcript-queue/finals give way only at the bound and are counted",
                    finals_give_way_only_at_the_bound_and_are_counted);
    g_test_add_func("/transcript-queue/shutting frees the task and forgets who is late",
                    shutting_frees_the_task_and_forgets_who_is_late);
    return g_test_run();
}
