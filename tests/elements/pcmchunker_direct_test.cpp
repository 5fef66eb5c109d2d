// SPDX-License-Identifier: LGPL-2.1-or-later
// Who pushes: the thread that brings the audio, while downstream is quick, or the source pad's task.
#include "tests/elements/pcmchunker_rig.h"

#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

using namespace chunker_test;

namespace {

/// Sees what leaves the element, on the thread that pushes it.
class Door {
public:
    explicit Door(Rig &rig) : rig_(rig), pad_(gst_element_get_static_pad(rig.h->element, "src")) {
        id_ = gst_pad_add_probe(
            pad_.get(), GST_PAD_PROBE_TYPE_DATA_DOWNSTREAM,
            [](GstPad *, GstPadProbeInfo *info, gpointer self) {
                static_cast<Door *>(self)->leaves(info);
                return GST_PAD_PROBE_OK;
            },
            this, nullptr);
    }
    ~Door() { gst_pad_remove_probe(pad_.get(), id_); }
    Door(const Door &) = delete;
    Door &operator=(const Door &) = delete;

    /// Full chunks until one leaves on this thread. Another that shares the processor may make a push slow,
    /// so that their number says nothing.
    void untilDirect() {
        do {
            pushFull();
            rig_.expect(50, next_ - 50 * GST_MSECOND);
        } while (thread() != std::this_thread::get_id());
    }
    void pushFull() { push(50); }
    GstFlowReturn push(double ms) {
        const auto pts = next_;
        next_ += static_cast<GstClockTime>(ms * 1e6);
        return rig_.push(ms, pts);
    }
    GstClockTime next() const { return next_; }

    /// Chunks are held from now on, or let go.
    void hold(bool held) {
        std::lock_guard lock(mutex_);
        hold_ = held;
        changed_.notify_all();
    }
    void untilHeld() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return held_; });
    }
    std::thread::id thread() {
        std::lock_guard lock(mutex_);
        return thread_;
    }
    pid_t taskId() {
        std::lock_guard lock(mutex_);
        return task_;
    }
    std::vector<std::string> takeOrder() {
        std::lock_guard lock(mutex_);
        return std::exchange(order_, {});
    }

private:
    void leaves(GstPadProbeInfo *info) {
        std::unique_lock lock(mutex_);
        if (!(GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER)) {
            order_.push_back(GST_EVENT_TYPE_NAME(GST_PAD_PROBE_INFO_EVENT(info)));
            task_ = gettid(); // events leave from there alone
            return;
        }
        order_.push_back(std::to_string(GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info)) / GST_MSECOND));
        thread_ = std::this_thread::get_id();
        held_ = hold_;
        changed_.notify_all();
        changed_.wait(lock, [&] { return !hold_; });
        held_ = false;
    }

    Rig &rig_;
    ObjectRef<GstPad> pad_;
    gulong id_;
    GstClockTime next_ = 0;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool hold_ = false, held_ = false;
    std::thread::id thread_;
    pid_t task_ = 0;
    std::vector<std::string> order_;
};

std::uint64_t voluntarySwitches(pid_t thread) {
    std::ifstream status("/proc/self/task/" + std::to_string(thread) + "/status");
    for (std::string line; std::getline(status, line);) {
        constexpr std::string_view kName = "voluntary_ctxt_switches:";
        if (line.starts_with(kName))
            return std::stoull(line.substr(kName.size()));
    }
    g_assert_not_reached();
}

void newSegment(Rig &rig) {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    rig.event(gst_event_new_segment(&segment));
}

/// Longer than a push may take that counts as quick.
void letAPushBecomeSlow() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
    while (std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
}

} // namespace

static void chunks_and_events_keep_their_order_whoever_pushes() {
    Rig rig;
    Door door(rig);
    door.untilDirect();
    rig.settle();
    door.takeOrder();
    std::vector<std::string> wanted;
    for (guint i = 0; i < 300; i++) {
        const bool event = i % 16 == 3, rest = i % 16 == 9;
        wanted.push_back(std::to_string(door.next() / GST_MSECOND));
        door.pushFull();
        if (rest) { // leaves before the event
            wanted.push_back(std::to_string(door.next() / GST_MSECOND));
            door.push(10);
        }
        if (event || rest) {
            wanted.push_back("custom-downstream");
            rig.event(customEvent(GST_EVENT_CUSTOM_DOWNSTREAM).release());
        }
    }
    rig.settle();
    wanted.push_back("tag");
    const auto order = door.takeOrder();
    g_assert_cmpuint(order.size(), ==, wanted.size());
    g_assert_true(order == wanted);
    g_assert_cmpuint(rig.stat("bytes-out"), ==, rig.stat("bytes-in"));
    g_assert_cmpuint(rig.stat("discontinuities"), ==, 1);
}

