// SPDX-License-Identifier: LGPL-2.1-or-later
// A session and the emulated service in a world of its own: its clock jumps from event to event, its network
// breaks when it is told to. Ten minutes pass in a second or two, the same ones every time.
#pragma once

#include "elements/gladiasink/gladia_session.h"
#include "elements/gladiasink/speech_detector.h"
#include "tests/support/gladia_emulator/session.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <glib.h>

namespace lt::gladia::test {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr AudioFormat kFormat{Encoding::Pcm, 16000, 1};

/// How a connection ends.
enum class Break {
    Drop,     ///< what the service sent arrives, what the client sent does not
    LostAcks, ///< the same, but for the acknowledgements
    HalfOpen, ///< nobody is told; nothing moves any more
    Reset,    ///< what is on its way is lost both ways
};

class World final : public Transport, public SessionObserver {
public:
    struct Setup {
        SessionConfig config;
        std::uint64_t backlogNs = 120 * kSecond;
        emulator::DelayProfile delays;
        unsigned seed = 1;
        AudioFormat format = kFormat; ///< of 16 kHz
    };

    /// `samples` of several channels take turns.
    World(Setup setup, std::vector<std::int16_t> samples)
        : backlog(setup.backlogNs),
          session(withEndpoint(setup.config), backlog, *this, *this),
          setup_(std::move(setup)),
          samples_(std::move(samples)),
          chance_(setup_.seed),
          faults_([this] { return nowMs(); }) {}

