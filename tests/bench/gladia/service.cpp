// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/gladia/service.h"

#include "tests/support/http_client.h"
#include "tests/support/json_text.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <poll.h>
#include <unistd.h>

namespace lt::bench {

using namespace std::chrono_literals;

namespace {

constexpr int kStartLimitMs = 60000;
constexpr auto kEndLimit = 60s;

std::string readLine(const Pipe &pipe) {
    std::string line;
    for (char character = 0;; line += character) {
        pollfd wanted{pipe.read.get(), POLLIN, 0};
        if (poll(&wanted, 1, kStartLimitMs) <= 0 || read(pipe.read.get(), &character, 1) != 1)
            return {};
        if (character == '\n')
            return line;
    }
}

std::string readAll(const Pipe &pipe) {
    std::string text;
    std::array<char, 4096> buffer;
    for (ssize_t got; (got = read(pipe.read.get(), buffer.data(), buffer.size())) > 0;)
        text.append(buffer.data(), static_cast<std::size_t>(got));
    return text;
}

std::unique_ptr<ChildProcess> start(const std::vector<std::string> &command, unsigned processor, Pipe &said) {
    std::vector<std::string> pinned = {"taskset", "-c", std::to_string(processor)};
    pinned.insert(pinned.end(), command.begin(), command.end());
    auto process = std::make_unique<ChildProcess>(
        pinned, std::vector<ChildProcess::Handed>{{said.write.get(), STDOUT_FILENO}});
    said.write.reset();
    return process;
}

} // namespace

Service::Service(const std::string &program, unsigned processor) : said_(makePipe()) {
    process_ = start({program, "--exit-with-parent"}, processor, said_);
    const std::string line = readLine(said_);
    const std::string prefix = "listening on ";
    if (!line.starts_with(prefix))
        throw std::runtime_error("the emulator could not be started");
    url_ = line.substr(prefix.size());
}

Service::Report Service::report() const {
    Report report;
    const auto answer = support::httpRequest("GET", url_ + "/emulator/report");
    std::string problem;
    const auto json = support::parseObject(answer.body, problem);
    if (answer.status != 200 || !json)
        return report;
    report.reachable = true;
    JsonArray *sessions = json_object_get_array_member(json.get(), "sessions");
    for (guint i = 0; i < json_array_get_length(sessions); i++) {
        JsonObject *session = json_array_get_object_element(sessions, i);
        const auto bytes = static_cast<std::uint64_t>(json_object_get_int_member(session, "bytes"));
        report.bytes += bytes;
        report.streaming += bytes > 0 ? 1 : 0;
        report.ended += json_object_get_boolean_member(session, "ended") ? 1 : 0;
        report.connections += static_cast<std::size_t>(json_object_get_int_member(session, "connections"));
    }
    JsonArray *recoveries = json_object_get_array_member(json.get(), "recoveriesMs");
    for (guint i = 0; i < json_array_get_length(recoveries); i++)
        report.recoveriesMs.push_back(json_array_get_double_element(recoveries, i));
    return report;
}

void Service::beginOutage(unsigned ms) const {
    const auto answer =
        support::httpRequest("POST", url_ + "/emulator/faults", {},
                             R"({"faults":[{"do":"outage","forMs":)" + std::to_string(ms) + "}]}");
    // The emulator may be gone before its answer is.
    if (answer.status != 201 && answer.status != 0)
        throw std::runtime_error("the emulator refuses an outage: " + answer.body);
}

Client::Client(const std::vector<std::string> &command, const Service &service, std::size_t sessions,
               const std::string &audio, unsigned processor, const std::vector<std::string> &more)
    : name_(std::filesystem::path(command.back()).filename()), said_(makePipe()) {
    std::vector<std::string> whole = command;
    whole.insert(whole.end(), {service.url(), std::to_string(sessions), audio});
    whole.insert(whole.end(), more.begin(), more.end());
    process_ = start(whole, processor, said_);
    if (readLine(said_) != "running")
        throw std::runtime_error(name_ + " does not run");
}

std::size_t Client::threads(const std::string &prefix) const {
    std::size_t count = 0;
    const auto tasks = "/proc/" + std::to_string(process_->pid()) + "/task";
    for (const auto &task : std::filesystem::directory_iterator(tasks)) {
        std::ifstream file(task.path() / "comm");
        std::string name;
        std::getline(file, name);
        count += name.starts_with(prefix) ? 1 : 0;
    }
    return count;
}

std::string Client::finish() {
    process_->closeInput();
    std::string words = readAll(said_);
    const auto status = process_->waitFor(kEndLimit);
    if (!status || *status != 0)
        throw std::runtime_error(name_ + " failed");
    return words;
}

} // namespace lt::bench
