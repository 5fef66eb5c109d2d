// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/types.h>

namespace lt::support {

/// Long enough for any machine; only ever reached by a test that fails.
constexpr unsigned kPatienceMs = 30000;

/// A program that a test runs beside itself. It ends with its object, and with the test should that die
/// first.
class Process {
public:
    /// Starts argv[0], found on the PATH; `environment` adds NAME=VALUE. What it prints, on either stream, is
    /// collected by a thread of its own; it reads from `inputFd`, or nothing. A program that cannot be
    /// started ends the test.
    explicit Process(const std::vector<std::string> &argv, const std::vector<std::string> &environment = {},
                     int inputFd = -1);
    /// Kills it if it still runs.
    ~Process();
    Process(const Process &) = delete;
    Process &operator=(const Process &) = delete;

    pid_t pid() const { return pid_; }
    void signal(int number);
    /// Waits until it has printed `text` `count` times. False: the time is over, or it ended without.
    bool waitFor(std::string_view text, std::size_t count = 1, unsigned timeoutMs = kPatienceMs);
    /// Exit status, 128 + signal for one that was killed, nothing when it runs on.
    std::optional<int> waitForEnd(unsigned timeoutMs = kPatienceMs);
    bool ended() const;
    /// How often it has printed `text` so far.
    std::size_t timesPrinted(std::string_view text) const;
    /// All it has printed so far.
    std::string output() const;

private:
    void start(const std::vector<std::string> &argv, const std::vector<std::string> &environment,
               int inputFd);
    void read();
    void reap();

    const std::string name_;
    pid_t pid_ = -1;
    int outputFd_ = -1;
    mutable std::mutex mutex_; // guards what follows
    std::condition_variable changed_;
    std::string output_;
    bool outputEnded_ = false;
    std::optional<int> status_;
    std::thread reader_;
    std::thread reaper_;
};

/// A directory that goes away with its object.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory &) = delete;
    TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;

    std::string file(std::string_view name) const;

private:
    std::string path_;
};

/// A TCP port of 127.0.0.1 that nobody listens on, for programs that cannot choose one themselves.
int freePort();
/// True as soon as 127.0.0.1:port accepts connections.
bool waitForListener(int port, unsigned timeoutMs = kPatienceMs);
/// True if a program of this name can be run.
bool haveProgram(const char *name);

} // namespace lt::support
