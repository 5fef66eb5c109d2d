// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/broadcast/contestant.h"

#include "tests/bench/support/monotonic.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include <poll.h>
#include <sched.h>
#include <unistd.h>

namespace lt::bench {

using namespace std::chrono_literals;

namespace {

constexpr int kStartLimitMs = 30000;

std::string readLine(const net::UniqueFd &pipe) {
    std::string line;
    for (char character = 0; character != '\n'; line += character) {
        pollfd wanted{pipe.get(), POLLIN, 0};
        if (poll(&wanted, 1, kStartLimitMs) <= 0 || read(pipe.get(), &character, 1) != 1)
            return {};
    }
    return line;
}

std::string readAll(const net::UniqueFd &pipe) {
    std::string text;
    std::array<char, 4096> buffer;
    for (ssize_t got; (got = read(pipe.get(), buffer.data(), buffer.size())) > 0;)
        text.append(buffer.data(), static_cast<std::size_t>(got));
    return text;
}

} // namespace

Server::Server(const Contestant &contestant, unsigned processor) : name_(contestant.name), said_(makePipe()) {
    std::vector<std::string> command = {"taskset", "-c", std::to_string(processor)};
    command.insert(command.end(), contestant.command.begin(), contestant.command.end());
    process_ = std::make_unique<ChildProcess>(
        command, std::vector<ChildProcess::Handed>{{said_.write.get(), STDOUT_FILENO}});
    said_.write.reset();
    const std::string line = readLine(said_.read);
    port_ = static_cast<std::uint16_t>(line.starts_with("port ") ? std::atoi(line.c_str() + 5) : 0);
    if (port_ == 0)
        throw std::runtime_error(name_ + " does not listen");
}

void Server::feed(const std::string &lines) {
    for (std::size_t done = 0; done < lines.size();) {
        const ssize_t written = write(process_->input(), lines.data() + done, lines.size() - done);
        if (written < 0 && errno != EINTR)
            throw std::system_error(errno, std::generic_category(), "feeding " + name_);
        done += written > 0 ? static_cast<std::size_t>(written) : 0;
    }
}

std::uint64_t Server::longestSendQueue() const {
    std::array<char, 8> wanted{};
    std::snprintf(wanted.data(), wanted.size(), ":%04X", port_);
    std::uint64_t longest = 0;
    std::ifstream table("/proc/net/tcp");
    for (std::string line; std::getline(table, line);) {
        std::istringstream fields(line);
        std::string slot, local, remote, state, queues;
        fields >> slot >> local >> remote >> state >> queues;
        if (state == "01" && local.ends_with(wanted.data()))
            longest = std::max<std::uint64_t>(longest, std::strtoull(queues.c_str(), nullptr, 16));
    }
    return longest;
}

std::string Server::finish() {
    process_->closeInput();
    const std::string said = readAll(said_.read);
    if (process_->waitFor(20s) != 0)
        throw std::runtime_error(name_ + " failed");
    return said;
}

void pinTo(unsigned processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        throw std::system_error(errno, std::generic_category(), "sched_setaffinity");
}

} // namespace lt::bench
