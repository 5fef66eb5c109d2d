// SPDX-License-Identifier: LGPL-2.1-or-later
// A session with an invented network and an invented clock.
#pragma once

#include "elements/gladiasink/gladia_session.h"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <glib.h>

namespace lt::gladia::test {

using State = GladiaSession::State;

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr AudioFormat kFormat{Encoding::Pcm, 16000, 1};
constexpr AudioFormat kOther{Encoding::Pcm, 48000, 2};
/// 100 ms of kFormat.
constexpr std::uint64_t kBlock = 3200;

inline std::string reply(int number) {
    const std::string name = std::to_string(number);
    return R"({"id":"session-)" + name + R"(","url":"/v2/live?token=t)" + name + "\"}";
}

class FakeTransport final : public Transport {
public:
    void request(ConnectionId id, const std::string &body) override {
        last = id;
        requests.push_back(body);
    }
    void connect(ConnectionId id, const std::string &url) override {
        last = id;
        connects.push_back(url);
    }
    void sendAudio(ConnectionId id, const AudioBlock &block) override {
        audio.push_back({id, block.runningNs, block.offset, block.bytes});
    }
    void sendText(ConnectionId id, const std::string &text) override { texts.push_back({id, text}); }
    void ping(ConnectionId id) override { pings.push_back(id); }
    void close(ConnectionId id, unsigned code, const std::string &reason) override {
        closes.push_back({id, code, reason});
    }

    struct Sent {
        ConnectionId id;
        std::uint64_t runningNs;
        std::size_t offset, bytes;
    };
    struct Text {
        ConnectionId id;
        std::string text;
    };
    struct Close {
        ConnectionId id;
        unsigned code;
        std::string reason;
    };
    std::uint64_t bytes() const {
        std::uint64_t sum = 0;
        for (const Sent &one : audio)
            sum += one.bytes;
        return sum;
    }
    std::size_t count(const std::string &text) const {
        std::size_t found = 0;
        for (const Text &one : texts)
            found += one.text == text;
        return found;
    }
    ConnectionId last = kNoConnection; ///< the newest one
    std::vector<std::string> requests, connects;
    std::vector<Sent> audio;
    std::vector<Text> texts;
    std::vector<ConnectionId> pings;
    std::vector<Close> closes;
};

class FakeObserver final : public SessionObserver {
public:
    void onNotice(const Notice &notice) override { notices.push_back(notice); }
    void onTranscript(SpokenTranscript spoken) override { transcripts.push_back(std::move(spoken)); }
    void onChunkSent(std::size_t bytes) override { chunks.push_back(bytes); }
    void onMessageGap(std::uint64_t ns) override { gaps.push_back(ns); }
    void onEnded() override { ended++; }
    void onFailed(const Failure &failure) override { failures.push_back(failure); }

    template <typename T>
    std::vector<T> all() const {
        std::vector<T> found;
        for (const Notice &notice : notices)
            if (const T *one = std::get_if<T>(&notice))
                found.push_back(*one);
        return found;
    }

    std::vector<Notice> notices;
    std::vector<SpokenTranscript> transcripts;
    std::vector<std::size_t> chunks;
    std::vector<std::uint64_t> gaps;
    std::vector<Failure> failures;
    int ended = 0;
};

/// Audio goes as fast as it comes: what is not about pacing need not wait.
inline SessionConfig config() {
    SessionConfig made;
    std::string error;
    made.endpoint = *Endpoint::parse("http://127.0.0.1:1", "", error);
    made.catchupSpeed = 1e6;
    return made;
}

struct Rig {
    explicit Rig(SessionConfig settings = config(), std::uint64_t capacityNs = 120 * kSecond)
        : backlog(capacityNs), session(std::move(settings), backlog, transport, observer) {}

    /// Queues `count` blocks of 100 ms and tells the session. `speakers`: the channels with speech, a bit
    /// each.
    void audio(int count = 1, const AudioFormat &format = kFormat, unsigned speakers = 0) {
        bool losing = false;
        for (int i = 0; i < count; i++) {
            AudioBlock block;
            block.bytes = format.rate / 10 * format.bytesPerFrame();
            block.runningNs = fed;
            block.format = format;
            for (unsigned channel = 0; channel < format.channels; channel++)
                if (speakers >> channel & 1)
                    block.speech.add(channel, 100 * kMs);
            fed += 100 * kMs;
            losing |= backlog.push(std::move(block), AudioBacklog::Policy::DropOldest).losing;
        }
        if (losing)
            session.audioOverflowing(now);
        session.audioAvailable(now);
    }
    void end() {
        backlog.end();
        session.audioEnded(now);
    }
    /// Advances the clock to the next deadline and ticks.
    void tick() {
        g_assert_true(session.deadline().has_value());
        now = std::max(now, *session.deadline());
        session.tick(now);
        for (; answersPings && pongs < transport.pings.size(); pongs++)
            session.pongReceived(now, transport.pings[pongs]);
    }
    void tickUntil(State state) {
        for (int i = 0; i < 10'000 && session.state() != state; i++)
            tick();
        g_assert_cmpstr(nameOf(session.state()), ==, nameOf(state));
    }
    ConnectionId id() const { return transport.last; }
    void acknowledge(std::uint64_t start, std::uint64_t end, ConnectionId on = kNoConnection) {
        session.received(now, on ? on : id(),
                         R"({"type":"audio_chunk","acknowledged":true,"data":{"byte_range":[)" +
                             std::to_string(start) + "," + std::to_string(end) + "]}}");
    }
    void say(const std::string &utterance, const std::string &text, bool isFinal, double start = 0,
             double end = 0.1, ConnectionId on = kNoConnection) {
        session.received(now, on ? on : id(),
                         R"({"type":"transcript","data":{"id":")" + utterance + R"(","is_final":)" +
                             (isFinal ? "true" : "false") + R"(,"utterance":{"start":)" +
                             std::to_string(start) + R"(,"end":)" + std::to_string(end) + R"(,"text":")" +
                             text + "\"}}}");
    }
    void answer(unsigned status, const std::string &body = "", std::uint64_t retryAfterNs = 0) {
        session.answered(now, id(), status, body, retryAfterNs);
    }
    void attemptFails(Failure failure) { session.attemptFailed(now, id(), std::move(failure)); }
    void networkFails() { attemptFails(makeFailure(Trouble::CannotConnect, Remedy::Retry, "no network")); }
    void opens() { session.opened(now, id()); }
    void closes(unsigned code, const std::string &reason = "") { session.closed(now, id(), code, reason); }
    /// From the request to the open WebSocket.
    void open(int number = 1) {
        answer(201, reply(number));
        opens();
    }
    /// The connection breaks, and the next one is opened at once.
    void dropAndReopen() {
        closes(1006);
        tickUntil(State::Connecting);
        opens();
    }
    bool exact() const { return backlog.level().bytes.exact(); }

    std::uint64_t now = 1000 * kSecond;
    std::uint64_t fed = 0;
    bool answersPings = true; ///< the service
    std::size_t pongs = 0;
    FakeTransport transport;
    FakeObserver observer;
    AudioBacklog backlog;
    GladiaSession session;
};

} // namespace lt::gladia::test
