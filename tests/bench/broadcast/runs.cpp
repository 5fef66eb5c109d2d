// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/broadcast/runs.h"

#include "tests/bench/broadcast/load_client.h"
#include "tests/bench/support/monotonic.h"
#include "tests/bench/support/statistics.h"

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <stdexcept>

namespace lt::bench {

namespace {

constexpr std::int64_t kPeriodNs = 50'000'000; // 20 messages a second
constexpr std::int64_t kLimitNs = 180'000'000'000;
constexpr std::int64_t kStormLimitNs = 60'000'000'000;
constexpr std::size_t kMessageBytes = 300;

std::int64_t ns(double seconds) {
    return static_cast<std::int64_t>(seconds * 1e9);
}

/// Transcripts, each an utterance of its own and final, so that nobody may leave one out.
class Messages {
public:
    /// A viewer's message has about `bytes` bytes.
    explicit Messages(std::size_t bytes = kMessageBytes) : text_(bytes > kFrame ? bytes - kFrame : 1, 'a') {
        for (std::size_t i = 7; i < text_.size(); i += 8)
            text_[i] = ' ';
    }
    void append(std::string &lines) {
        char head[160];
        std::snprintf(head, sizeof head,
                      R"({"kind":"transcript","epoch":"bench","utteranceId":"u%08zu","revision":1,)"
                      R"("isFinal":true,"language":"en","start":1.5,"end":2.5,"text":")",
                      next_++);
        ((lines += head) += text_) += "\"}\n";
    }
    std::string some(std::size_t count) {
        std::string lines;
        while (count-- > 0)
            append(lines);
        return lines;
    }

private:
    static constexpr std::size_t kFrame = 235; // what a viewer's message has beside the text
    std::string text_;
    std::size_t next_ = 1;
};

void waitFor(LoadClient &client, std::size_t messages, const std::string &name) {
    const std::int64_t limit = monotonicNs() + kLimitNs;
    while (client.complete() < messages) {
        client.turn(limit);
        if (monotonicNs() >= limit)
            throw std::runtime_error(name + ": a message did not reach all viewers");
    }
}

/// What comes with the connection (a greeting) is through when a message has been.
void settle(Server &server, LoadClient &client, Messages &messages) {
    const std::int64_t limit = monotonicNs() + 300'000'000;
    while (monotonicNs() < limit)
        client.turn(limit);
    client.resetCounts();
    server.feed(messages.some(1));
    waitFor(client, 1, "the first message");
    client.resetCounts();
}

/// Messages at a steady pace; when each was handed over.
std::vector<std::int64_t> pace(Server &server, LoadClient &client, Messages &messages, double seconds) {
    std::vector<std::int64_t> handedOver;
    const std::int64_t begin = monotonicNs();
    const std::int64_t end = begin + ns(seconds);
    for (std::int64_t due = begin; due < end; due += kPeriodNs) {
        while (monotonicNs() < due)
            client.turn(due);
        handedOver.push_back(monotonicNs());
        server.feed(messages.some(1));
    }
    while (monotonicNs() < end)
        client.turn(end);
    return handedOver;
}

struct Run {
    const Contestant &contestant;
    Results &results;
    std::string suffix;

    void add(const std::string &measure, double value) const {
        results.add(measure + suffix, contestant.name, value);
    }
};

void paced(const Run &run, Server &server, LoadClient &client, Messages &messages, double seconds) {
    const double before = server.cpuSeconds();
    const auto handedOver = pace(server, client, messages, seconds);
    waitFor(client, handedOver.size(), run.contestant.name);
    const double cpu = server.cpuSeconds() - before;
    std::vector<double> lags;
    for (std::size_t i = 0; i < handedOver.size(); i++)
        lags.push_back(static_cast<double>(client.completeAt(i) - handedOver[i]) * 1e-6);
    run.add("last viewer's lag p50, ms", percentile(lags, 0.5));
    run.add("last viewer's lag p99, ms", percentile(lags, 0.99));
    run.add("processor per delivery at 20/s, µs",
            cpu * 1e6 / static_cast<double>(handedOver.size() * client.viewers()));
    client.resetCounts();
}

void flatOut(const Run &run, Server &server, LoadClient &client, Messages &messages, double seconds,
             std::size_t inFlight) {
    const std::int64_t begin = monotonicNs();
    const std::int64_t end = begin + ns(seconds);
    const double before = server.cpuSeconds();
    std::size_t sent = 0;
    while (monotonicNs() < end) {
        server.feed(messages.some(inFlight));
        sent += inFlight;
        waitFor(client, sent, run.contestant.name);
    }
    const double took = static_cast<double>(monotonicNs() - begin) * 1e-9;
    const auto deliveries = static_cast<double>(sent * client.viewers());
    const std::string what = ", " + std::to_string(inFlight) + " in flight";
    run.add("thousand deliveries/s" + what, deliveries / took * 1e-3);
    run.add("processor per delivery" + what + ", µs", (server.cpuSeconds() - before) * 1e6 / deliveries);
    client.resetCounts();
}

/// Lets `viewers` of them in: what one costs.
void fill(const Run &run, Server &server, LoadClient &client, Messages &messages, std::size_t viewers) {
    client.connect(1); // what the first viewer makes once is no cost of a viewer
    settle(server, client, messages);
    const auto empty = static_cast<double>(server.memory().privateKiB);
    client.connect(viewers - 1);
    const double full = static_cast<double>(server.memory().privateKiB) - empty;
    run.add("KiB per idle viewer", full / static_cast<double>(viewers - 1));
}

void storm(const Run &run, Server &server, LoadClient &client, double seconds) {
    const double before = server.cpuSeconds();
    const double perSecond = client.handshakesPerSecond(seconds, 200);
    run.add("thousand handshakes/s", perSecond * 1e-3);
    run.add("processor per handshake, µs", (server.cpuSeconds() - before) * 1e6 / (perSecond * seconds));
}

void addLastWords(const Run &run, Server &server) {
    std::istringstream said(server.finish());
    std::string name;
    for (double value; said >> name >> value;)
        if (name.starts_with("hand-over"))
            run.add("hand-over to transcriptbroadcast " + name.substr(10, 3) + ", µs", value);
        else if (name.starts_with("parsing"))
            run.add("parsing, where nobody did before, " + name.substr(8, 3) + ", µs", value);
}

} // namespace

