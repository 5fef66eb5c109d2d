// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/ingest/run.h"

#include "tests/bench/ingest/marker_detector.h"
#include "tests/bench/ingest/marker_signal.h"
#include "tests/bench/ingest/pcm_reader.h"
#include "tests/bench/ingest/publisher_report.h"
#include "tests/bench/support/monotonic.h"
#include "tests/bench/support/statistics.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <stdexcept>

#include <unistd.h>

namespace lt::bench {

using namespace std::chrono_literals;

namespace {

constexpr unsigned kRate = 16000;
constexpr double kTailSeconds = 0.3;  // published after the measured time
constexpr double kSpareSeconds = 120; // the publisher ends by itself if nobody ends it
constexpr std::int64_t kBeginLimitNs = 20'000'000'000;
constexpr std::int64_t kEndLimitNs = 20'000'000'000;

double ms(std::int64_t ns) {
    return static_cast<double>(ns) * 1e-6;
}

std::int64_t ns(double seconds) {
    return static_cast<std::int64_t>(seconds * 1e9);
}

struct Window {
    std::int64_t fromNs = 0, toNs = 0;
    bool holds(std::int64_t at) const { return at >= fromNs && at < toNs; }
};

/// Latencies of all sessions of a run, in ms.
struct Latencies {
    std::vector<double> floor, conversion, added, addedCut;
};

void addSession(const PcmReader::Stream &stream, const PublisherReport &report,
                const std::vector<double> &sent, const Contestant &contestant, const Window &window,
                Latencies &latencies, RunFigures &figures) {
    MarkerDetector detector(kRate, 1);
    detector.feed({reinterpret_cast<const std::int16_t *>(stream.bytes.data()), stream.log.frames()});
    const auto alignment = align(sent, detector);
    if (!alignment)
        throw std::runtime_error(contestant.name + " gave PCM in which the markers cannot be found");
    const PcmLog cut = contestant.peer ? cutIntoChunks(stream.log, kRate, 50, 25) : stream.log;
    figures.strangers += alignment->strangers;
    figures.startLost =
        std::max(figures.startLost, (report.convertedOffset - alignment->offsetSeconds) * 1e3);
    figures.firstPcm = std::max(figures.firstPcm, ms(*stream.log.firstNs() - report.acceptedNs));
    for (std::size_t i = 0; i < sent.size() && i < report.markers.size(); i++) {
        const auto &marker = report.markers[i];
        if (marker.handedNs == 0 || marker.handedNs >= window.toNs || marker.codecNs == 0)
            continue;
        figures.markers++;
        const auto &received = alignment->received[i];
        const auto at = received ? stream.log.availableNs(*received * kRate) : std::nullopt;
        if (!at)
            figures.missing++;
        if (!at || !window.holds(marker.handedNs))
            continue;
        latencies.floor.push_back(ms(marker.codecNs - marker.handedNs));
        if (marker.convertedNs != 0)
            latencies.conversion.push_back(ms(marker.convertedNs - marker.codecNs));
        latencies.added.push_back(ms(*at - marker.codecNs));
        if (const auto later = cut.availableNs(*received * kRate))
            latencies.addedCut.push_back(ms(*later - marker.codecNs));
    }
}

void summarise(const Latencies &latencies, RunFigures &figures) {
    figures.floorMean = mean(latencies.floor);
    figures.conversionMean = mean(latencies.conversion);
    figures.addedMean = mean(latencies.added);
    figures.addedP50 = percentile(latencies.added, 0.50);
    figures.addedP95 = percentile(latencies.added, 0.95);
    figures.addedP99 = percentile(latencies.added, 0.99);
    figures.addedMeanCut = mean(latencies.addedCut);
}

std::vector<std::string> publisherCommand(const RunSettings &settings, double seconds,
                                          const std::vector<std::string> &urls) {
    // rtmp2sink logs a critical when ffmpeg answers tersely: no reason to die, even in a test.
    std::vector<std::string> command{"env",
                                     "-u",
                                     "G_DEBUG",
                                     settings.publisherProgram,
                                     "--seconds=" + std::to_string(seconds),
                                     "--feed=" + std::to_string(settings.feedFrames),
                                     "--seed=" + std::to_string(settings.seed)};
    command.insert(command.end(), urls.begin(), urls.end());
    return command;
}

} // namespace

RunFigures measure(const Contestant &contestant, const RunSettings &settings) {
    RunFigures figures;
    Receivers receivers(contestant, settings.sessions, settings.lineProgram);
    PcmReader reader(receivers.takePipes());
    const double longest = settings.warmSeconds + settings.seconds + kSpareSeconds;
    Pipe said = makePipe();
    ChildProcess publisher(publisherCommand(settings, longest, receivers.urls()),
                           {{said.write.get(), STDOUT_FILENO}});
    said.write.reset();

    const std::int64_t limit = monotonicNs() + kBeginLimitNs;
    while (!reader.allHaveBegun() && !reader.readUntil(monotonicNs() + 10'000'000))
        if (monotonicNs() >= limit)
            throw std::runtime_error(contestant.name + " gave no PCM for a session");
    Window window;
    reader.readUntil(monotonicNs() + ns(settings.warmSeconds));
    window.fromNs = monotonicNs();
    const double cpuBefore = receivers.cpuSeconds();
    reader.readUntil(window.fromNs + ns(settings.seconds));
    const double cpu = receivers.cpuSeconds() - cpuBefore;
    window.toNs = monotonicNs();
    const Memory memory = receivers.memory();
    if (reader.anyHasEnded())
        throw std::runtime_error(contestant.name + " stopped before the publishers did");
    reader.readUntil(monotonicNs() + ns(kTailSeconds));
    publisher.closeInput();
    reader.readUntil(monotonicNs() + ns(kTailSeconds));
    const auto reports =
        parsePublisherReports(readText(said.read, monotonicNs() + kEndLimitNs), settings.sessions);
    if (publisher.waitFor(10s) != 0)
        throw std::runtime_error("the publisher failed against " + contestant.name);
    receivers.closeInput();
    reader.readUntil(monotonicNs() + kEndLimitNs);
    receivers.finish();
    figures.cpuPerSessionSecond = cpu / (ms(window.toNs - window.fromNs) * 1e-3) / settings.sessions;
    figures.privateKiB = static_cast<double>(memory.privateKiB);
    figures.pssKiB = static_cast<double>(memory.proportionalKiB);
    figures.startLost = -std::numeric_limits<double>::infinity();
    Latencies latencies;
    for (unsigned i = 0; i < settings.sessions; i++)
        addSession(reader.streams()[i], reports[i], markerTimes(settings.seed + i, longest), contestant,
                   window, latencies, figures);
    summarise(latencies, figures);
    return figures;
}

} // namespace lt::bench
