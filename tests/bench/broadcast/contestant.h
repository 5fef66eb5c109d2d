// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/bench/support/child_process.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace lt::bench {

/// A server that fans out: reads a transcript a line on its standard input and sends it to all viewers of
/// session "bench".
struct Contestant {
    std::string name;
    bool peer = false;
    std::vector<std::string> command;
    std::string path = "/ws?session=bench"; ///< what viewers ask for
    std::string headers = {};               ///< further lines, each with CR LF
};

/// The process of a contestant, pinned to one processor. It listens when this is made.
class Server {
public:
    /// Throws std::runtime_error with a sentence when it does not.
    Server(const Contestant &contestant, unsigned processor);

    std::uint16_t port() const { return port_; }
    /// Hands `lines` over in one write; waits when the server does not read.
    void feed(const std::string &lines);
    double cpuSeconds() const { return process_->cpuSeconds(); }
    Memory memory() const { return process_->memory(); }
    /// The most that waits, in bytes, in the kernel's send queue of one of its connections.
    std::uint64_t longestSendQueue() const;
    /// Ends it and returns what it says at its end, a line `name value` each. Throws when it fails.
    std::string finish();

private:
    std::string name_;
    Pipe said_;
    std::unique_ptr<ChildProcess> process_;
    std::uint16_t port_ = 0;
};

/// The thread that calls this, and what it starts, runs on this processor from now on.
void pinTo(unsigned processor);

} // namespace lt::bench
