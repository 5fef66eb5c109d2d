// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/admission/rules.h"

#include "lib/rtmp/amf0.h"
#include "lib/rtmp/message.h"
#include "tests/support/dtmf_tone.h"
#include "tests/support/live_publisher.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace lt::admission {

using namespace std::chrono_literals;
using support::PublishVerdict;
using support::RtmpPublisher;

namespace {

constexpr const char *kLive = R"("state":"live")";
constexpr const char *kPing = R"({"type":"ping"})";
constexpr unsigned kWantedRate = 5;
constexpr auto kFreedWithin = 15s;

bool has(const std::string &text, const std::string &part) {
    return text.find(part) != text.npos;
}

void expectResourceExhausted(const PublishVerdict &verdict) {
    expect(has(verdict.description, "RESOURCE_EXHAUSTED"),
           "a publisher was not told RESOURCE_EXHAUSTED but \"" + verdict.description + "\"");
}

void sessionsNeverMix(const Target &target) {
    const std::vector<std::string> names{"mix-a", "mix-b", "mix-c"};
    std::vector<PublisherPtr> publishers;
    std::vector<std::unique_ptr<Watcher>> speakers, listeners;
    for (const auto &name : names) {
        publishers.push_back(publish(target, name));
        speakers.push_back(std::make_unique<Watcher>(target, name));
        listeners.push_back(std::make_unique<Watcher>(target, name));
        speakers.back()->waitFor(kLive);
    }
    std::vector<std::string> tokens;
    for (const auto &speaker : speakers)
        tokens.push_back(speaker->claim());
    for (std::size_t i = 0; i < names.size(); i++)
        speakers[i]->sendInsight(tokens[i], "only-" + names[i]);
    for (std::size_t i = 0; i < names.size(); i++)
        listeners[i]->waitFor("only-" + names[i]);
    for (auto &publisher : publishers)
        publisher->unpublish();
    for (std::size_t i = 0; i < names.size(); i++) {
        listeners[i]->waitFor(R"("type":"session_end")");
        for (const auto &other : names)
            expect(other == names[i] ||
                       listeners[i]->count(target.session(other)) + listeners[i]->count("only-" + other) == 0,
                   "viewers of " + names[i] + " heard of " + other);
    }
}

void ofManyPublishersOneWins(const Target &target) {
    constexpr std::size_t kContenders = 32;
    const auto incumbent = publish(target, "once-warm"); // the service is awake
    std::vector<PublisherPtr> publishers;
    for (std::size_t i = 0; i < kContenders; i++) {
        publishers.push_back(std::make_unique<RtmpPublisher>(target.rtmpPort, 0, target.address));
        expect(publishers.back()->handshake() && publishers.back()->connect(target.app),
               "the service does not let 32 publishers connect");
    }
    std::vector<PublishVerdict> verdicts(kContenders);
    std::atomic<bool> go = false;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kContenders; i++)
        threads.emplace_back([&, i] {
            while (!go)
                std::this_thread::yield();
            publishers[i]->requestPublish(target.session("once"));
            verdicts[i] = publishers[i]->awaitVerdict();
        });
    go = true;
    for (auto &thread : threads)
        thread.join();
    const auto winners =
        std::count_if(verdicts.begin(), verdicts.end(), [](const auto &verdict) { return verdict.accepted; });
    if (winners == 0 && has(verdicts[0].description, "at a time"))
        throw SettingMissing("BACKPRESSURE_MAX_STREAMS must be 3 at least, and nobody else may publish: " +
                             verdicts[0].description);
    expect(winners == 1,
           "of 32 publishers of one session at a time " + std::to_string(winners) + " were accepted");
    for (const auto &verdict : verdicts)
        if (!verdict.accepted)
            expectResourceExhausted(verdict);
    incumbent->unpublish();
    for (std::size_t i = 0; i < kContenders; i++)
        if (verdicts[i].accepted)
            publishers[i]->unpublish();
}

void ofManyCoordinatorsOneWins(const Target &target) {
    constexpr std::size_t kContenders = 32;
    const auto publisher = publish(target, "lease");
    std::vector<std::unique_ptr<Watcher>> viewers;
    for (std::size_t i = 0; i < kContenders; i++)
        viewers.push_back(std::make_unique<Watcher>(target, "lease"));
    viewers[0]->waitFor(kLive);
    for (auto &viewer : viewers)
        viewer->send(R"({"type":"claim"})");
    std::size_t winners = 0;
    for (auto &viewer : viewers)
        viewer->waitFor(R"("you":")");
    for (auto &viewer : viewers)
        winners += viewer->count(R"("event":"granted")") > 0;
    expect(winners == 1, "of 32 viewers that would coordinate a session " + std::to_string(winners) + " may");
    publisher->unpublish();
}

