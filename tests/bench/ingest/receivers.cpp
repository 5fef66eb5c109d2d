// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/ingest/receivers.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include <unistd.h>

namespace lt::bench {

using namespace std::chrono_literals;

namespace {

constexpr int kFirstHandedFd = 200; // above all descriptors of this process
constexpr auto kStartLimit = 20s;

std::string urlOf(unsigned port, const std::string &stream) {
    return "rtmp://127.0.0.1:" + std::to_string(port) + "/live/" + stream;
}

/// ingest-line says "running", or ends.
void waitForWord(const Pipe &ready) {
    char word = 0;
    if (read(ready.read.get(), &word, 1) != 1)
        throw std::runtime_error("our line could not be started");
}

std::string streamName(unsigned session) {
    return "s" + std::to_string(session);
}

} // namespace

std::vector<std::string> peerCommand(const std::string &url) {
    return {"ffmpeg",     "-nostdin", "-hide_banner",
            "-loglevel",  "fatal",    "-fflags",
            "nobuffer",   "-flags",   "low_delay",
            "-probesize", "64",       "-analyzeduration",
            "50000",      "-listen",  "1",
            "-timeout",   "20",       "-i",
            url,          "-f",       "s16le",
            "-ar",        "16000",    "-ac",
            "1",          "pipe:1"};
}

std::string lineDescription(const Contestant &contestant, unsigned port, const std::string &stream, int fd) {
    return "rtmpserversrc port=" + std::to_string(port) + " stream=" + stream + " ! flvdemux ! aacparse ! " +
           contestant.decoder +
           " ! audioconvert ! audioresample"
           " ! audio/x-raw,format=S16LE,rate=16000,channels=1"
           " ! pcmchunker chunk-ms=" +
           std::to_string(contestant.chunkMs) + " flush-ms=" + std::to_string(contestant.flushMs) +
           " ! fdsink sync=false async=false fd=" + std::to_string(fd);
}

Receivers::Receivers(const Contestant &contestant, unsigned sessions, const std::string &lineProgram)
    : peer_(contestant.peer) {
    if (contestant.peer)
        startPeers(sessions);
    else
        startLine(contestant, sessions, lineProgram);
}

void Receivers::startPeers(unsigned sessions) {
    const auto ports = freePorts(sessions);
    for (unsigned i = 0; i < sessions; i++) {
        Pipe output = makePipe();
        urls_.push_back(urlOf(ports[i], streamName(i)));
        processes_.emplace_back(peerCommand(urls_.back()),
                                std::vector<ChildProcess::Handed>{{output.write.get(), STDOUT_FILENO}});
        pipes_.push_back(std::move(output.read));
    }
    waitUntilListening(ports);
}

void Receivers::startLine(const Contestant &contestant, unsigned sessions, const std::string &program) {
    const auto ports = freePorts(1);
    std::vector<std::string> command{program};
    std::vector<ChildProcess::Handed> handed;
    std::vector<net::UniqueFd> writeEnds;
    for (unsigned i = 0; i < sessions; i++) {
        Pipe output = makePipe();
        const int number = kFirstHandedFd + static_cast<int>(i);
        handed.push_back({output.write.get(), number});
        command.push_back(lineDescription(contestant, ports[0], streamName(i), number));
        urls_.push_back(urlOf(ports[0], streamName(i)));
        writeEnds.push_back(std::move(output.write));
        pipes_.push_back(std::move(output.read));
    }
    Pipe ready = makePipe();
    handed.push_back({ready.write.get(), STDOUT_FILENO});
    processes_.emplace_back(command, handed);
    ready.write.reset();
    waitForWord(ready);
}

void Receivers::waitUntilListening(const std::vector<unsigned> &ports) {
    const auto end = std::chrono::steady_clock::now() + kStartLimit;
    while (!std::ranges::all_of(ports, listensOn)) {
        for (auto &process : processes_)
            if (const auto status = process.waitFor(5ms))
                throw std::runtime_error("a receiver ended with status " + std::to_string(*status) +
                                         " before it listened");
        if (std::chrono::steady_clock::now() >= end)
            throw std::runtime_error("a receiver does not listen");
    }
}

double Receivers::cpuSeconds() const {
    double seconds = 0;
    for (const auto &process : processes_)
        seconds += process.cpuSeconds();
    return seconds;
}

Memory Receivers::memory() const {
    Memory sum;
    for (const auto &process : processes_) {
        const Memory one = process.memory();
        sum.privateKiB += one.privateKiB;
        sum.proportionalKiB += one.proportionalKiB;
    }
    return sum;
}

void Receivers::closeInput() {
    for (auto &process : processes_)
        process.closeInput();
}

void Receivers::finish() {
    for (auto &process : processes_) {
        const auto status = process.waitFor(kStartLimit);
        if (!peer_ && status != 0)
            throw std::runtime_error(status ? "our line ended with status " + std::to_string(*status)
                                            : "our line did not end with its publishers");
    }
}

Memory emptyLineMemory(const std::string &lineProgram) {
    Pipe ready = makePipe();
    const ChildProcess process({lineProgram}, {{ready.write.get(), STDOUT_FILENO}});
    ready.write.reset();
    waitForWord(ready);
    return process.memory();
}

} // namespace lt::bench
