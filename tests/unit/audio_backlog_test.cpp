// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/recogniser/audio_backlog.h"

#include <atomic>
#include <chrono>
#include <thread>

#include <glib.h>
#include <gst/gst.h>
#include <malloc.h>

using namespace lt;
using Policy = AudioBacklog::Policy;
using Result = AudioBacklog::Result;

namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr AudioFormat kFormat{Encoding::Pcm, 16000, 1};

/// 100 ms that start at running time `ms`. The bytes themselves do not matter here.
AudioBlock block(std::uint64_t ms, const AudioFormat &format = kFormat) {
    AudioBlock made;
    made.bytes = format.rate / 10 * format.bytesPerFrame();
    made.runningNs = ms * kMs;
    made.format = format;
    return made;
}

} // namespace

static void audio_comes_out_in_order_and_wakes_once() {
    AudioBacklog backlog(10'000 * kMs);
    g_assert_true(backlog.push(block(0), Policy::Block).wasEmpty);
    g_assert_false(backlog.push(block(100), Policy::Block).wasEmpty);
    g_assert_cmpuint(backlog.level().ns, ==, 200 * kMs);
    g_assert_cmpuint(backlog.pop(kFormat)->runningNs, ==, 0);
    g_assert_cmpuint(backlog.pop(kFormat)->runningNs, ==, 100 * kMs);
    g_assert_false(backlog.pop(kFormat).has_value());
    g_assert_true(backlog.push(block(200), Policy::Block).wasEmpty);
}

static void another_format_stays_until_it_is_asked_for() {
    const AudioFormat other{Encoding::Pcm, 48000, 2};
    AudioBacklog backlog(10'000 * kMs);
    backlog.push(block(0), Policy::Block);
    backlog.push(block(100, other), Policy::Block);
    g_assert_true(backlog.headFormat() == kFormat);
    g_assert_false(backlog.pop(other).has_value());
    backlog.pop(kFormat);
    g_assert_true(backlog.headFormat() == other);
    g_assert_false(backlog.pop(kFormat).has_value());
    g_assert_true(backlog.pop(other).has_value());
    g_assert_false(backlog.headFormat().has_value());
}

static void the_oldest_goes_and_its_range_is_told_once() {
    AudioBacklog backlog(300 * kMs);
    for (std::uint64_t ms = 0; ms < 1000; ms += 100)
        g_assert_true(backlog.push(block(ms), Policy::DropOldest).result == Result::Taken);
    g_assert_cmpuint(backlog.level().ns, ==, 300 * kMs);
    g_assert_cmpuint(backlog.level().droppedNs, ==, 700 * kMs);
    const auto lost = backlog.takeLosses();
    g_assert_cmpuint(lost.size(), ==, 1);
    g_assert_true(lost[0].range == (LostRange{0, 700 * kMs}));
    g_assert_true(backlog.takeLosses().empty());
    g_assert_cmpuint(backlog.pop(kFormat)->runningNs, ==, 700 * kMs);
}

static void separate_losses_stay_separate_and_bounded() {
    AudioBacklog backlog(100 * kMs);
    for (std::uint64_t i = 0; i < 1000; i++)
        backlog.push(block(i * 500), Policy::DropOldest);
    const auto lost = backlog.takeLosses();
    g_assert_cmpuint(lost.size(), ==, 64);
    g_assert_true(lost[1].range == (LostRange{500 * kMs, 600 * kMs}));
    g_assert_cmpuint(lost.back().range.endNs, ==, (998 * 500 + 100) * kMs);
}

static void one_block_always_fits() {
    AudioBacklog backlog(1 * kMs);
    g_assert_true(backlog.push(block(0), Policy::Block).result == Result::Taken);
}

static void a_full_backlog_blocks_until_there_is_room() {
    AudioBacklog backlog(200 * kMs);
    std::atomic<std::uint64_t> pushed = 0;
    std::thread producer([&] {
        for (std::uint64_t ms = 0; ms < 10'000; ms += 100) {
            g_assert_true(backlog.push(block(ms), Policy::Block).result == Result::Taken);
            pushed++;
        }
        backlog.end();
    });
    std::uint64_t expected = 0;
    while (!backlog.exhausted()) {
        g_assert_cmpuint(backlog.level().ns, <=, 200 * kMs);
        if (const auto taken = backlog.pop(kFormat)) {
            g_assert_cmpuint(taken->runningNs, ==, expected * 100 * kMs);
            expected++;
        } else {
            std::this_thread::yield();
        }
    }
    producer.join();
    g_assert_cmpuint(expected, ==, 100);
    g_assert_cmpuint(pushed, ==, 100);
    g_assert_cmpuint(backlog.level().droppedNs, ==, 0);
}

static void shutting_frees_a_producer_that_waits() {
    for (const Result result : {Result::Flushing, Result::Failed}) {
        AudioBacklog backlog(100 * kMs);
        backlog.push(block(0), Policy::Block);
        std::atomic<bool> freed = false;
        std::thread producer([&] {
            g_assert_true(backlog.push(block(100), Policy::Block).result == result);
            freed = true;
        });
        backlog.shut(result);
        producer.join();
        g_assert_true(freed);
        g_assert_cmpuint(backlog.level().blocks, ==, 0);
        g_assert_true(backlog.push(block(200), Policy::DropOldest).result == result);
    }
}

static void after_the_end_nothing_is_taken() {
    AudioBacklog backlog(1000 * kMs);
    backlog.push(block(0), Policy::Block);
    backlog.end();
    g_assert_true(backlog.push(block(100), Policy::Block).result == Result::Ended);
    g_assert_false(backlog.exhausted());
    backlog.pop(kFormat);
    g_assert_true(backlog.exhausted());
}

static void what_is_handed_out_stays_until_acknowledged() {
    AudioBacklog backlog(10'000 * kMs);
    for (std::uint64_t ms = 0; ms < 500; ms += 100)
        backlog.push(block(ms), Policy::Block);
    for (int i = 0; i < 3; i++)
        g_assert_true(backlog.next(kFormat, 1 << 20).has_value());
    g_assert_cmpuint(backlog.level().inFlightNs, ==, 300 * kMs);
    backlog.acknowledge(3200 + 1600); // one and a half
    g_assert_cmpuint(backlog.level().bytes.acknowledged, ==, 4800);
    g_assert_cmpuint(backlog.rewind(), ==, 4800);
    const auto again = backlog.next(kFormat, 1 << 20);
    g_assert_cmpuint(again->runningNs, ==, 150 * kMs);
    g_assert_cmpuint(again->offset, ==, 1600);
    g_assert_cmpuint(again->bytes, ==, 1600);
    g_assert_true(backlog.level().bytes.exact());
}

static void what_is_acknowledged_can_be_kept_and_heard_again() {
    AudioBacklog backlog(10'000 * kMs);
    for (std::uint64_t ms = 0; ms < 500; ms += 100)
        backlog.push(block(ms), Policy::Block);
    while (backlog.next(kFormat, 1 << 20))
        ;
    backlog.acknowledge(4 * 3200);
    backlog.trimKept(3200 + 1600);
    g_assert_cmpuint(backlog.replay(), ==, 3200 + 4800);
    g_assert_cmpuint(backlog.next(kFormat, 1 << 20)->runningNs, ==, 250 * kMs);
    const auto bytes = backlog.level().bytes;
    g_assert_true(bytes.exact());
    g_assert_cmpuint(bytes.acknowledged, ==, 4 * 3200 - 4800);
}

static void long_blocks_are_handed_out_in_pieces() {
    AudioBacklog backlog(10'000 * kMs);
    backlog.push(block(0), Policy::Block);
    std::uint64_t next = 0;
    while (const auto piece = backlog.next(kFormat, 1001)) {
        g_assert_cmpuint(piece->bytes, <=, 1000);
        g_assert_cmpuint(piece->offset, ==, next);
        next += piece->bytes;
    }
    g_assert_cmpuint(next, ==, 3200);
    g_assert_cmpuint(backlog.level().ns, ==, 0);
}

static void room_is_for_all_that_is_not_acknowledged() {
    AudioBacklog backlog(300 * kMs);
    for (std::uint64_t ms = 0; ms < 300; ms += 100)
        backlog.push(block(ms), Policy::DropOldest);
    backlog.next(kFormat, 1 << 20);
    backlog.next(kFormat, 1 << 20);
    // What is handed out cannot be dropped: the oldest that waits is.
    g_assert_true(backlog.push(block(300), Policy::DropOldest).losing);
    g_assert_false(backlog.push(block(400), Policy::DropOldest).losing); // not taken notice of yet
    const auto lost = backlog.takeLosses();
    g_assert_cmpuint(lost.size(), ==, 1);
    g_assert_true(lost[0].range == (LostRange{200 * kMs, 400 * kMs}));
    backlog.giveUp(LossReason::NotTaken);
    g_assert_cmpuint(backlog.level().bytes.lost(LossReason::NotTaken), ==, 3 * 3200);
    g_assert_true(backlog.level().bytes.exact());
}

static void memory_is_taken_as_it_fills_and_given_back() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    g_test_skip("sanitizers have an allocator of their own");
#else
    const auto used = [] {
        const auto info = mallinfo2();
        return info.uordblks + info.hblkhd;
    };
    const std::size_t before = used();
    AudioBacklog backlog(120'000 * kMs);
    g_assert_cmpuint(used() - before, <, 4096); // whatever it might hold
    std::size_t filled = 0;
    for (std::uint64_t ms = 0; ms < 300'000; ms += 100) {
        AudioBlock made = block(ms);
        made.buffer.reset(gst_buffer_new_allocate(nullptr, made.bytes, nullptr));
        backlog.push(std::move(made), Policy::DropOldest);
        if (ms < 1000)
            g_assert_cmpuint(used() - before, <, 64 * 1024);
        if (ms == 119'900)
            filled = used() - before;
    }
    g_assert_cmpuint(filled, >, 1200 * 3200);
    g_assert_cmpuint(used() - before, <, filled + 64 * 1024); // three minutes that had no room
    while (backlog.pop(kFormat)) {
    }
    g_assert_cmpuint(used() - before, <, filled / 4); // GLib keeps some of the small pieces
#endif
}

int main(int argc, char **argv) {
    gst_init(nullptr, nullptr);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/audio-backlog/audio comes out in order and wakes once",
                    audio_comes_out_in_order_and_wakes_once);
    g_test_add_func("/audio-backlog/another format stays until it is asked for",
                    another_format_stays_until_it_is_asked_for);
    g_test_add_func("/audio-backlog/the oldest goes and its range is told once",
                    the_oldest_goes_and_its_range_is_told_once);
    g_test_add_func("/audio-backlog/separate losses stay separate and bounded",
                    separate_losses_stay_separate_and_bounded);
    g_test_add_func("/audio-backlog/one block always fits", one_block_always_fits);
    g_test_add_func("/audio-backlog/a full backlog blocks until there is room",
                    a_full_backlog_blocks_until_there_is_room);
    g_test_add_func("/audio-backlog/shutting frees a producer that waits",
                    shutting_frees_a_producer_that_waits);
    g_test_add_func("/audio-backlog/after the end nothing is taken", after_the_end_nothing_is_taken);
    g_test_add_func("/audio-backlog/what is handed out stays until acknowledged",
                    what_is_handed_out_stays_until_acknowledged);
    g_test_add_func("/audio-backlog/what is acknowledged can be kept and heard again",
                    what_is_acknowledged_can_be_kept_and_heard_again);
    g_test_add_func("/audio-backlog/long blocks are handed out in pieces",
                    long_blocks_are_handed_out_in_pieces);
    g_test_add_func("/audio-backlog/room is for all that is not acknowledged",
                    room_is_for_all_that_is_not_acknowledged);
    g_test_add_func("/audio-backlog/memory is taken as it fills and given back",
                    memory_is_taken_as_it_fills_and_given_back);
    return g_test_run();
}
