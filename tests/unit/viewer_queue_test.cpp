// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/viewer_queue.h"

#include <list>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <glib.h>
#include <sys/uio.h>

using namespace lt;
using namespace lt::broadcast;

namespace {

constexpr std::size_t kFrameSize = 4; // two bytes of header, two of name

struct Held {
    QueueLimits limits;
};

/// A queue with limits and a clock of its own.
class Queue : private Held, public ViewerQueue {
public:
    explicit Queue(std::size_t messages, std::size_t bytes = 1024 * 1024, net::Duration partialAge = {})
        : Held{{messages, bytes, partialAge}}, ViewerQueue(limits) {}

    QueueDrops push(FrameRef frame) { return ViewerQueue::push(std::move(frame), now); }

    net::TimePoint now{std::chrono::seconds(1000)};
};

FrameRef partial(const std::string &name, FrameLabel::Key utterance) {
    return makeFrame(Opcode::Text, name, {FrameClass::Partial, utterance});
}
FrameRef final(const std::string &name, FrameLabel::Key utterance) {
    return makeFrame(Opcode::Text, name, {FrameClass::Final, utterance});
}

/// Names in the order of leaving; nothing is taken.
std::string waiting(const ViewerQueue &queue) {
    std::vector<iovec> entries(1000);
    entries.resize(queue.gather(entries.data(), entries.size()));
    std::string names;
    for (const iovec &entry : entries) {
        const std::string_view bytes(static_cast<const char *>(entry.iov_base), entry.iov_len);
        names += (names.empty() ? "" : " ") + std::string(bytes.substr(bytes.size() - 2));
    }
    return names;
}

void expect(const ViewerQueue &queue, const char *names) {
    const std::string got = waiting(queue);
    g_assert_cmpstr(got.c_str(), ==, names);
}

void a_newer_partial_replaces_the_older_one_of_its_utterance() {
    Queue queue(10);
    queue.push(partial("a1", 1));
    queue.push(partial("b1", 2));
    g_assert_cmpuint(queue.push(partial("a2", 1)).conflated, ==, 1);
    expect(queue, "b1 a2"); // in the order of seq
    g_assert_cmpuint(queue.size(), ==, 2);
}

void a_final_removes_the_partials_of_its_utterance_only() {
    Queue queue(10);
    queue.push(partial("a1", 1));
    queue.push(partial("b1", 2));
    g_assert_cmpuint(queue.push(final("a!", 1)).conflated, ==, 1);
    expect(queue, "b1 a!");
    g_assert_cmpuint(queue.push(final("b!", 2)).conflated, ==, 1);
    expect(queue, "a! b!");
}

void messages_of_no_utterance_are_never_conflated() {
    Queue queue(10);
    queue.push(partial("p1", 0));
    queue.push(partial("p2", 0));
    queue.push(final("f1", 0));
    expect(queue, "p1 p2 f1");
}

void above_the_limit_the_oldest_partial_goes_then_the_oldest_final() {
    Queue queue(3);
    queue.push(final("f1", 1));
    queue.push(partial("p2", 2));
    queue.push(partial("p3", 3));
    g_assert_cmpuint(queue.push(final("f4", 4)).total().partials, ==, 1);
    expect(queue, "f1 p3 f4");
    g_assert_cmpuint(queue.push(final("f5", 5)).total().partials, ==, 1);
    expect(queue, "f1 f4 f5");
    const auto drops = queue.push(final("f6", 6));
    g_assert_cmpuint(drops.total().finals, ==, 1);
    g_assert_cmpuint(drops.total().partials, ==, 0);
    expect(queue, "f4 f5 f6");
    // A partial never pushes out a final.
    g_assert_cmpuint(queue.push(partial("p7", 7)).total().partials, ==, 1);
    expect(queue, "f4 f5 f6");
}

void control_frames_overtake_count_for_nothing_and_replace_each_other() {
    Queue queue(2);
    queue.push(final("f1", 1));
    queue.push(final("f2", 2));
    queue.push(makeControl(Opcode::Ping, "p1"));
    queue.push(makeControl(Opcode::Pong, "o1"));
    queue.push(makeControl(Opcode::Ping, "p2"));
    queue.push(makeControl(Opcode::Pong, "o2"));
    expect(queue, "p2 o2 f1 f2");
    g_assert_cmpuint(queue.size(), ==, 2);
    queue.push(final("f3", 3));
    expect(queue, "p2 o2 f2 f3");
    queue.push(makeClose(1000, "xx"));
    queue.push(makeControl(Opcode::Ping, "p3"));
    expect(queue, "p3 o2 f2 f3 xx");
}

void a_partly_written_frame_is_pinned() {
    Queue queue(2);
    std::vector<std::string> done;
    const auto take = [&](std::size_t bytes) {
        queue.consume(bytes, [&](const Frame &frame) { done.emplace_back(frame.bytes().substr(2)); });
    };
    queue.push(partial("a1", 1));
    queue.push(final("b!", 2));
    take(1);
    g_assert_true(done.empty());
    g_assert_cmpuint(queue.push(partial("a2", 1)).total().partials, ==,
                     1); // a1 is out of reach, the limit is kept
    expect(queue, "a1 b!");
    g_assert_cmpuint(queue.push(final("c!", 3)).total().finals, ==, 1);
    expect(queue, "a1 c!");
    queue.push(makeControl(Opcode::Pong, "o1"));
    expect(queue, "a1 o1 c!");
    take(kFrameSize - 1 + kFrameSize);
    g_assert_cmpuint(done.size(), ==, 2);
    g_assert_cmpstr(done[0].c_str(), ==, "a1");
    expect(queue, "c!");
    take(2);
    g_assert_cmpuint(queue.clear().total().finals, ==, 0);
    expect(queue, "c!");
    take(2);
    g_assert_true(queue.empty());
}

void a_frame_may_enter_when_it_has_begun_to_leave() {
    Queue queue(2);
    queue.pushStarted(partial("a1", 1), 3);
    queue.push(final("a!", 1));
    iovec entries[2];
    g_assert_cmpuint(queue.gather(entries, 2), ==, 2);
    g_assert_cmpuint(entries[0].iov_len, ==, 1);
    g_assert_cmpuint(queue.gather(entries, 1), ==, 1);
    int finished = 0;
    queue.consume(1 + kFrameSize, [&](const Frame &) { finished++; });
    g_assert_cmpint(finished, ==, 2);
    g_assert_true(queue.empty());
}

void clearing_tells_what_was_lost() {
    Queue queue(10);
    queue.push(partial("a1", 1));
    queue.push(final("b!", 2));
    queue.push(final("c!", 3));
    queue.push(makeControl(Opcode::Ping, "p1"));
    queue.push(makeNotice("n1", 7));
    queue.push(makeNotice("n2"));
    const auto drops = queue.clear();
    g_assert_cmpuint(drops.total().partials, ==, 1);
    g_assert_cmpuint(drops.total().finals, ==, 2);
    expect(queue, "n1");
    g_assert_cmpuint(queue.size(), ==, 0);
    queue.push(final("d!", 4));
    expect(queue, "n1 d!");
}

FrameRef message(FrameClass frameClass, FrameLabel::Key utterance, std::uint64_t seq, net::TimePoint queuedAt,
                 std::size_t size = 2) {
    return makeFrame(Opcode::Text, std::string(size, 'm'), {frameClass, utterance, seq, queuedAt, {}});
}

void a_viewer_stalled_for_a_minute_loses_no_final() {
    // 60 s at 20 partials and one final a second, of 300 bytes, with the default limits and ages.
    const QueueLimits defaults;
    Queue queue(defaults.messages, defaults.bytes, defaults.partialAge);
    std::uint64_t seq = 0;
    for (unsigned second = 0; second < 60; second++) {
        for (unsigned i = 0; i < 20; i++) {
            const auto drops = queue.push(message(FrameClass::Partial, second + 1, ++seq, queue.now, 300));
            g_assert_cmpuint(drops.total().finals, ==, 0);
            queue.now += std::chrono::milliseconds(50);
        }
        const auto drops = queue.push(message(FrameClass::Final, second + 1, ++seq, queue.now, 300));
        g_assert_cmpuint(drops.total().finals, ==, 0);
    }
    g_assert_cmpuint(queue.size(), ==, 60);
    std::uint64_t last = 0;
    queue.consume(1000000, [&last](const Frame &frame) {
        g_assert_true(frame.frameClass() == FrameClass::Final);
        last += 21;
        g_assert_cmpuint(frame.label().seq, ==, last);
    });
    g_assert_true(queue.empty());
}

void bytes_are_limited_too_and_what_is_dropped_says_why() {
    Queue queue(100, 1000);
    queue.push(message(FrameClass::Final, 1, 1, queue.now, 396)); // 400 with its header
    queue.push(message(FrameClass::Partial, 2, 2, queue.now, 396));
    g_assert_cmpuint(queue.bytes(), ==, 800);
    g_assert_cmpfloat(queue.fill(), ==, 0.8);
    auto drops = queue.push(message(FrameClass::Final, 3, 3, queue.now, 396));
    g_assert_cmpuint(drops.counts[static_cast<std::size_t>(DropReason::Bytes)].partials, ==, 1);
    g_assert_cmpuint(drops.firstSeq, ==, 2);
    g_assert_cmpuint(drops.lastSeq, ==, 2);
    drops = queue.push(message(FrameClass::Final, 4, 4, queue.now, 796));
    g_assert_cmpuint(drops.counts[static_cast<std::size_t>(DropReason::Bytes)].finals, ==, 2);
    g_assert_cmpuint(drops.firstSeq, ==, 1);
    g_assert_cmpuint(drops.lastSeq, ==, 3);
    g_assert_cmpuint(queue.size(), ==, 1);
    // One that fits nowhere goes itself.
    drops = queue.push(message(FrameClass::Final, 5, 5, queue.now, 2000));
    g_assert_cmpuint(drops.total().finals, ==, 2);
    g_assert_true(queue.empty());
    g_assert_cmpuint(queue.bytes(), ==, 0);
}

void a_partial_that_has_waited_for_too_long_goes_a_final_never() {
    Queue queue(100, 1000000, std::chrono::seconds(3));
    queue.push(message(FrameClass::Partial, 1, 1, queue.now));
    queue.push(message(FrameClass::Final, 2, 2, queue.now));
    queue.now += std::chrono::seconds(2);
    queue.push(message(FrameClass::Partial, 3, 3, queue.now));
    queue.now += std::chrono::seconds(1);
    g_assert_cmpuint(queue.expire(queue.now).total().all(), ==, 0); // 3 s is still allowed
    queue.now += std::chrono::milliseconds(1);
    auto drops = queue.expire(queue.now);
    g_assert_cmpuint(drops.counts[static_cast<std::size_t>(DropReason::Age)].partials, ==, 1);
    g_assert_cmpuint(drops.lastSeq, ==, 1);
    queue.now += std::chrono::hours(1);
    drops = queue.push(message(FrameClass::Final, 4, 4, queue.now));
    g_assert_cmpuint(drops.total().partials, ==, 1);
    g_assert_cmpuint(drops.total().finals, ==, 0);
    g_assert_cmpuint(queue.size(), ==, 2);
}

void notices_are_never_dropped_and_a_newer_one_of_its_key_replaces_the_older() {
    Queue queue(1);
    queue.push(makeNotice("n1", 1));
    queue.push(final("f1", 1));
    queue.push(makeNotice("m1", 2));
    queue.push(makeNotice("n2", 1));
    queue.push(makeNotice("z1"));
    queue.push(makeNotice("z2")); // of no key
    queue.push(final("f2", 2));
    expect(queue, "m1 n2 z1 z2 f2");
    g_assert_cmpuint(queue.size(), ==, 1);
    queue.push(makeControl(Opcode::Ping, "p1"));
    queue.pushFirst(makeNotice("g1", 3));
    expect(queue, "p1 g1 m1 n2 z1 z2 f2");
}

/// The same rules in the plainest form.
struct Model {
    struct Entry {
        std::string name;
        bool partial;
        FrameLabel::Key utterance;
    };
    std::list<Entry> entries;
    bool pinned = false;

