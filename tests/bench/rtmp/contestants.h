// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/bench/support/child_process.h"
#include "tests/support/process.h"

#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace lt::bench {

/// A server that receives the load, pinned to the first processor.
class Receiver {
public:
    enum class Kind { Ours, Nginx };

    /// Returns when it listens. Throws std::runtime_error when it does not.
    Receiver(Kind kind, const std::filesystem::path &here, std::size_t streams);

    static bool haveNginx();
    std::uint16_t port() const { return port_; }
    double cpuSeconds() const { return process_->cpuSeconds(); }
    Memory memory() const { return process_->memory(); }
    /// Ends it once all that was sent has arrived; what it measured itself, by name.
    std::map<std::string, double> finish();

private:
    const Kind kind_;
    support::TemporaryDirectory directory_;
    Pipe said_;
    std::uint16_t port_ = 0;
    std::unique_ptr<ChildProcess> process_;
};

/// The thread that calls this, and what it starts, runs on this processor from now on.
void pinTo(unsigned processor);

} // namespace lt::bench
