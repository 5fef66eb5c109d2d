// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/rtmpserversrc/publisher_inbox.h"

#include <string>
#include <thread>

#include <glib.h>

using namespace lt::rtmpserversrc;
using namespace std::chrono_literals;
using lt::rtmp::AfterEnd;
using lt::rtmp::Block;
using lt::rtmp::MediaTag;
using lt::rtmp::PublishEnd;
using lt::rtmp::TimePoint;
using Kind = MediaTag::Kind;

namespace {

const TimePoint kStart{std::chrono::hours(1)};

MediaTag tagOf(Kind kind, std::uint32_t timestamp, TimePoint arrival = kStart, std::size_t size = 4) {
    const std::vector<std::uint8_t> bytes(size, 1);
    Block body(size);
    body.append(bytes);
    return {.kind = kind, .timestamp = timestamp, .arrival = arrival, .body = std::move(body)};
}

MediaTag frameAt(std::uint32_t ms, Kind kind = Kind::Audio) {
    return tagOf(kind, ms, kStart + std::chrono::milliseconds(ms));
}

/// What comes out, in short: "P" published, "e" its end, "E" end of stream, "g1-2" gap, "c" and "m"
/// configuration and metadata, "a12" audio at 12 ms, "k"/"v" video, "!" after what was dropped or a jump.
std::string nextOf(PublisherInbox &inbox) {
    const auto arrival = inbox.next();
    if (!arrival)
        return "-";
    if (std::holds_alternative<Published>(*arrival))
        return "P";
    if (const auto *ended = std::get_if<Ended>(&*arrival))
        return std::string("e") + (ended->lost ? "(" + std::to_string(ended->lost) + ")" : "");
    if (std::holds_alternative<StreamOver>(*arrival))
        return "E";
    if (const auto *gap = std::get_if<Gap>(&*arrival))
        return "g" + std::to_string(gap->fromMs) + "-" + std::to_string(gap->toMs);
    const auto &tag = std::get<Tag>(*arrival);
    const char *names[] = {"a", "c", "v", "k", "C", "m"};
    return names[static_cast<int>(tag.media.kind)] + std::to_string(tag.ms) + (tag.discont ? "!" : "") +
           (tag.lost ? "(" + std::to_string(tag.lost) + ")" : "");
}

/// As the server ends a publisher.
AfterEnd endWith(PublisherInbox &inbox, PublishEnd::Kind kind) {
    const PublishEnd end{kind, ""};
    const auto after = inbox.after(end);
    inbox.ended(end);
    return after;
}

std::string rest(PublisherInbox &inbox) {
    // A marker that always comes out: the end of one more publisher.
    inbox.ended({PublishEnd::Kind::Replaced, "marker"});
    std::string all;
    for (auto next = nextOf(inbox); next != "e"; next = nextOf(inbox))
        all += (all.empty() ? "" : " ") + next;
    return all;
}

} // namespace

static void a_stream_begins_with_its_first_audio_frame() {
    PublisherInbox inbox({});
    inbox.published({1, "peer", ""});
    inbox.media(tagOf(Kind::Metadata, 0));
    inbox.media(tagOf(Kind::AudioConfig, 0));
    inbox.media(tagOf(Kind::Metadata, 0, kStart, 9)); // the newest counts
    inbox.media(frameAt(5000));
    inbox.media(frameAt(5023));
    const auto all = rest(inbox);
    g_assert_cmpstr(all.c_str(), ==, "P c0 m0 a0 a23");
    g_assert_cmpuint(inbox.stats().frames, ==, 2);
}

static void headers_sent_again_do_not_touch_time() {
    PublisherInbox inbox({});
    inbox.media(frameAt(1000));
    inbox.media(tagOf(Kind::AudioConfig, 0));
    inbox.media(tagOf(Kind::AudioConfig, 0));
    inbox.media(frameAt(1023));
    const auto all = rest(inbox);
    g_assert_cmpstr(all.c_str(), ==, "a0 c0 a23");
}

static void the_end_of_a_stream_retires_its_claim() {
    PublisherInbox inbox({});
    inbox.published({1, "peer", ""});
    g_assert_true(endWith(inbox, PublishEnd::Kind::Lost) == AfterEnd::Keep); // without a frame: next, please
    inbox.published({2, "peer", ""});
    inbox.media(frameAt(0));
    inbox.media(frameAt(23));
    g_assert_true(endWith(inbox, PublishEnd::Kind::Clean) == AfterEnd::Retire);
    for (const char *expected : {"P", "e", "P", "a0", "a23", "e", "E"})
        g_assert_true(nextOf(inbox) == expected);
}

