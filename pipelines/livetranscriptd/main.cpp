// SPDX-License-Identifier: LGPL-2.1-or-later
/// livetranscriptd: accepts RTMP publishers and runs a pipeline for each, until SIGTERM or SIGINT.
#include "config.h"
#include "pipelines/livetranscriptd/command_line.h"
#include "pipelines/livetranscriptd/doors.h"
#include "pipelines/livetranscriptd/heap.h"
#include "pipelines/livetranscriptd/log_line.h"
#include "pipelines/livetranscriptd/service.h"
#include "pipelines/livetranscriptd/service_manager.h"
#include "pipelines/livetranscriptd/signals.h"

#include "lib/net/event_loop.h"

#include <clocale>
#include <cstdio>
#include <fstream>
#include <future>

#include <gst/gst.h>
#include <unistd.h>

using namespace lt::service;

namespace {

constexpr int kUsage = 2, kFailed = 1;

int complain(const std::vector<std::string> &problems) {
    for (const auto &problem : problems)
        std::fprintf(stderr, "livetranscriptd: %s\n", problem.c_str());
    return kUsage;
}

/// Sources, then values; what is wrong with either is in `problems`.
SettingsResolution readSettings(const CommandLine &commandLine) {
    auto [sources, problems] = gatherSources(commandLine, environ);
    auto resolution = resolveSettings(sources);
    resolution.problems.insert(resolution.problems.begin(), problems.begin(), problems.end());
    return resolution;
}

void announce(const Settings &settings, const Service &service) {
    std::string boot;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
    std::fprintf(stderr, "APP_START {\"version\":\"%s\",\"pid\":%d,\"boot_id\":\"%s\"}\n", PACKAGE_VERSION,
                 static_cast<int>(getpid()), boot.c_str());
    const auto &host = settings.text(Setting::Host);
    const bool local = host.starts_with("127.") || host == "localhost" || host == "::1";
    logLine("listening", {{"host", host},
                          {"rtmp_port", std::to_string(service.rtmpPort())},
                          {"port", std::to_string(service.viewerPort())},
                          {"detail", local ? "only this machine gets in; HOST=0.0.0.0 lets others in"
                                           : "other machines get in"}});
}

/// The service's life between its start and its last session. On the loop's thread.
class Runner : public SignalListener {
public:
    Runner(const CommandLine &commandLine, const ServiceManager &manager, Service &service)
        : commandLine_(commandLine), manager_(manager), service_(service) {}

    int waitForEnd() { return ended_.get_future().get(); }

    void onSignal(int number) override {
        if (number == SIGHUP)
            return reload();
        if (std::exchange(ending_, true))
            return finish(kFailed); // the second time at once
        manager_.stopping();
        logLine("draining", {{"grace_s", std::to_string(commandLine_.grace.count())}});
        service_.shutDown(commandLine_.grace, [this] { finish(0); });
    }

private:
    void reload() {
        manager_.reloading();
        const auto resolution = readSettings(commandLine_);
        for (const auto &problem : resolution.problems)
            logLine("reload-refused", {{"reason", problem}});
        if (resolution.problems.empty())
            service_.reload(resolution.settings);
        manager_.ready();
    }
    void finish(int status) {
        if (!std::exchange(finished_, true))
            ended_.set_value(status);
    }

    const CommandLine &commandLine_;
    const ServiceManager &manager_;
    Service &service_;
    std::promise<int> ended_;
    bool ending_ = false;
    bool finished_ = false;
};

int run(const CommandLine &commandLine, const ServiceManager &manager, const Settings &settings) {
    const auto loop = std::make_shared<lt::net::EventLoop>("lt-service");
    std::string problem;
    auto service = Service::open(settings, loop, problem);
    if (!service) {
        logLine("failed", {{"reason", problem}});
        return kFailed;
    }
    announce(settings, *service);
    Runner runner(commandLine, manager, *service);
    Signals signals(loop, runner);
    service->setStatusListener([&manager](const std::string &line) { manager.setStatus(line); });
    const Watchdog watchdog(loop, manager);
    manager.ready();
    const int status = runner.waitForEnd();
    if (status == 0)
        service->sendWaitingAway();
    logLine("stopped", {{"status", std::to_string(status)}});
    if (status != 0 || service->hangs())
        _exit(status); // what is left would never let go
    return status;
}

} // namespace

int main(int argc, char **argv) {
    std::setlocale(LC_ALL, "");
    Heap::prepare();
    Signals::block();
    auto parsed = parseCommandLine(argc, argv);
    if (const auto *problem = std::get_if<std::string>(&parsed))
        return complain({*problem});
    const auto &commandLine = std::get<CommandLine>(parsed);
    if (commandLine.version) {
        std::printf("livetranscriptd %s\n", PACKAGE_VERSION);
        return 0;
    }
    const auto resolution = readSettings(commandLine);
    for (const auto &warning : resolution.warnings)
        std::fprintf(stderr, "livetranscriptd: warning: %s\n", warning.c_str());
    if (commandLine.checkConfig)
        std::fputs(resolution.settings.report().c_str(), stdout);
    if (!resolution.problems.empty())
        return complain(resolution.problems);
    if (commandLine.checkConfig)
        return 0;
    exportSecrets(resolution.settings);
    const auto manager = ServiceManager::fromEnvironment();
    gst_init(nullptr, nullptr);
    return run(commandLine, manager, resolution.settings);
}