static void the_task_sleeps_while_audio_comes() {
    Rig rig(kCaps, Rig::Clock::None);
    gst_harness_use_systemclock(rig.h);
    gst_harness_set_drop_buffers(rig.h, TRUE);
    rig.set("flush-ms", 1000);
    Door door(rig);
    // A busy machine may make a push slow in one round or another.
    for (guint round = 0;; round++) {
        g_assert_cmpuint(round, <, 200);
        for (guint i = 0; i < 20; i++)
            door.push(21);
        rig.settle();
        door.push(21); // a first deadline for the timer, perhaps
        const auto before = voluntarySwitches(door.taskId());
        for (guint i = 0; i < 100; i++) // two of three leave something that has a deadline
            door.push(21);
        if (voluntarySwitches(door.taskId()) - before <= 2)
            break;
    }
}

static void a_slow_consumer_moves_the_stream_to_the_queue() {
    Rig rig;
    Door door(rig);
    door.untilDirect();
    std::atomic<bool> ended = false;
    door.hold(true);
    auto pushing = std::async(std::launch::async, [&] {
        door.pushFull();
        ended = true;
        return std::this_thread::get_id();
    });
    door.untilHeld();
    const bool direct = !ended;
    letAPushBecomeSlow();
    door.hold(false);
    const auto pusher = pushing.get();
    g_assert_true(!direct || door.thread() == pusher);
    rig.expect(50, door.next() - 50 * GST_MSECOND);

    const auto first = door.next();
    door.hold(true);
    for (guint i = 0; i < 5; i++) // one is held, four wait: nobody is kept waiting for it
        door.pushFull();
    door.untilHeld();
    g_assert_true(door.thread() != std::this_thread::get_id());
    g_assert_cmpuint(rig.stat("queued-ms"), ==, 200);
    letAPushBecomeSlow();
    door.hold(false);
    for (guint i = 0; i < 5; i++)
        rig.expect(50, first + i * 50 * GST_MSECOND);
    door.untilDirect(); // and back, when it is quick again
}

static void a_flush_ends_a_direct_push_and_the_stream_begins_anew() {
    for (guint round = 0; round < 20; round++) {
        Rig rig;
        Door door(rig);
        door.untilDirect();
        {
            Block block(rig.h);
            auto pushing = std::async(std::launch::async, [&] {
                while (door.push(20) == GST_FLOW_OK)
                    continue;
            });
            block.untilBlocked();
            rig.event(gst_event_new_flush_start());
            pushing.get();
        }
        rig.event(gst_event_new_flush_stop(TRUE));
        newSegment(rig);
        while (BufferRef old{gst_harness_try_pull(rig.h)})
            ;
        rig.push(55, 9 * GST_SECOND);
        rig.expectDiscont(true, 50, 9 * GST_SECOND);
        g_assert_cmpuint(rig.stat("queued-ms"), ==, 0);
    }
}

static void states_change_in_the_middle_of_a_direct_push() {
    for (const auto state : {GST_STATE_PAUSED, GST_STATE_READY, GST_STATE_NULL}) {
        Rig rig;
        Door door(rig);
        door.untilDirect();
        std::future<void> pushing;
        {
            Block block(rig.h);
            pushing = std::async(std::launch::async, [&] {
                while (door.push(20) == GST_FLOW_OK)
                    continue;
            });
            block.untilBlocked();
            g_assert_cmpint(gst_element_set_state(rig.h->element, state), ==, GST_STATE_CHANGE_SUCCESS);
        }
        gst_element_set_state(rig.h->element, GST_STATE_NULL);
        pushing.get();
        gst_element_set_state(rig.h->element, GST_STATE_PLAYING);
        restartStream(rig.h);
        rig.push(50, 7 * GST_SECOND);
        BufferRef last;
        do { // what left before is still there
            last.reset(gst_harness_pull(rig.h));
            g_assert_nonnull(last.get());
        } while (GST_BUFFER_PTS(last.get()) != 7 * GST_SECOND);
        g_assert_true(GST_BUFFER_IS_DISCONT(last.get()));
    }
}