static void a_lost_publishers_stream_is_over_when_nobody_comes() {
    PublisherInbox inbox({});
    inbox.published({1, "peer", ""});
    inbox.media(frameAt(0));
    g_assert_true(endWith(inbox, PublishEnd::Kind::Lost) == AfterEnd::Wait);
    inbox.published({2, "peer", ""});
    inbox.media(tagOf(Kind::AudioConfig, 0, kStart + 7s));
    inbox.media(tagOf(Kind::Audio, 0, kStart + 7s)); // starts anew
    inbox.media(tagOf(Kind::Audio, 23, kStart + 7s));
    g_assert_true(endWith(inbox, PublishEnd::Kind::Lost) == AfterEnd::Wait);
    inbox.gone();
    for (const char *expected : {"P", "a0", "e", "P", "c0", "g0-7000", "a7000!", "a7023", "e", "E"})
        g_assert_true(nextOf(inbox) == expected);
    g_assert_cmpuint(inbox.stats().gaps, ==, 1);
    g_assert_cmpuint(inbox.stats().gapMs, ==, 7000);
}

static void an_unsupported_codec_ends_the_stream() {
    PublisherInbox inbox({});
    inbox.published({1, "peer", ""});
    g_assert_true(endWith(inbox, PublishEnd::Kind::Unsupported) == AfterEnd::Keep);
    inbox.published({2, "peer", ""});
    inbox.media(frameAt(0));
    g_assert_true(endWith(inbox, PublishEnd::Kind::Unsupported) == AfterEnd::Retire);
}

static void a_replacement_goes_on_in_the_same_stream() {
    PublisherInbox inbox({});
    inbox.published({1, "one", ""});
    inbox.media(frameAt(0));
    inbox.ended({PublishEnd::Kind::Replaced, ""});
    inbox.published({2, "two", ""});
    inbox.media(tagOf(Kind::AudioConfig, 0));
    inbox.media(tagOf(Kind::Audio, 900000, kStart + 3s));
    inbox.media(tagOf(Kind::Audio, 900023, kStart + 3s));
    for (const char *expected : {"P", "a0", "e", "P", "c0", "g0-3000", "a3000!", "a3023"})
        g_assert_true(nextOf(inbox) == expected);
    g_assert_cmpuint(inbox.stats().disconts, ==, 1);
}

static void a_slow_reader_loses_the_oldest_frames_and_is_told() {
    PublisherInbox inbox({.maxQueue = 100ms});
    inbox.published({1, "peer", ""});
    inbox.media(tagOf(Kind::AudioConfig, 0));
    for (std::uint32_t ms = 0; ms <= 300; ms += 20)
        inbox.media(frameAt(ms));
    g_assert_cmpuint(inbox.stats().queuedMs, ==, 100);
    g_assert_cmpuint(inbox.stats().framesDropped, ==, 10);
    const auto all = rest(inbox);
    g_assert_cmpstr(all.c_str(), ==, "P c0!(10) a200 a220 a240 a260 a280 a300");
}

/// What an encoder kept while its network was away.
static void half_a_minute_that_comes_at_once_is_kept() {
    PublisherInbox inbox({.maxQueue = 1000ms});
    inbox.published({});
    inbox.media(frameAt(0));
    const auto back = kStart + 30s;
    for (std::uint32_t ms = 20; ms <= 30000; ms += 20)
        inbox.media(tagOf(Kind::Audio, ms, back));
    g_assert_cmpuint(inbox.stats().framesDropped, ==, 1); // waited for the half minute, and nobody took it
    g_assert_cmpuint(inbox.stats().queuedMs, ==, 29980);
    inbox.media(tagOf(Kind::Audio, 31000, back + 1000ms));
    g_assert_cmpuint(inbox.stats().framesDropped, ==, 1);
    inbox.media(tagOf(Kind::Audio, 31020, back + 1020ms)); // but it waits too long now
    g_assert_cmpuint(inbox.stats().queuedMs, <=, 1020);
    g_assert_cmpuint(inbox.stats().framesDropped, >, 1400);
}