void aSecondStreamIsRefused(const Target &target) {
    ofManyPublishersOneWins(target);
    ofManyCoordinatorsOneWins(target);
}

/// How many sessions there may be, all of them in `publishers`.
std::size_t fill(const Target &target, std::vector<PublisherPtr> &publishers) {
    constexpr std::size_t kMost = 16;
    while (publishers.size() < kMost) {
        PublishVerdict verdict;
        auto publisher = tryToPublish(target, "full-" + std::to_string(publishers.size()), verdict);
        if (!verdict.accepted) {
            if (has(verdict.description, "UNAVAILABLE"))
                throw SettingMissing("GLADIA_MAX_SESSIONS must not be less than BACKPRESSURE_MAX_STREAMS: " +
                                     verdict.description);
            expectResourceExhausted(verdict);
            return publishers.size();
        }
        publishers.push_back(std::move(publisher));
    }
    throw SettingMissing("BACKPRESSURE_MAX_STREAMS is too large to be reached here: start the service with "
                         "BACKPRESSURE_MAX_STREAMS=4 (or up to 15)");
}

void theStreamOverTheLimitIsRefused(const Target &target) {
    std::vector<PublisherPtr> publishers;
    const std::size_t limit = fill(target, publishers);
    expect(limit > 0, "the service takes no session at all");
    publishers.front()->unpublish();
    publishers.erase(publishers.begin());
    const auto freed = std::chrono::steady_clock::now();
    PublishVerdict verdict;
    while (!verdict.accepted) {
        // The session's last words are still on their way; that takes a moment, and no time-out of ours.
        expect(std::chrono::steady_clock::now() - freed < kFreedWithin,
               "long after one of " + std::to_string(limit) +
                   " sessions had ended its place was not free: " + verdict.description);
        if (auto publisher = tryToPublish(target, "freed", verdict); verdict.accepted)
            publishers.push_back(std::move(publisher));
    }
    PublishVerdict over;
    tryToPublish(target, "over", over);
    expect(!over.accepted, "one session more than " + std::to_string(limit) + " was accepted");
    for (auto &publisher : publishers)
        publisher->unpublish(); // not just gone: a session in its grace period keeps its place
}

[[noreturn]] void wrongRate(const std::string &door, std::size_t taken) {
    throw SettingMissing("BACKPRESSURE_MAX_RATE=5 is not set: " + door + " took " + std::to_string(taken) +
                         " messages in a second");
}

void atTheViewersDoorTheSixthIsRefused(const Target &target) {
    constexpr int kMost = 100;
    Watcher viewer(target, "rate");
    for (int i = 0; i < kMost; i++)
        viewer.send(kPing);
    const auto allAnswered = [](const auto &frames) {
        return frames.size() > kMost;
    };
    viewer.socket().waitForFrames(allAnswered, 20s); // or until it is closed
    const std::size_t taken = viewer.count(R"("type":"pong")");
    if (taken != kWantedRate)
        wrongRate("the viewers' door", taken);
    expect(viewer.socket().waitForClose(20s) && viewer.socket().closeCode() == 1008 &&
               has(viewer.socket().closeReason(), "RESOURCE_EXHAUSTED"),
           "a viewer that sent too much was closed with " + std::to_string(viewer.socket().closeCode()) +
               " \"" + viewer.socket().closeReason() + "\"");
}

void atThePublishersDoorTheSixthIsRefused(const Target &target, RtmpPublisher &publisher) {
    constexpr int kMost = 100;
    for (int i = 0; i < kMost; i++) {
        support::Raw body; // a method that no server has, so each that is taken is answered
        rtmp::AmfWriter(body).string("hello").number(10 + i).null();
        publisher.sendMessage(rtmp::kCommand, 0, body, 3);
    }
    publisher.requestPublish(target.session("rate")); // for a second time: ends the stream in any case
    const auto verdict = publisher.awaitVerdict();
    const auto taken = static_cast<std::size_t>(
        std::count(verdict.codes.begin(), verdict.codes.end(), "NetConnection.Call.Failed"));
    if (taken != kWantedRate)
        wrongRate("the publishers' door", taken);
}

void tryTheRate(const Target &target) {
    const auto publisher = publish(target, "rate");
    Watcher(target, "rate").waitFor(kLive);
    atTheViewersDoorTheSixthIsRefused(target);
    publisher->sendFrames(200); // media is not counted
    atThePublishersDoorTheSixthIsRefused(target, *publisher);
}

