// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/process.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <memory>

#include <arpa/inet.h>
#include <fcntl.h>
#include <glib.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace lt::support {

namespace {

struct StrvFree {
    void operator()(char **strings) const { g_strfreev(strings); }
};
using Strv = std::unique_ptr<char *, StrvFree>;

/// Runs in the child, between fork and exec.
void dieWithParent(gpointer) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

std::size_t countOf(std::string_view text, std::string_view needle) {
    std::size_t count = 0;
    for (auto at = text.find(needle); at != std::string_view::npos;
         at = text.find(needle, at + needle.size()))
        count++;
    return count;
}

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

} // namespace

Process::Process(const std::vector<std::string> &argv, const std::vector<std::string> &environment,
                 int inputFd)
    : name_(argv.at(0)) {
    start(argv, environment, inputFd);
    reader_ = std::thread([this] { read(); });
    reaper_ = std::thread([this] { reap(); });
}

Process::~Process() {
    signal(SIGKILL);
    reaper_.join();
    reader_.join();
    ::close(outputFd_);
}

void Process::start(const std::vector<std::string> &argv, const std::vector<std::string> &environment,
                    int inputFd) {
    std::vector<char *> arguments;
    for (const auto &argument : argv)
        arguments.push_back(const_cast<char *>(argument.c_str()));
    arguments.push_back(nullptr);

    Strv variables(g_get_environ());
    for (const auto &assignment : environment) {
        const auto equals = assignment.find('=');
        g_assert_cmpuint(equals, !=, std::string::npos);
        variables.reset(g_environ_setenv(variables.release(), assignment.substr(0, equals).c_str(),
                                         assignment.substr(equals + 1).c_str(), TRUE));
    }

    int ends[2];
    g_assert_cmpint(::pipe2(ends, O_CLOEXEC), ==, 0);
    GError *error = nullptr;
    g_spawn_async_with_fds(nullptr, arguments.data(), variables.get(),
                           static_cast<GSpawnFlags>(G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD),
                           dieWithParent, nullptr, &pid_, inputFd, ends[1], ends[1], &error);
    ::close(ends[1]);
    outputFd_ = ends[0];
    g_assert_no_error(error);
}

void Process::read() {
    char block[4096];
    for (;;) {
        const ssize_t got = ::read(outputFd_, block, sizeof block);
        if (got < 0 && errno == EINTR)
            continue;
        const std::lock_guard lock(mutex_);
        outputEnded_ = got <= 0;
        if (got > 0)
            output_.append(block, static_cast<std::size_t>(got));
        changed_.notify_all();
        if (got <= 0)
            return;
    }
}

void Process::reap() {
    // Waits without collecting first: as long as the id is not collected, signal() cannot hit a stranger.
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
        ;
    const std::lock_guard lock(mutex_);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    changed_.notify_all();
}

void Process::signal(int number) {
    const std::lock_guard lock(mutex_);
    if (!status_)
        ::kill(pid_, number);
}

bool Process::ended() const {
    const std::lock_guard lock(mutex_);
    return status_.has_value();
}

std::size_t Process::timesPrinted(std::string_view text) const {
    const std::lock_guard lock(mutex_);
    return countOf(output_, text);
}

bool Process::waitFor(std::string_view text, std::size_t count, unsigned timeoutMs) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(timeoutMs),
                      [&] { return countOf(output_, text) >= count || outputEnded_; });
    if (countOf(output_, text) >= count)
        return true;
    g_test_message("%s did not print \"%.*s\". It printed:\n%s", name_.c_str(), static_cast<int>(text.size()),
                   text.data(), output_.c_str());
    return false;
}

std::optional<int> Process::waitForEnd(unsigned timeoutMs) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(timeoutMs), [&] { return status_ && outputEnded_; });
    if (!status_)
        g_test_message("%s runs on. It printed:\n%s", name_.c_str(), output_.c_str());
    return status_;
}

std::string Process::output() const {
    const std::lock_guard lock(mutex_);
    return output_;
}

TemporaryDirectory::TemporaryDirectory() {
    GError *error = nullptr;
    std::unique_ptr<char, decltype(&g_free)> made(g_dir_make_tmp("livetranscript-XXXXXX", &error), g_free);
    g_assert_no_error(error);
    path_ = made.get();
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::file(std::string_view name) const {
    return path_ + "/" + std::string(name);
}

int freePort() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    g_assert_cmpint(::bind(fd, reinterpret_cast<sockaddr *>(&address), length), ==, 0);
    g_assert_cmpint(::getsockname(fd, reinterpret_cast<sockaddr *>(&address), &length), ==, 0);
    ::close(fd);
    return ntohs(address.sin_port);
}

bool waitForListener(int port, unsigned timeoutMs) {
    const gint64 deadline = g_get_monotonic_time() + gint64{timeoutMs} * 1000;
    do {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const sockaddr_in address = loopback(port);
        const bool connected =
            ::connect(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0;
        ::close(fd);
        if (connected)
            return true;
        g_usleep(10000); // a port that is not open yet has nothing to wait on
    } while (g_get_monotonic_time() < deadline);
    g_test_message("nobody listens on 127.0.0.1:%d", port);
    return false;
}

bool haveProgram(const char *name) {
    const std::unique_ptr<char, decltype(&g_free)> found(g_find_program_in_path(name), g_free);
    return found != nullptr;
}

} // namespace lt::support