static void losses_in_a_row_are_told_once_a_second() {
    PublisherInbox inbox({.maxQueue = 100ms});
    std::string told;
    for (std::uint32_t ms = 0; ms < 3000; ms += 20) {
        inbox.media(frameAt(ms));
        if (ms % 200 == 180) {
            const auto next = nextOf(inbox);
            if (next.find('(') != next.npos)
                told += next.substr(next.find('('));
        }
    }
    inbox.ended({PublishEnd::Kind::Clean, ""});
    std::string next;
    do {
        next = nextOf(inbox);
    } while (next[0] != 'e');
    told += next.substr(1);
    g_assert_cmpuint(inbox.stats().framesDropped, ==, 4 + 45 + 45 + 36); // 150, less 15 read and 5 left
    g_assert_cmpstr(told.c_str(), ==, "(4)(45)(45)(36)");
}

static void memory_is_bounded_whatever_the_frames_claim() {
    PublisherInbox inbox({.maxQueue = 60000ms});
    for (int i = 0; i < 100; i++)
        inbox.media(tagOf(Kind::Audio, 0, kStart, 1 << 20));
    g_assert_cmpuint(inbox.stats().framesDropped, ==, 100 - 16);
    for (int i = 0; i < 10000; i++) {
        inbox.published({1, "peer", ""});
        inbox.ended({PublishEnd::Kind::Replaced, ""});
        inbox.media(tagOf(Kind::AudioConfig, 0));
    }
    unsigned news = 0, tags = 0;
    inbox.ended({PublishEnd::Kind::Clean, ""});
    for (auto next = nextOf(inbox); next != "E"; next = nextOf(inbox))
        (next[0] == 'P' || next[0] == 'e' ? news : tags)++;
    g_assert_cmpuint(news, <=, 64);
    PublisherInbox alternating({.maxQueue = 100ms});
    for (std::uint32_t ms = 0; ms < 10000; ms += 20) {
        alternating.media(tagOf(Kind::AudioConfig, 0));
        alternating.media(frameAt(ms));
    }
    const auto all = rest(alternating);
    g_assert_true(all.size() < 120);
    g_assert_cmpuint(tags, <=, 16 + 64);
}

/// A muted microphone is sent as audio like any other: nothing is missing, nothing drifts.
static void ten_minutes_of_silence_are_ten_minutes_of_audio() {
    PublisherInbox inbox(InboxOptions{});
    inbox.published({});
    inbox.media(tagOf(Kind::AudioConfig, 0));
    constexpr std::uint32_t kFrames = 600 * 44100 / 1024;
    const auto msOf = [](std::uint32_t frame) {
        return static_cast<std::uint32_t>(std::uint64_t{frame} * 1024 * 1000 / 44100);
    };
    std::string next = nextOf(inbox);
    g_assert_cmpstr(next.c_str(), ==, "P");
    for (std::uint32_t i = 0; i < kFrames; i++) {
        inbox.media(frameAt(msOf(i)));
        if (i == 0) {
            next = nextOf(inbox);
            g_assert_cmpstr(next.c_str(), ==, "c0");
        }
        const auto expected = "a" + std::to_string(msOf(i));
        next = nextOf(inbox);
        g_assert_cmpstr(next.c_str(), ==, expected.c_str());
    }
    g_assert_cmpuint(inbox.stats().gaps + inbox.stats().disconts + inbox.stats().framesDropped, ==, 0);
    g_assert_cmpuint(inbox.stats().queuedMs, ==, 0);
}

static void metadata_between_frames_does_not_pile_up_nor_touch_them() {
    PublisherInbox read(InboxOptions{}), unread({.maxQueue = 100ms});
    for (std::uint32_t ms = 0; ms < 60000; ms += 20) {
        for (auto *inbox : {&read, &unread}) {
            inbox->media(frameAt(ms));
            for (int i = 0; ms % 100 == 0 && i < 3; i++)
                inbox->media(tagOf(Kind::Metadata, ms, kStart + std::chrono::milliseconds(ms), 500));
        }
        const auto expected = "a" + std::to_string(ms), next = nextOf(read);
        g_assert_cmpstr(next.c_str(), ==, expected.c_str());
        if (ms % 100 == 0) {
            const auto metadata = "m" + std::to_string(ms), after = nextOf(read);
            g_assert_cmpstr(after.c_str(), ==, metadata.c_str()); // the newest of three
        }
    }
    g_assert_cmpuint(rest(unread).size(), <, 120);
}

static void dropped_video_comes_back_with_a_key_frame() {
    PublisherInbox inbox({.wantVideo = true, .maxQueue = 100ms});
    inbox.media(frameAt(0, Kind::Video)); // nothing to decode it with
    inbox.media(frameAt(0, Kind::VideoKey));
    for (std::uint32_t ms = 20; ms <= 120; ms += 20)
        inbox.media(frameAt(ms, Kind::Video));
    inbox.media(frameAt(130));
    inbox.media(frameAt(140, Kind::Video)); // its key frame has gone
    inbox.media(frameAt(160, Kind::VideoKey));
    inbox.media(frameAt(180, Kind::Video));
    const auto all = rest(inbox);
    g_assert_cmpstr(all.c_str(), ==, "a130!(7) k160 v180");
}