static void outside_playing_the_task_pushes() {
    Rig rig;
    Door door(rig);
    door.untilDirect();
    gst_element_set_state(rig.h->element, GST_STATE_PAUSED);
    for (guint i = 0; i < 20; i++) {
        door.pushFull();
        rig.expect(50, door.next() - 50 * GST_MSECOND);
        g_assert_true(door.thread() != std::this_thread::get_id());
    }
    gst_element_set_state(rig.h->element, GST_STATE_PLAYING);
    door.untilDirect();
}

static void what_a_direct_push_is_told_goes_back() {
    static std::atomic<GstFlowReturn> answer; // a chain function has no place for more
    answer = GST_FLOW_OK;
    Rig rig;
    Door door(rig);
    door.untilDirect();
    gst_pad_set_chain_function(rig.h->sinkpad, [](GstPad *, GstObject *, GstBuffer *buffer) {
        gst_buffer_unref(buffer);
        return answer.load();
    });
    answer = GST_FLOW_ERROR;
    while (door.push(20) == GST_FLOW_OK)
        continue;
    g_assert_cmpint(door.push(20), ==, GST_FLOW_ERROR);
    rig.event(gst_event_new_eos());
    rig.untilEvent(GST_EVENT_EOS);
    rig.message(GST_MESSAGE_ERROR, false); // upstream has heard it
}

static void the_deadline_moves_with_the_audio_and_is_met() {
    Rig rig;
    Door door(rig);
    door.untilDirect();
    const auto first = door.next();
    door.push(10);
    g_assert_true(gst_harness_wait_for_clock_id_waits(rig.h, 1, 60)); // for 50 ms
    rig.setTime(26);
    door.push(10);
    rig.expect(20, first);
    rig.setTime(46);
    door.push(10); // for 96 ms
    ObjectRef<GstTestClock> clock(gst_harness_get_testclock(rig.h));
    while (gst_clock_get_time(GST_CLOCK(clock.get())) < 96 * GST_MSECOND)
        g_assert_true(gst_harness_crank_single_clock_wait(rig.h));
    rig.expect(10, first + 20 * GST_MSECOND);
    g_assert_cmpuint(gst_clock_get_time(GST_CLOCK(clock.get())), ==, 96 * GST_MSECOND);
    rig.settle();
    g_assert_cmpuint(rig.timers(), ==, 0);
}

static void the_system_clocks_deadline_is_met_and_never_early() {
    Rig rig(kCaps, Rig::Clock::None);
    gst_harness_use_systemclock(rig.h);
    rig.set("flush-ms", 1000);
    rig.push(5, 0); // the first waits for nothing
    rig.expect(5, 0);
    restartStream(rig.h);
    Door door(rig);
    for (guint round = 0; round < 5; round++) {
        door.untilDirect();
        const auto before = std::chrono::steady_clock::now();
        const auto timers = rig.stat("timer-chunks"), start = door.next();
        door.push(10);
        door.push(10);
        BufferRef chunk(gst_harness_pull(rig.h));
        g_assert_nonnull(chunk.get());
        g_assert_cmpuint(GST_BUFFER_PTS(chunk.get()), ==, start);
        const auto waited = std::chrono::steady_clock::now() - before;
        if (rig.stat("timer-chunks") > timers) // not so when the machine stood still for a second
            g_assert_true(waited >= std::chrono::milliseconds(50));
        rig.event(customEvent(GST_EVENT_CUSTOM_DOWNSTREAM).release()); // lets a rest leave
        rig.settle();
        while (BufferRef rest{gst_harness_try_pull(rig.h)})
            ;
    }
    g_assert_cmpuint(rig.stat("timer-chunks"), >, 0);
}

void chunker_test::addDirectTests() {
    const auto add = [](const char *name, GTestFunc test) {
        g_test_add_func((std::string("/pcmchunker/direct/") + name).c_str(), test);
    };
    add("order", chunks_and_events_keep_their_order_whoever_pushes);
    add("sleep", the_task_sleeps_while_audio_comes);
    add("slow", a_slow_consumer_moves_the_stream_to_the_queue);
    add("flush", a_flush_ends_a_direct_push_and_the_stream_begins_anew);
    add("states", states_change_in_the_middle_of_a_direct_push);
    add("paused", outside_playing_the_task_pushes);
    add("flow", what_a_direct_push_is_told_goes_back);
    add("deadline", the_deadline_moves_with_the_audio_and_is_met);
    add("system-clock", the_system_clocks_deadline_is_met_and_never_early);
}