    void push(const Entry &entry, std::size_t limit) {
        for (auto i = entries.begin(); i != entries.end();) {
            const bool out =
                i->partial && i->utterance == entry.utterance && !(pinned && i == entries.begin());
            i = out ? entries.erase(i) : std::next(i);
        }
        entries.push_back(entry);
        while (entries.size() > limit && dropOne())
            ;
    }
    bool dropOne() {
        const auto first = pinned ? std::next(entries.begin()) : entries.begin();
        for (auto i = first; i != entries.end(); ++i) {
            if (i->partial) {
                entries.erase(i);
                return true;
            }
        }
        if (first == entries.end())
            return false;
        entries.erase(first);
        return true;
    }
};

void any_order_of_calls_keeps_the_rules() {
    std::mt19937 random(7);
    for (int round = 0; round < 200; round++) {
        const std::size_t limit = 1 + random() % 6;
        Queue queue(limit);
        Model model;
        std::size_t headLeft = kFrameSize;
        for (int step = 0; step < 200; step++) {
            const std::string name{static_cast<char>('a' + random() % 26),
                                   static_cast<char>('0' + random() % 10)};
            if (random() % 3 != 0) {
                const bool isPartial = random() % 3 != 0;
                const FrameLabel::Key utterance = 1 + random() % 4;
                queue.push(isPartial ? partial(name, utterance) : final(name, utterance));
                model.push({name, isPartial, utterance}, limit);
            } else if (!model.entries.empty()) {
                const std::size_t bytes = 1 + random() % headLeft;
                queue.consume(bytes, [](const Frame &) {});
                headLeft -= bytes;
                model.pinned = headLeft > 0;
                if (headLeft == 0) {
                    model.entries.pop_front();
                    headLeft = kFrameSize;
                }
            }
            std::string names;
            bool first = true;
            for (const auto &entry : model.entries) {
                // Of a frame nearly gone only the tail of its name is left to see.
                const std::size_t seen = first && headLeft < 2 ? headLeft : 2;
                names += (first ? "" : " ") + entry.name.substr(2 - seen);
                first = false;
            }
            if (headLeft >= 2)
                expect(queue, names.c_str());
            g_assert_cmpuint(queue.size(), ==, model.entries.size());
        }
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/viewer-queue/replace", a_newer_partial_replaces_the_older_one_of_its_utterance);
    g_test_add_func("/viewer-queue/final", a_final_removes_the_partials_of_its_utterance_only);
    g_test_add_func("/viewer-queue/no-utterance", messages_of_no_utterance_are_never_conflated);
    g_test_add_func("/viewer-queue/limit", above_the_limit_the_oldest_partial_goes_then_the_oldest_final);
    g_test_add_func("/viewer-queue/control",
                    control_frames_overtake_count_for_nothing_and_replace_each_other);
    g_test_add_func("/viewer-queue/pinned", a_partly_written_frame_is_pinned);
    g_test_add_func("/viewer-queue/started", a_frame_may_enter_when_it_has_begun_to_leave);
    g_test_add_func("/viewer-queue/clear", clearing_tells_what_was_lost);
    g_test_add_func("/viewer-queue/stalled", a_viewer_stalled_for_a_minute_loses_no_final);
    g_test_add_func("/viewer-queue/bytes", bytes_are_limited_too_and_what_is_dropped_says_why);
    g_test_add_func("/viewer-queue/age", a_partial_that_has_waited_for_too_long_goes_a_final_never);
    g_test_add_func("/viewer-queue/notices",
                    notices_are_never_dropped_and_a_newer_one_of_its_key_replaces_the_older);
    g_test_add_func("/viewer-queue/random", any_order_of_calls_keeps_the_rules);
    return g_test_run();
}