void measureFanOut(const Contestant &contestant, std::size_t viewers, const RunSettings &settings,
                   Results &results) {
    const Run run{contestant, results, ", N=" + std::to_string(viewers)};
    Server server(contestant, settings.serverProcessor);
    LoadClient client({server.port(), contestant.path, contestant.headers});
    Messages messages;
    fill(run, server, client, messages, viewers);
    settle(server, client, messages);
    paced(run, server, client, messages, settings.pacedSeconds);
    for (const std::size_t inFlight : {1, 16})
        flatOut(run, server, client, messages, settings.flatOutSeconds, inFlight);
    client.cut();
    addLastWords(run, server);
}

void measureKind(const Contestant &contestant, const std::string &kind, std::size_t viewers,
                 const RunSettings &settings, Results &results) {
    const Run run{contestant, results, ", " + kind};
    Server server(contestant, settings.serverProcessor);
    LoadClient client({server.port(), contestant.path, contestant.headers});
    Messages messages;
    storm(run, server, client, settings.stormSeconds);
    fill(run, server, client, messages, viewers);
    client.cut();
    server.finish();
}

void measureStalled(const Contestant &contestant, const RunSettings &settings, Results &results) {
    constexpr std::size_t kViewers = 40, kStalled = 20, kBytes = 3000, kPerTick = 10;
    constexpr std::int64_t kTickNs = 10'000'000;
    const Run run{contestant, results, ", 20 of 40 viewers stalled"};
    Server server(contestant, settings.serverProcessor);
    LoadClient client({server.port(), contestant.path, contestant.headers});
    Messages messages(kBytes);
    client.connect(kViewers);
    settle(server, client, messages);
    client.stall(kStalled);
    const auto before = static_cast<double>(server.memory().privateKiB);
    std::uint64_t queue = 0;
    std::size_t sent = 0;
    double most = before;
    const std::int64_t begin = monotonicNs(), end = begin + ns(settings.stalledSeconds);
    for (std::int64_t due = begin; due < end; due += kTickNs) {
        while (monotonicNs() < due)
            client.turn(due);
        server.feed(messages.some(kPerTick));
        sent += kPerTick;
        if ((sent / kPerTick) % 50 == 0) {
            queue = std::max(queue, server.longestSendQueue());
            most = std::max(most, static_cast<double>(server.memory().privateKiB));
        }
    }
    waitFor(client, sent, contestant.name);
    run.add("growth, MB", (most - before) / 1024);
    run.add("kernel's send queue of a stalled viewer, KiB", static_cast<double>(queue) / 1024);
    client.cut();
    server.finish();
}

void measureHandshakes(const Contestant &contestant, std::size_t viewers, const RunSettings &settings,
                       Results &results) {
    const Run run{contestant, results, ""};
    Server server(contestant, settings.serverProcessor);
    LoadClient client({server.port(), contestant.path, contestant.headers});
    Messages messages;
    storm(run, server, client, settings.stormSeconds);
    client.connect(viewers);
    settle(server, client, messages);
    client.cut();
    const std::int64_t begin = monotonicNs();
    std::int64_t due = begin;
    while (client.connected() < viewers) { // all come back at once, while the session goes on
        while (client.viewers() < viewers && client.viewers() - client.connected() < 1000)
            client.add();
        client.turn(due);
        if (monotonicNs() < due)
            continue;
        server.feed(messages.some(1));
        due += kPeriodNs;
        if (monotonicNs() - begin > kStormLimitNs)
            break; // that long, and longer: the server has no time left beside its messages
    }
    const double took = static_cast<double>(monotonicNs() - begin) * 1e-6;
    run.add(std::to_string(viewers) + " viewers are back after, ms", took);
    client.cut();
    server.finish();
}

} // namespace lt::bench
