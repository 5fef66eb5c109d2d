// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/latency/run.h"

#include "tests/bench/latency/publisher.h"
#include "tests/bench/latency/viewers.h"
#include "tests/bench/support/child_process.h"
#include "tests/bench/support/monotonic.h"

#include <array>
#include <chrono>
#include <deque>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <unistd.h>

namespace lt::bench {

using namespace std::chrono_literals;

namespace {

constexpr auto kEndLimit = 30s;
constexpr std::int64_t kStaggerNs = 41'300'000; // between publishers, so that they do not march in step

/// Our own programs say one line when they are ready.
std::string firstLine(const Pipe &output, const char *who) {
    std::string line;
    char c = 0;
    while (read(output.read.get(), &c, 1) == 1)
        if (c == '\n')
            return line;
        else
            line += c;
    throw std::runtime_error(std::string(who) + " could not be started");
}

std::string allOf(const Pipe &output) {
    std::string text;
    std::array<char, 65536> buffer;
    for (ssize_t got; (got = read(output.read.get(), buffer.data(), buffer.size())) > 0;)
        text.append(buffer.data(), static_cast<std::size_t>(got));
    return text;
}

struct Started {
    Pipe output = makePipe();
    std::unique_ptr<ChildProcess> process;

    explicit Started(const std::vector<std::string> &command) {
        process = std::make_unique<ChildProcess>(
            command, std::vector<ChildProcess::Handed>{{output.write.get(), STDOUT_FILENO}});
        output.write.reset();
    }
};

std::vector<std::string> emulatorCommand(const RunSettings &settings) {
    std::vector<std::string> command{settings.emulatorProgram, "--exit-with-parent",
                                     "--seed=" + std::to_string(settings.seed)};
    if (!settings.delayProfile.empty())
        command.push_back("--delay-profile=" + settings.delayProfile);
    return command;
}

std::string describe(const RunSettings &settings, unsigned session, unsigned rtmpPort, unsigned port,
                     const std::string &endpoint) {
    const std::string name = "s" + std::to_string(session);
    return "rtmpserversrc port=" + std::to_string(rtmpPort) + " stream=" + name +
           " ! flvdemux ! aacparse ! avdec_aac ! audioconvert ! audioresample"
           " ! audio/x-raw,format=S16LE,rate=16000,channels=1"
           " ! pcmchunker chunk-ms=" +
           std::to_string(settings.chunkMs) + " flush-ms=" + std::to_string(settings.flushMs) +
           " ! gladiasink name=recogniser endpoint=" + endpoint + " api-key=none" +
           " ! wsheartbeat interval-ms=15000 max-missed=3"
           " ! transcriptbroadcast name=broadcaster port=" +
           std::to_string(port) + " session=" + name;
}

std::vector<std::vector<LineMessage>> messagesOf(const std::string &output, unsigned sessions) {
    std::vector<std::vector<LineMessage>> messages(sessions);
    std::istringstream lines(output);
    std::string word;
    while (lines >> word) {
        std::size_t session = 0;
        LineMessage m;
        if (word != "message" ||
            !(lines >> session >> m.utteranceId >> m.isFinal >> m.endSeconds >> m.enteredNs >> m.sentNs >>
              m.receivedNs >> m.pushedNs >> m.reachedNs) ||
            session >= sessions)
            throw std::runtime_error("latency-line printed something else than messages");
        messages[session].push_back(std::move(m));
    }
    return messages;
}

SpeechSettings speechOf(const RunSettings &settings, unsigned session) {
    SpeechSettings speech;
    speech.rate = Publisher::kRate;
    speech.seconds = settings.seconds;
    speech.seed = settings.seed * 1000 + session;
    return speech;
}

void speakAll(std::deque<Publisher> &publishers) {
    const std::int64_t start = monotonicNs();
    std::atomic<bool> good = true;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < publishers.size(); i++)
        threads.emplace_back([&, i] {
            if (!publishers[i].speak(start + static_cast<std::int64_t>(i) * kStaggerNs))
                good = false;
        });
    for (auto &thread : threads)
        thread.join();
    if (!good)
        throw std::runtime_error("a publisher failed");
}

void append(SessionPaths &all, SessionPaths &&one) {
    all.paths.insert(all.paths.end(), one.paths.begin(), one.paths.end());
    all.problems.insert(all.problems.end(), one.problems.begin(), one.problems.end());
}

} // namespace

SessionPaths measure(const RunSettings &settings) {
    Started emulator(emulatorCommand(settings));
    const std::string said = firstLine(emulator.output, "the emulator");
    const std::string endpoint = said.substr(said.rfind(' ') + 1);
    const auto ports = freePorts(2);
    std::vector<std::string> command{settings.lineProgram};
    std::deque<Publisher> publishers;
    for (unsigned i = 0; i < settings.sessions; i++) {
        command.push_back(describe(settings, i, ports[0], ports[1], endpoint));
        publishers.emplace_back("rtmp://127.0.0.1:" + std::to_string(ports[0]) + "/live/s" +
                                    std::to_string(i),
                                planSpeech(speechOf(settings, i)));
    }
    Started line(command);
    firstLine(line.output, "our line");
    Viewers viewers(ports[1], settings.sessions, settings.viewersPerSession);
    speakAll(publishers);
    line.process->closeInput();
    const auto messages = messagesOf(allOf(line.output), settings.sessions);
    if (line.process->waitFor(kEndLimit) != 0)
        throw std::runtime_error("our line failed");
    SessionPaths all;
    for (unsigned i = 0; i < settings.sessions; i++)
        for (const auto &seen : viewers.take(i)) {
            if (seen.size() != messages[i].size())
                all.problems.push_back("a viewer of session " + std::to_string(i) + " saw " +
                                       std::to_string(seen.size()) + " of " +
                                       std::to_string(messages[i].size()) + " messages");
            append(all, join(publishers[i].plan(), Publisher::kRate, publishers[i].log(), messages[i], seen));
        }
    return all;
}

} // namespace lt::bench
