// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/service/contestant.h"

#include "tests/support/live_service.h"
#include "tests/support/process.h"

#include <chrono>
#include <csignal>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace lt::bench {

namespace {

constexpr unsigned kStartLimitMs = 60000;

class Ours : public Contestant {
public:
    Ours(const ContestantPrograms &programs, const std::string &gladiaUrl, unsigned sessions)
        : service_({programs.livetranscriptd,
                    programs.description,
                    gladiaUrl,
                    {"BACKPRESSURE_MAX_STREAMS=" + std::to_string(sessions),
                     "GLADIA_MAX_SESSIONS=" + std::to_string(sessions)}}) {}
    ~Ours() override { service_.end(); }

    std::string publishUrl(unsigned index) const override {
        return service_.url("s" + std::to_string(index));
    }
    unsigned viewersPort() const override { return service_.port(); }
    std::vector<pid_t> processes() const override { return {service_.pid()}; }

private:
    support::LiveService service_;
};

class Peer : public Contestant {
public:
    Peer(const ContestantPrograms &programs, const std::string &gladiaUrl, unsigned sessions)
        : ports_(freePorts(sessions)), process_(command(programs, gladiaUrl, ports_)) {
        if (!process_.waitFor("\nport ", 1, kStartLimitMs))
            throw std::runtime_error("the peer did not start: " + process_.output());
        std::istringstream lines(process_.output());
        std::string word;
        for (pid_t number = 0; lines >> word >> number;)
            (word == "ffmpeg" ? processes_ : viewersPorts_).push_back(number);
        processes_.push_back(process_.pid());
        for (const unsigned port : ports_)
            while (!listensOn(port))
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ~Peer() override {
        process_.signal(SIGTERM);
        process_.waitForEnd();
    }

    std::string publishUrl(unsigned index) const override {
        return "rtmp://127.0.0.1:" + std::to_string(ports_[index]) + "/live/s" + std::to_string(index);
    }
    unsigned viewersPort() const override { return static_cast<unsigned>(viewersPorts_.at(0)); }
    std::vector<pid_t> processes() const override { return processes_; }

private:
    static std::vector<std::string> command(const ContestantPrograms &programs, const std::string &gladiaUrl,
                                            const std::vector<unsigned> &ports) {
        std::vector<std::string> words{"node", programs.peer, gladiaUrl};
        for (const unsigned port : ports)
            words.push_back(std::to_string(port));
        return words;
    }

    const std::vector<unsigned> ports_; // of the publishers
    support::Process process_;
    std::vector<pid_t> processes_, viewersPorts_;
};

} // namespace

double Contestant::cpuSeconds() const {
    double all = 0;
    for (const pid_t pid : processes())
        all += cpuSecondsOf(pid);
    return all;
}

double Contestant::privateKiB() const {
    double all = 0;
    for (const pid_t pid : processes())
        all += static_cast<double>(memoryOf(pid).privateKiB);
    return all;
}

std::unique_ptr<Contestant> startOurs(const ContestantPrograms &programs, const std::string &gladiaUrl,
                                      unsigned sessions) {
    return std::make_unique<Ours>(programs, gladiaUrl, sessions);
}

std::unique_ptr<Contestant> startPeer(const ContestantPrograms &programs, const std::string &gladiaUrl,
                                      unsigned sessions) {
    return std::make_unique<Peer>(programs, gladiaUrl, sessions);
}

} // namespace lt::bench
