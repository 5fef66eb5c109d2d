// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/service/run.h"

#include "tests/bench/latency/publisher.h"
#include "tests/bench/latency/viewers.h"
#include "tests/bench/support/monotonic.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <stdexcept>
#include <thread>

namespace lt::bench {

namespace {

constexpr std::int64_t kStaggerNs = 41'300'000; // between publishers, so that they do not march in step
/// Memory is looked at when everything has long been under way.
constexpr double kMemoryAt = 0.8;

SpeechPlan planOf(const ServiceRunSettings &settings, unsigned session) {
    SpeechSettings speech;
    speech.rate = Publisher::kRate;
    speech.seconds = settings.seconds;
    speech.seed = settings.seed * 1000 + session;
    return planSpeech(speech);
}

/// Speaks all plans at once; false when a publisher failed. `look` is called when most of it is over.
template <typename Look>
bool speakAll(std::deque<Publisher> &publishers, Look look) {
    const std::int64_t start = monotonicNs();
    const auto frames = static_cast<double>(publishers.front().plan().samples.size());
    std::atomic<bool> good = true;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < publishers.size(); i++)
        threads.emplace_back([&, i] {
            if (!publishers[i].speak(start + static_cast<std::int64_t>(i) * kStaggerNs))
                good = false;
        });
    sleepUntilNs(start + static_cast<std::int64_t>(kMemoryAt * frames / Publisher::kRate * 1e9));
    look();
    for (auto &thread : threads)
        thread.join();
    return good;
}

/// The recogniser's session that heard these digits.
const HeardSession *sessionOf(const std::vector<HeardSession> &all, const SpeechPlan &plan) {
    const auto found = std::find_if(
        all.begin(), all.end(), [&](const HeardSession &heard) { return digitsOf(heard) == digitsOf(plan); });
    return found == all.end() ? nullptr : &*found;
}

} // namespace

ServiceRun measure(const ServiceRunSettings &settings) {
    Recogniser recogniser;
    const auto contestant =
        (settings.peer ? startPeer : startOurs)(settings.programs, recogniser.url(), settings.sessions);
    std::deque<Publisher> publishers;
    double spoken = 0;
    for (unsigned i = 0; i < settings.sessions; i++) {
        publishers.emplace_back(contestant->publishUrl(i), planOf(settings, i));
        spoken += static_cast<double>(publishers.back().plan().samples.size()) / Publisher::kRate;
    }
    Viewers viewers(contestant->viewersPort(), settings.sessions, settings.viewersPerSession);
    ServiceRun run;
    const double before = contestant->cpuSeconds();
    const bool spoke = speakAll(publishers, [&] {
        run.privateKiBPerSession = contestant->privateKiB() / settings.sessions;
        run.cpuPerSessionSecond = (contestant->cpuSeconds() - before) / (spoken * kMemoryAt);
    });
    if (!spoke || !recogniser.waitForEnd(settings.sessions))
        throw std::runtime_error(spoke ? "the recogniser's sessions do not end" : "a publisher failed");
    const auto heard = recogniser.sessions();
    for (unsigned i = 0; i < settings.sessions; i++) {
        const auto *session = sessionOf(heard, publishers[i].plan());
        if (session)
            run.figures.add(figuresOf(publishers[i].plan(), Publisher::kRate, publishers[i].log(), *session,
                                      viewers.take(i)));
        else
            run.figures.problems.push_back("nobody heard all that was said in session " + std::to_string(i));
    }
    return run;
}

} // namespace lt::bench