static void an_interrupted_reader_returns_at_once() {
    PublisherInbox inbox({});
    std::thread interrupter([&] { inbox.interrupt(true); });
    g_assert_true(nextOf(inbox) == "-");
    interrupter.join();
    inbox.media(frameAt(0));
    g_assert_true(nextOf(inbox) == "-");
    inbox.interrupt(false);
    g_assert_true(nextOf(inbox) == "a0");
}

static void writer_and_reader_meet_without_loss() {
    PublisherInbox inbox({.maxQueue = 60000ms});
    constexpr std::uint32_t kFrames = 2000;
    std::thread writer([&] {
        for (std::uint32_t i = 0; i < kFrames; i++)
            inbox.media(frameAt(i * 20));
        inbox.ended({PublishEnd::Kind::Clean, ""});
    });
    for (std::uint32_t i = 0; i < kFrames; i++)
        g_assert_true(nextOf(inbox) == "a" + std::to_string(i * 20));
    g_assert_true(nextOf(inbox) == "e");
    g_assert_true(nextOf(inbox) == "E");
    writer.join();
}

static void whoever_looks_is_told_of_arrivals_and_of_interruptions_once() {
    PublisherInbox inbox(InboxOptions{});
    int called = 0;
    std::optional<lt::rtmpserversrc::Arrival> news;
    inbox.callWhenWorthALook([&] { called++; });
    g_assert_false(inbox.worthALook(news));
    inbox.published({});
    g_assert_cmpint(called, ==, 1);
    g_assert_true(inbox.worthALook(news));
    g_assert_true(news && std::holds_alternative<lt::rtmpserversrc::Published>(*news));
    news.reset();
    g_assert_false(inbox.worthALook(news));
    inbox.media(frameAt(0));
    g_assert_cmpint(called, ==, 2);
    g_assert_true(inbox.worthALook(news));
    g_assert_false(news.has_value());
    const std::string first = nextOf(inbox);
    g_assert_cmpstr(first.c_str(), ==, "a0");
    inbox.interrupt(true);
    inbox.interrupt(false);
    g_assert_cmpint(called, ==, 3);
    g_assert_true(inbox.worthALook(news));
    g_assert_false(inbox.worthALook(news));
    inbox.callWhenWorthALook({});
    inbox.media(frameAt(23));
    g_assert_cmpint(called, ==, 3);
    g_assert_true(inbox.worthALook(news));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/publisher-inbox/begin", a_stream_begins_with_its_first_audio_frame);
    g_test_add_func("/publisher-inbox/headers", headers_sent_again_do_not_touch_time);
    g_test_add_func("/publisher-inbox/end", the_end_of_a_stream_retires_its_claim);
    g_test_add_func("/publisher-inbox/lost", a_lost_publishers_stream_is_over_when_nobody_comes);
    g_test_add_func("/publisher-inbox/unsupported", an_unsupported_codec_ends_the_stream);
    g_test_add_func("/publisher-inbox/replacement", a_replacement_goes_on_in_the_same_stream);
    g_test_add_func("/publisher-inbox/slow", a_slow_reader_loses_the_oldest_frames_and_is_told);
    g_test_add_func("/publisher-inbox/at-once", half_a_minute_that_comes_at_once_is_kept);
    g_test_add_func("/publisher-inbox/told", losses_in_a_row_are_told_once_a_second);
    g_test_add_func("/publisher-inbox/memory", memory_is_bounded_whatever_the_frames_claim);
    g_test_add_func("/publisher-inbox/silence", ten_minutes_of_silence_are_ten_minutes_of_audio);
    g_test_add_func("/publisher-inbox/metadata", metadata_between_frames_does_not_pile_up_nor_touch_them);
    g_test_add_func("/publisher-inbox/video", dropped_video_comes_back_with_a_key_frame);
    g_test_add_func("/publisher-inbox/interrupt", an_interrupted_reader_returns_at_once);
    g_test_add_func("/publisher-inbox/meet", writer_and_reader_meet_without_loss);
    g_test_add_func("/publisher-inbox/look", whoever_looks_is_told_of_arrivals_and_of_interruptions_once);
    return g_test_run();
}
