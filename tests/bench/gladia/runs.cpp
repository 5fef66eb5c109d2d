// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/gladia/runs.h"

#include "tests/bench/gladia/service.h"
#include "tests/bench/support/monotonic.h"
#include "tests/bench/support/statistics.h"

#include <chrono>
#include <functional>
#include <random>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace lt::bench {

using namespace std::chrono_literals;

namespace {

constexpr double kBytesPerSecond = 32000;
constexpr double kComplete = 0.98; // a chunk may be on its way at either end of the measured time
constexpr std::int64_t kLimitNs = 60'000'000'000;

void pause(double seconds) {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

/// The first report of which `holds` is true.
Service::Report waitFor(const Service &service, const std::string &what,
                        const std::function<bool(const Service::Report &)> &holds) {
    for (const std::int64_t limit = monotonicNs() + kLimitNs; monotonicNs() < limit; pause(0.05)) {
        const auto report = service.report();
        if (report.reachable && holds(report))
            return report;
    }
    throw std::runtime_error(what);
}

void waitUntilStreaming(const Service &service, const Contestant &contestant, std::size_t sessions) {
    waitFor(service, contestant.name + ": not all sessions came to life",
            [&](const auto &report) { return report.streaming == sessions; });
}

/// All sessions have ended, and what they sent has been heard.
std::uint64_t endOf(Client &client, const Service &service, const Contestant &contestant,
                    std::size_t sessions, std::string &words) {
    words = client.finish();
    return waitFor(service, contestant.name + ": not all sessions ended",
                   [&](const auto &report) { return report.ended == sessions; })
        .bytes;
}

double valueOf(const std::string &words, const std::string &wanted) {
    std::istringstream lines(words);
    std::string name;
    for (double value = 0; lines >> name >> value;)
        if (name == wanted)
            return value;
    throw std::runtime_error("a contestant did not say its " + wanted);
}

/// Milliseconds a session-second.
double processorOf(const Client &client, std::size_t sessions, double seconds) {
    const double before = client.cpuSeconds();
    const std::int64_t begin = monotonicNs();
    pause(seconds);
    const double took = client.cpuSeconds() - before;
    return took * 1e3 / (static_cast<double>(monotonicNs() - begin) * 1e-9 * static_cast<double>(sessions));
}

/// To wake up for each chunk, and to make it, is not the doing of whoever streams it.
double generatorOf(const Contestant &contestant, std::size_t sessions, const RunSettings &settings,
                   const Service &service) {
    Client client(contestant.command, service, sessions, settings.audio, settings.clientProcessor,
                  {"generator"});
    pause(settings.settleSeconds / 4);
    const double cost = processorOf(client, sessions, settings.measuredSeconds);
    client.finish();
    return cost;
}

} // namespace

void measureStreaming(const Contestant &contestant, std::size_t sessions, const RunSettings &settings,
                      Results &results) {
    const auto add = [&](const std::string &measure, double value) {
        results.add(measure + ", N=" + std::to_string(sessions), contestant.name, value);
    };
    const Service service(settings.emulator, settings.serviceProcessor);
    const double generator = generatorOf(contestant, sessions, settings, service);
    Client client(contestant.command, service, sessions, settings.audio, settings.clientProcessor);
    waitUntilStreaming(service, contestant, sessions);
    pause(settings.settleSeconds);
    const std::uint64_t heardBefore = service.report().bytes;
    const std::int64_t begin = monotonicNs();
    const double cpu = processorOf(client, sessions, settings.measuredSeconds);
    const double seconds = static_cast<double>(monotonicNs() - begin) * 1e-9;
    const auto count = static_cast<double>(sessions);
    const double heard = static_cast<double>(service.report().bytes - heardBefore);
    add("audio heard, seconds per session-second", heard / (count * seconds * kBytesPerSecond));
    add("processor, ms per session-second", cpu);
    add("of it the generator by itself", generator);
    add("processor without the generator", cpu - generator);
    const auto memory = static_cast<double>(client.memory().privateKiB);
    add("private memory per session, KiB", memory / count);
    add("private memory, KiB", memory);
    add("network threads", static_cast<double>(client.threads(contestant.networkThreads)));
    add("threads", static_cast<double>(client.threads()));
    const double whole = static_cast<double>(monotonicNs() - begin) * 1e-9 + settings.settleSeconds;
    std::string words;
    const double all = static_cast<double>(endOf(client, service, contestant, sessions, words));
    add("chunk in → socket p50, µs", valueOf(words, "chunk-to-socket-p50-us"));
    add("chunk in → socket p99, µs", valueOf(words, "chunk-to-socket-p99-us"));
    if (all < count * whole * kBytesPerSecond * kComplete)
        throw std::runtime_error(contestant.name + ": audio is missing");
}

void measureRecovery(const Contestant &contestant, const RunSettings &settings, Results &results) {
    const std::size_t sessions = settings.recoveringSessions;
    const Service service(settings.emulator, settings.serviceProcessor);
    Client client(contestant.command, service, sessions, settings.audio, settings.clientProcessor);
    waitUntilStreaming(service, contestant, sessions);
    std::mt19937 random(1); // the same outages for everybody
    Service::Report report;
    for (std::size_t i = 1; i <= settings.outages; i++) {
        pause(1.0 + random() % 100 * 0.01); // not in step with anybody's back-off
        service.beginOutage(100 + random() % 901);
        report = waitFor(service, contestant.name + ": a session did not come back",
                         [&](const auto &now) { return now.recoveriesMs.size() == i * sessions; });
    }
    results.add("reachable again → acknowledgement p50, ms", contestant.name,
                percentile(report.recoveriesMs, 0.5));
    results.add("reachable again → acknowledgement p95, ms", contestant.name,
                percentile(report.recoveriesMs, 0.95));
    std::string words;
    endOf(client, service, contestant, sessions, words);
}

} // namespace lt::bench
