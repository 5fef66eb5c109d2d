// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/bench/support/child_process.h"

#include <string>
#include <vector>

namespace lt::bench {

/// What turns RTMP into PCM: our line at some chunk and flush time, or the peer.
struct Contestant {
    std::string name;
    bool peer = false; ///< one ffmpeg process per session, as the replaced system had
    unsigned chunkMs = 50, flushMs = 25;
    std::string decoder = "avdec_aac";
};

/// The receiving processes of one run: they listen when this is made and end when it goes.
class Receivers {
public:
    /// `lineProgram` is the path of ingest-line. Throws std::runtime_error with a sentence when they do not
    /// listen.
    Receivers(const Contestant &contestant, unsigned sessions, const std::string &lineProgram);

    const std::vector<std::string> &urls() const { return urls_; }
    /// Raw S16LE 16 kHz mono of each session; to be taken once.
    std::vector<net::UniqueFd> takePipes() { return std::move(pipes_); }
    double cpuSeconds() const;
    Memory memory() const;
    /// The publishers have left: our line may end when it has passed everything on. ffmpeg has ended already.
    void closeInput();
    /// Waits until they have ended. Throws std::runtime_error when
    /// our line does not, or says that something was wrong. (ffmpeg calls the end of a publisher an error.)
    void finish();

private:
    void startPeers(unsigned sessions);
    void startLine(const Contestant &contestant, unsigned sessions, const std::string &program);
    void waitUntilListening(const std::vector<unsigned> &ports);

    bool peer_;
    std::vector<ChildProcess> processes_;
    std::vector<net::UniqueFd> pipes_;
    std::vector<std::string> urls_;
};

/// The arguments of the peer for one session, and the description of our line; shown in the report as well.
std::vector<std::string> peerCommand(const std::string &url);
std::string lineDescription(const Contestant &contestant, unsigned port, const std::string &stream, int fd);

/// Memory of the process our line runs in before it has any pipeline.
Memory emptyLineMemory(const std::string &lineProgram);

} // namespace lt::bench
