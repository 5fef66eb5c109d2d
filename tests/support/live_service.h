// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/process.h"

#include <csignal>
#include <string>
#include <vector>

namespace lt::support {

/// A livetranscriptd on free ports of 127.0.0.1, in a process of its own. What does not go as it should ends
/// the test.
class LiveService {
public:
    struct Settings {
        std::string program;                  ///< livetranscriptd
        std::string description;              ///< session.launch
        std::string gladiaUrl;                ///< the emulator's
        std::vector<std::string> environment; ///< further NAME=VALUE
        std::vector<std::string> options =
            {}; ///< on the command line; stronger than what makes the ports free
    };
    explicit LiveService(const Settings &settings);

    unsigned rtmpPort() const { return rtmpPort_; }
    unsigned port() const { return port_; }
    /// Where a session is published.
    std::string url(const std::string &session) const;
    pid_t pid() const { return process_.pid(); }
    std::string output() const { return process_.output(); }
    /// How often it has said so in its log.
    std::size_t timesSaid(const std::string &line) const { return process_.timesPrinted(line); }
    /// Waits until it has said so in its log, `count` times.
    void waitFor(const std::string &line, std::size_t count = 1);
    /// Exit status after a signal; 0 sends none.
    int end(int signal = SIGTERM);

private:
    unsigned numberAfter(const std::string &word) const;

    Process process_;
    unsigned rtmpPort_ = 0, port_ = 0;
};

} // namespace lt::support