/// On a machine that stands still for a second the sixth message comes in another second.
void theSixthMessageIsRefused(const Target &target) {
    for (int left = 2; left > 0; left--)
        try {
            return tryTheRate(target);
        } catch (const SettingMissing &) {
        }
    tryTheRate(target);
}

void nothingFollowsAnError(const Target &target) {
    const auto publisher = publish(target, "error");
    PublishVerdict verdict;
    const auto second = tryToPublish(target, "error", verdict);
    expectResourceExhausted(verdict);
    expect(!verdict.reset, "a refused publisher's connection was reset");
    expect(std::count(verdict.codes.begin(), verdict.codes.end(), "NetStream.Publish.Start") == 0,
           "a refused publisher was told to start as well");
    Watcher wrong(target, "error"), right(target, "error");
    right.waitFor(kLive);
    const std::uint8_t byte = 1;
    wrong.socket().sendBinary({&byte, 1});
    expect(wrong.socket().waitForClose(20s), "a viewer that broke the rules was not closed");
    const auto heard = wrong.socket().frames().size();
    right.sendInsight(right.claim(), "afterwards");
    right.waitFor("afterwards");
    expect(wrong.socket().frames().size() == heard, "a viewer heard something after it had been closed");
    publisher->unpublish();
}

void commandsArriveOnce(const Target &target) {
    constexpr int kCommands = 4; // with the claim as many as rate 5 allows
    const auto publisher = publish(target, "normal");
    Watcher coordinator(target, "normal");
    std::vector<std::unique_ptr<Watcher>> viewers;
    for (int i = 0; i < 3; i++)
        viewers.push_back(std::make_unique<Watcher>(target, "normal"));
    coordinator.waitFor(kLive);
    const auto token = coordinator.claim();
    for (int i = 0; i < kCommands; i++)
        coordinator.sendInsight(token, "command-" + std::to_string(i));
    for (auto &viewer : viewers)
        viewer->waitFor("command-" + std::to_string(kCommands - 1));
    publisher->unpublish();
    for (auto &viewer : viewers) {
        viewer->waitFor(R"("type":"session_end")");
        expect(viewer->socket().waitForClose(20s) && viewer->socket().closeCode() == 1000,
               "a viewer was not closed with 1000 at the end of its session");
        for (int i = 0; i < kCommands; i++)
            expect(viewer->count("command-" + std::to_string(i)) == 1,
                   "a viewer heard command " + std::to_string(i) + " " +
                       std::to_string(viewer->count("command-" + std::to_string(i))) + " times");
        expect(viewer->count(R"("type":"session_end")") == 1, "a session ended more than once");
    }
}

void wordsArriveOnce(const Target &target) {
    constexpr const char *kDigits = "1234567890";
    support::LivePublisher publisher(target.publishUrl("words"));
    Watcher viewer(target, "words");
    viewer.waitFor(kLive);
    publisher.play(support::makeDtmf(kDigits));
    expect(publisher.finish() == 0, "ffmpeg could not publish: " + publisher.process().output());
    viewer.waitFor(R"("type":"session_end")");
    std::string digits;
    for (const auto &frame : viewer.socket().frames())
        if (has(frame.data, R"("type":"transcript")") && has(frame.data, R"("isFinal":true)")) {
            const auto at = frame.data.find(R"("text":")") + 8;
            for (const char c : frame.data.substr(at, frame.data.find('"', at) - at))
                if (c != ' ')
                    digits += c;
        }
    expect(digits == kDigits, "of \"" + std::string(kDigits) + "\" came \"" + digits + "\"");
}

void aNormalStreamDeliversEverything(const Target &target) {
    commandsArriveOnce(target);
    if (target.dtmf)
        wordsArriveOnce(target);
}

constexpr Rule kRules[] = {
    {1, "sessions in parallel never mix", sessionsNeverMix},
    {2, "a second stream of a session is refused at once, of 32 simultaneous exactly one wins",
     aSecondStreamIsRefused},
    {3, "the stream over the limit is refused, a freed slot is usable at once",
     theStreamOverTheLimitIsRefused},
    {4, "at rate 5 the sixth message in a second is refused", theSixthMessageIsRefused},
    {5, "after an error the stream ends, nothing follows", nothingFollowsAnError},
    {6, "a normal stream delivers everything, a command at most once", aNormalStreamDeliversEverything},
};

} // namespace

std::span<const Rule> rules() {
    return kRules;
}

} // namespace lt::admission
