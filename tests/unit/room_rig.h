// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/room.h"
#include "tests/support/raw_viewer.h"

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <glib.h>

/// What the tests of rooms share.
namespace room_test {

using namespace lt;
using namespace lt::broadcast;
using lt::test::RawViewer;

inline constexpr std::int64_t kUnixMs = 1767225600123;
inline constexpr unsigned kText = 1, kClose = 8, kPing = 9, kPong = 10;

/// A room on a loop of its own, with a clock that stands still until it is moved.
class Rig : private RoomListener {
public:
    explicit Rig(RoomSettings settings = {}, unsigned threads = 1) {
        Room::Loops loops{loop_};
        while (loops.size() < threads)
            loops.push_back(std::make_shared<net::EventLoop>("test more"));
        onLoop([&] {
            room_ = std::make_shared<Room>(loops, "demo", settings, counts, registry,
                                           static_cast<RoomListener &>(*this),
                                           Environment{[this] { return now_.load(); }, [] { return kUnixMs; },
                                                       [this] {
                                                           return ++lastRandom_;
                                                       }});
            room_->setState(RoomState::Live);
        });
    }
    ~Rig() override { endRoom(); }

    void endRoom() {
        onLoop([this] {
            if (room_)
                room_->end({1001, "test over", Departure::Shutdown});
            room_.reset();
        });
    }

    void onLoop(const std::function<void()> &call) { loop_->runSync(call); }
    net::TimePoint now() const { return now_; } // on the loop
    void advance(net::Duration by) {
        onLoop([&] {
            now_ = now_.load() + by;
            room_->tick();
        });
    }
    RawViewer &join(ViewerForm form = ViewerForm::V1, const std::string &early = "") {
        ViewerProfile profile;
        profile.form = form;
        return join(std::move(profile), early);
    }
    RawViewer &join(ViewerProfile profile, const std::string &early = "") {
        RawViewer &viewer = viewers_.emplace_back();
        onLoop([&] { room_->addViewer({viewer.takeServerEnd(), early, "peer"}, std::move(profile)); });
        return viewer;
    }
    void publish(std::vector<Transcript> transcripts) {
        std::vector<RoomMessage> messages;
        for (auto &transcript : transcripts)
            messages.push_back({makeTranscript(std::move(transcript)), now_.load()});
        onLoop([&] { room_->publish(messages); });
    }
    void withRoom(const std::function<void(Room &)> &call) {
        onLoop([&] { call(*room_); });
    }
    /// Why viewers went, in order: "closed lost".
    void expectDepartures(const char *wanted) {
        std::string got;
        onLoop([&] { got = departures_; });
        g_assert_cmpstr(got.c_str(), ==, wanted);
    }
    /// Waits until the loop has seen what clients did.
    void waitUntil(const std::function<bool()> &holds) {
        const gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
        bool reached = false;
        while (!reached) {
            g_assert_cmpint(g_get_monotonic_time(), <, end);
            onLoop([&] { reached = holds(); });
        }
    }

    std::shared_ptr<RoomCounts> counts = std::make_shared<RoomCounts>();
    metrics::Registry registry;
    int slow = 0, leaseChanges = 0;

private:
    void onViewerAdded(const ViewerInfoRef &) override {}
    void onViewerRemoved(const ViewerInfoRef &, Departure departure) override {
        (departures_ += departures_.empty() ? "" : " ") += departureWord(departure);
    }
    void onSlowViewer(const ViewerInfoRef &, std::size_t, std::size_t) override { slow++; }
    void onLeaseChanged(const ViewerInfoRef &, std::uint64_t) override { leaseChanges++; }

    std::shared_ptr<net::EventLoop> loop_ = std::make_shared<net::EventLoop>("test");
    std::atomic<net::TimePoint> now_{net::TimePoint(std::chrono::seconds(1000))}; // shards read it too
    std::shared_ptr<Room> room_;
    std::atomic<std::uint64_t> lastRandom_ = 0;
    std::string departures_;
    std::deque<RawViewer> viewers_;
};

inline Transcript say(const std::string &id, const std::string &text, bool isFinal = true) {
    Transcript transcript;
    transcript.epoch = "e1";
    transcript.utteranceId = id;
    transcript.text = text;
    transcript.isFinal = isFinal;
    return transcript;
}

inline std::string member(const std::string &json, const std::string &name) {
    const std::string key = '"' + name + "\":";
    const auto at = json.find(key);
    if (at == json.npos)
        return "";
    const auto from = at + key.size();
    return json.substr(from, json.find_first_of(",}", from) - from);
}

inline void expectClose(RawViewer &viewer, unsigned code, const char *reason) {
    for (;;) {
        const auto frame = viewer.next();
        g_assert_true(frame.has_value());
        if (frame->opcode != kClose)
            continue;
        const auto &payload = frame->payload;
        g_assert_cmpuint(
            static_cast<unsigned char>(payload[0]) * 256u + static_cast<unsigned char>(payload[1]), ==, code);
        const std::string got = payload.substr(2);
        g_assert_cmpstr(got.c_str(), ==, reason);
        return;
    }
}

inline ViewerProfile v2() {
    ViewerProfile profile;
    profile.form = ViewerForm::V2;
    return profile;
}

inline std::string nextText(RawViewer &viewer) {
    for (;;) {
        const auto frame = viewer.next();
        g_assert_true(frame.has_value());
        if (frame->opcode == kText)
            return frame->payload;
    }
}

/// The next message of a type; others are skipped.
inline std::string nextOf(RawViewer &viewer, const std::string &type) {
    for (;;) {
        const std::string text = nextText(viewer);
        if (text.starts_with("{\"type\":\"" + type + "\""))
            return text;
    }
}

} // namespace room_test
