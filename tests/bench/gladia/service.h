// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/bench/support/child_process.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace lt::bench {

/// The emulator of Gladia as a process of its own, on one processor.
class Service {
public:
    struct Report {
        bool reachable = false;
        std::size_t streaming = 0; ///< sessions that have acknowledged audio
        std::size_t ended = 0;
        std::uint64_t bytes = 0;     ///< acknowledged, of all sessions
        std::size_t connections = 0; ///< so far, of all sessions
        std::vector<double> recoveriesMs;
    };

    /// Throws std::runtime_error with a sentence when it does not start.
    Service(const std::string &program, unsigned processor);

    const std::string &url() const { return url_; }
    Report report() const;
    /// It is away for so long from now on.
    void beginOutage(unsigned ms) const;

private:
    Pipe said_;
    std::unique_ptr<ChildProcess> process_;
    std::string url_;
};

/// The process of a contestant: ENDPOINT SESSIONS FILE are its arguments, "running" its first line.
class Client {
public:
    /// `more`: arguments behind these.
    Client(const std::vector<std::string> &command, const Service &service, std::size_t sessions,
           const std::string &audio, unsigned processor, const std::vector<std::string> &more = {});

    double cpuSeconds() const { return process_->cpuSeconds(); }
    Memory memory() const { return process_->memory(); }
    /// Its threads; those whose names begin with `prefix`.
    std::size_t threads(const std::string &prefix = "") const;
    /// Ends its sessions and returns what it says then, a line `name value` each. Throws when it fails.
    std::string finish();

private:
    std::string name_;
    Pipe said_;
    std::unique_ptr<ChildProcess> process_;
};

} // namespace lt::bench
