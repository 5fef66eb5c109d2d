// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/unique_fd.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace lt::bench {

struct Pipe {
    net::UniqueFd read, write; // close-on-exec
};
/// Throws std::system_error.
Pipe makePipe();

/// Memory of one process, in KiB: what it has written itself (Private_Dirty; clean pages of files are private
/// or shared depending on who else runs), and that with its fair share of everything shared (Pss).
struct Memory {
    std::uint64_t privateKiB = 0;
    std::uint64_t proportionalKiB = 0;
};

Memory memoryOf(pid_t pid);
/// User and system time of all its threads so far, also of those that have ended, in seconds.
double cpuSecondsOf(pid_t pid);

/// A process of ours. Destroying it ends it: first by closing its standard input, which our own programs
/// obey, then by signals to its pid.
class ChildProcess {
public:
    struct Handed {
        int fd;     // in this process
        int number; // in the child
    };
    /// Starts argv[0] (searched in PATH). Standard input is a pipe, see input(). Throws std::system_error.
    ChildProcess(const std::vector<std::string> &argv, const std::vector<Handed> &handed);
    ~ChildProcess();
    ChildProcess(ChildProcess &&other) noexcept;
    ChildProcess &operator=(ChildProcess &&) = delete;

    pid_t pid() const { return pid_; }
    /// Where to write what the child is to read; blocking.
    int input() const { return stdin_.get(); }
    /// Our own programs take this for "enough".
    void closeInput() { stdin_.reset(); }
    /// Exit status (128 + signal when killed) as soon as the process has ended; nothing after `limit`.
    std::optional<int> waitFor(std::chrono::milliseconds limit);
    double cpuSeconds() const { return cpuSecondsOf(pid_); }
    Memory memory() const { return memoryOf(pid_); }

private:
    pid_t pid_ = -1;
    net::UniqueFd stdin_;
    std::optional<int> status_;
};

/// Whether something listens on the loopback port. Asks the kernel's table, because a connection would be
/// taken for the publisher.
bool listensOn(unsigned port);
/// Ports nobody listens on at the moment.
std::vector<unsigned> freePorts(std::size_t count);

} // namespace lt::bench