    /// Breaks what is open then; nobody can be reached until `endNs`.
    void outage(std::uint64_t startNs, std::uint64_t endNs, Break how) {
        at(startNs, [=, this] {
            downUntil_ = std::max(downUntil_, endNs);
            for (const auto &[id, wire] : std::map(wires_))
                breakWire(id, how);
        });
    }
    /// The service starts anew and knows no session any more.
    void restart(std::uint64_t atNs) {
        at(atNs, [this] {
            servers_.clear();
            for (const auto &[id, wire] : std::map(wires_))
                breakWire(id, Break::Drop);
        });
    }
    /// Pushes all samples in real time, in blocks of 100 ms, then ends; returns when the session has ended.
    void run() {
        at(now, [this] { feed(); });
        while (ended + static_cast<int>(failures.size()) == 0) {
            step();
            g_assert_cmpuint(now, <, 100'000 * kSecond); // it hangs
            g_assert_true(backlog.level().bytes.exact());
        }
    }

    /// Those that say something: an empty one takes back what was shown of a session that is no more.
    std::vector<Transcript> finals() const {
        std::vector<Transcript> all;
        for (const auto &one : transcripts)
            if (one.isFinal && one.kind == GST_TRANSCRIPT_KIND_TRANSCRIPT && !one.text.empty())
                all.push_back(one);
        return all;
    }
    std::vector<LostRange> gaps() const {
        std::vector<LostRange> all;
        for (const auto &one : transcripts)
            if (one.kind == GST_TRANSCRIPT_KIND_GAP)
                all.push_back({one.startNs, one.endNs});
        return all;
    }
    template <typename T>
    std::vector<T> all() const {
        std::vector<T> found;
        for (const Notice &notice : notices)
            if (const T *one = std::get_if<T>(&notice))
                found.push_back(*one);
        return found;
    }

    std::uint64_t now = 0;
    AudioBacklog backlog;
    GladiaSession session;
    std::vector<Transcript> transcripts;
    std::vector<std::uint64_t> heardAtNs; ///< of the transcripts
    std::vector<Notice> notices;
    std::vector<Failure> failures;
    int ended = 0;

private:
    using Server = std::shared_ptr<emulator::Session>;

    static SessionConfig withEndpoint(SessionConfig config) {
        std::string error;
        config.endpoint = *Endpoint::parse("http://127.0.0.1:1", "", error);
        return config;
    }

    /// One WebSocket, with what is on its way in both directions.
    struct Wire final : emulator::Outlet {
        Wire(World &inWorld, ConnectionId connection, Server session)
            : world(inWorld), id(connection), server(std::move(session)) {}
        std::uint64_t number() const override { return id; }
        bool open() const override { return !cut; }
        void send(const emulator::Message &message) override {
            world.down(id, message.text, message.kind == emulator::MessageKind::kAcknowledgment);
        }
        void sendRaw(std::string_view bytes) override { world.down(id, std::string(bytes), false); }
        void close(int code, const std::string &) override { world.finish(id, static_cast<unsigned>(code)); }
        void drop() override {}
        void reset() override {}

        World &world;
        ConnectionId id;
        Server server;
        bool cut = false;
        bool acksLost = false;
        bool nothingArrives = false;
        bool dead = false; // half-open
        std::uint64_t lastUpNs = 0;
        std::uint64_t lastDownNs = 0;
    };

    std::int64_t nowMs() const { return static_cast<std::int64_t>(now / kMs); }
    std::uint64_t latency() { return (2 + chance_() % 30) * kMs; }
    bool reachable() const { return now >= downUntil_; }
    void at(std::uint64_t ns, std::function<void()> what) { events_.emplace(ns, std::move(what)); }

    void step() {
        const auto due = session.deadline();
        const std::uint64_t next = events_.empty() ? ~std::uint64_t{0} : events_.begin()->first;
        g_assert_true(due || !events_.empty()); // nothing would ever happen again
        if (due && *due <= next) {
            now = std::max(now, *due);
            session.tick(now);
            return;
        }
        now = std::max(now, next);
        const auto what = std::move(events_.begin()->second);
        events_.erase(events_.begin());
        what();
        for (const Server &server : servers_) {
            server->runDue();
            wakeFor(*server);
        }
    }
    void wakeFor(const emulator::Session &server) {
        const auto in = server.msUntilDue();
        if (in && wakes_.insert(nowMs() + *in).second)
            at(static_cast<std::uint64_t>(nowMs() + *in) * kMs, [] {});
    }

    // ---- audio
    void feed() {
        const std::size_t step = 1600 * setup_.format.channels;
        if (fed_ >= samples_.size()) {
            backlog.end();
            session.audioEnded(now);
            return;
        }
        AudioBlock block;
        const std::size_t count = std::min(step, samples_.size() - fed_);
        block.bytes = count * 2;
        block.runningNs = setup_.format.nsOfFrames(fed_ / setup_.format.channels);
        block.format = setup_.format;
        block.enteredNs = now;
        block.speech = detector_.listen(bytesAt(fed_, count), setup_.format);
        fed_ += count;
        const auto pushed = backlog.push(std::move(block), AudioBacklog::Policy::DropOldest);
        if (pushed.losing)
            session.audioOverflowing(now);
        if (pushed.wasEmpty || pushed.losing)
            session.audioAvailable(now);
        at(now + 100 * kMs, [this] { feed(); });
    }
    std::span<const std::uint8_t> bytesAt(std::size_t sample, std::size_t count) const {
        return {reinterpret_cast<const std::uint8_t *>(samples_.data() + sample), count * 2};
    }

    // ---- Transport
    void request(ConnectionId id, const std::string &body) override {
        pending_.insert(id);
        at(now + latency(), [=, this] {
            if (!pending_.erase(id))
                return;
            if (!reachable())
                return session.attemptFailed(now, id,
                                             makeFailure(Trouble::CannotConnect, Remedy::Retry, "down"));
            const std::string token = "t" + std::to_string(++made_);
            auto config = emulator::validateLiveRequest(body, false).config;
            emulator::SessionSettings settings;
            settings.clock = {[this] { return nowMs() * 1000; },
                              [this] {
                                  return nowMs();
                              }};
            settings.delays = setup_.delays;
            settings.stream = made_;
            servers_.push_back(std::make_shared<emulator::Session>(
                emulator::SessionIdentity{"session-" + token, token, "", body}, std::move(config), settings,
                faults_));
            session.answered(now, id, 201,
                             R"({"id":"session-)" + token + R"(","url":"/v2/live?token=)" + token + "\"}", 0);
        });
    }
    void connect(ConnectionId id, const std::string &url) override {
        pending_.insert(id);
        const std::string token = url.substr(url.find('=') + 1);
        at(now + latency(), [=, this] {
            if (!pending_.erase(id))
                return;
            if (!reachable())
                return session.attemptFailed(now, id,
                                             makeFailure(Trouble::CannotConnect, Remedy::Retry, "down"));
            const auto found = std::find_if(servers_.begin(), servers_.end(), [&](const Server &one) {
                return one->identity().token == token && one->acceptsConnection();
            });
            if (found == servers_.end())
                return session.attemptFailed(now, id, failureOfUpgrade(404, ""));
            auto wire = std::make_shared<Wire>(*this, id, *found);
            wires_.emplace(id, wire);
            session.opened(now, id);
            wire->server->attach(wire.get());
        });
    }
    void sendAudio(ConnectionId id, const AudioBlock &block) override {
        const auto frame =
            static_cast<std::size_t>((block.runningNs * setup_.format.rate + kSecond / 2) / kSecond);
        const auto bytes = bytesAt(frame * setup_.format.channels, block.bytes / 2);
        up(id, [data = std::vector<std::uint8_t>(bytes.begin(), bytes.end())](emulator::Session &server) {
            server.receiveBinary(data);
        });
    }
    void sendText(ConnectionId id, const std::string &text) override {
        up(id, [text](emulator::Session &server) { server.receiveText(text); });
    }
    void ping(ConnectionId id) override {
        up(id, [this, id](emulator::Session &) { pong(id); });
    }
    void close(ConnectionId id, unsigned code, const std::string &) override {
        pending_.erase(id);
        const auto found = wires_.find(id);
        if (found == wires_.end())
            return;
        const auto wire = found->second;
        wires_.erase(found);
        silenced_.insert(id);
        if (!wire->dead && !wire->cut)
            at(std::max(now, wire->lastUpNs) + kMs, [=] { detach(*wire, static_cast<int>(code)); });
        else
            detach(*wire, 0);
    }

