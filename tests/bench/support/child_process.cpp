// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/support/child_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace lt::bench {

using namespace std::chrono_literals;

namespace {

[[noreturn]] void fail(int error, const std::string &what) {
    throw std::system_error(error, std::generic_category(), what);
}

} // namespace

Pipe makePipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
        fail(errno, "pipe");
    return {net::UniqueFd(ends[0]), net::UniqueFd(ends[1])};
}

ChildProcess::ChildProcess(const std::vector<std::string> &argv, const std::vector<Handed> &handed) {
    Pipe input = makePipe();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input.read.get(), STDIN_FILENO);
    for (const auto &[fd, number] : handed)
        posix_spawn_file_actions_adddup2(&actions, fd, number);
    std::vector<char *> arguments;
    for (const auto &argument : argv)
        arguments.push_back(const_cast<char *>(argument.c_str()));
    arguments.push_back(nullptr);
    const int error = posix_spawnp(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        fail(error, argv[0] + " cannot be started");
    stdin_ = std::move(input.write);
}

ChildProcess::ChildProcess(ChildProcess &&other) noexcept
    : pid_(std::exchange(other.pid_, -1)), stdin_(std::move(other.stdin_)), status_(other.status_) {}

ChildProcess::~ChildProcess() {
    if (pid_ < 0)
        return;
    stdin_.reset();
    for (const int signal : {0, SIGTERM, SIGKILL}) {
        if (signal != 0 && !status_)
            kill(pid_, signal);
        if (waitFor(3s))
            return;
    }
}

std::optional<int> ChildProcess::waitFor(std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!status_) {
        int raw = 0;
        if (waitpid(pid_, &raw, WNOHANG) == pid_)
            status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
        else if (std::chrono::steady_clock::now() >= end)
            return std::nullopt;
        else
            std::this_thread::sleep_for(5ms);
    }
    return status_;
}

double cpuSecondsOf(pid_t pid) {
    clockid_t clock{};
    timespec used{};
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return 0;
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

Memory memoryOf(pid_t pid) {
    Memory memory;
    std::ifstream rollup("/proc/" + std::to_string(pid) + "/smaps_rollup");
    for (std::string line; std::getline(rollup, line);) {
        std::istringstream fields(line);
        std::string name;
        std::uint64_t kib = 0;
        if (!(fields >> name >> kib))
            continue;
        if (name == "Private_Dirty:")
            memory.privateKiB = kib;
        else if (name == "Pss:")
            memory.proportionalKiB = kib;
    }
    return memory;
}

bool listensOn(unsigned port) {
    std::array<char, 8> wanted{};
    std::snprintf(wanted.data(), wanted.size(), ":%04X", port);
    std::ifstream table("/proc/net/tcp");
    for (std::string line; std::getline(table, line);) {
        std::istringstream fields(line);
        std::string slot, local, remote, state;
        fields >> slot >> local >> remote >> state;
        if (state == "0A" && local.ends_with(wanted.data()))
            return true;
    }
    return false;
}

std::vector<unsigned> freePorts(std::size_t count) {
    std::vector<net::UniqueFd> held; // all at once, so that they differ
    std::vector<unsigned> ports;
    while (ports.size() < count) {
        net::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof(address);
        auto *generic = reinterpret_cast<sockaddr *>(&address);
        if (!socket || bind(socket.get(), generic, length) != 0 ||
            getsockname(socket.get(), generic, &length) != 0)
            fail(errno, "no free port");
        ports.push_back(ntohs(address.sin_port));
        held.push_back(std::move(socket));
    }
    return ports;
}

} // namespace lt::bench