    // ---- wires
    static void detach(Wire &wire, int code) {
        if (!std::exchange(wire.cut, true) || code == 0)
            wire.server->detach(&wire, code);
    }
    template <typename What>
    void up(ConnectionId id, What what) {
        const auto found = wires_.find(id);
        if (found == wires_.end() || found->second->dead)
            return;
        const auto wire = found->second;
        wire->lastUpNs = std::max(wire->lastUpNs, now + latency());
        at(wire->lastUpNs, [=, this] {
            if (!wire->cut && !wire->dead) {
                what(*wire->server);
                wire->server->runDue();
            }
        });
    }
    void pong(ConnectionId id) {
        const auto found = wires_.find(id);
        if (found == wires_.end())
            return;
        const auto wire = found->second;
        at(now + latency(), [=, this] {
            if (!wire->dead && !silenced_.contains(id))
                session.pongReceived(now, id);
        });
    }
    void down(ConnectionId id, std::string text, bool isAck) {
        const auto found = wires_.find(id);
        if (found == wires_.end())
            return;
        const auto wire = found->second;
        wire->lastDownNs = std::max(wire->lastDownNs, now + latency());
        at(wire->lastDownNs, [=, this] {
            if (!wire->dead && !wire->nothingArrives && !(isAck && wire->acksLost) && !silenced_.contains(id))
                session.received(now, id, text);
        });
    }
    /// The service has closed: after all that it said.
    void finish(ConnectionId id, unsigned code) {
        const auto found = wires_.find(id);
        if (found == wires_.end())
            return;
        const auto wire = found->second;
        at(std::max(now, wire->lastDownNs) + kMs, [=, this] {
            if (wire->dead || silenced_.contains(id))
                return;
            detach(*wire, static_cast<int>(code));
            wires_.erase(id);
            session.closed(now, id, code, "");
        });
    }
    void breakWire(ConnectionId id, Break how) {
        const auto wire = wires_.at(id);
        if (how == Break::HalfOpen) {
            // What the service has said is under way and arrives; then nothing does.
            at(std::max(now, wire->lastDownNs), [=] { wire->dead = true; });
            wire->lastUpNs = ~std::uint64_t{0} / 2; // nothing sent from now on ever arrives
            detach(*wire, 0);
            return;
        }
        wire->acksLost = how == Break::LostAcks;
        wire->nothingArrives = how == Break::Reset;
        if (wire->nothingArrives)
            wire->lastDownNs = now;
        detach(*wire, 0);
        finish(id, 1006);
    }

    // ---- SessionObserver
    void onNotice(const Notice &notice) override { notices.push_back(notice); }
    void onTranscript(SpokenTranscript spoken) override {
        transcripts.push_back(spoken.transcript);
        heardAtNs.push_back(now);
    }
    void onChunkSent(std::size_t) override {}
    void onMessageGap(std::uint64_t) override {}
    void onEnded() override { ended++; }
    void onFailed(const Failure &failure) override { failures.push_back(failure); }

    const Setup setup_;
    const std::vector<std::int16_t> samples_;
    std::mt19937 chance_;
    emulator::Faults faults_;
    SpeechDetector detector_;
    std::multimap<std::uint64_t, std::function<void()>> events_;
    std::set<std::int64_t> wakes_;
    std::vector<Server> servers_;
    std::map<ConnectionId, std::shared_ptr<Wire>> wires_;
    std::set<ConnectionId> pending_;  // requests and upgrades
    std::set<ConnectionId> silenced_; // closed by the client
    std::uint64_t downUntil_ = 0;
    std::size_t fed_ = 0;
    unsigned made_ = 0;
};

} // namespace lt::gladia::test
