// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/metrics/process_metrics.h"

#include <array>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

namespace lt::metrics {

namespace {

/// Of /proc/self/stat, as proc(5) numbers them.
struct Stat {
    std::int64_t cpuTicks = 0;   // fields 14 and 15
    std::int64_t threads = 0;    // field 20
    std::int64_t startTicks = 0; // field 22, since the machine was started
    std::int64_t pages = 0;      // field 24
};

bool readStat(Stat &stat) {
    std::ifstream file("/proc/self/stat");
    std::string line;
    if (!std::getline(file, line))
        return false;
    const auto name = line.rfind(')'); // the second field may hold anything
    if (name == std::string::npos)
        return false;
    std::istringstream rest(line.substr(name + 1));
    std::array<std::string, 22> fields; // from the third on
    for (auto &field : fields)
        rest >> field;
    const auto number = [&fields](std::size_t field) {
        return static_cast<std::int64_t>(std::strtoll(fields[field - 3].c_str(), nullptr, 10));
    };
    stat = {number(14) + number(15), number(20), number(22), number(24)};
    return bool(rest);
}

/// Seconds since 1970.
std::int64_t startTime(std::int64_t ticks, std::int64_t ticksPerSecond) {
    timespec sinceBoot{};
    clock_gettime(CLOCK_BOOTTIME, &sinceBoot);
    return static_cast<std::int64_t>(std::time(nullptr)) - sinceBoot.tv_sec + ticks / ticksPerSecond;
}

std::int64_t openDescriptors() {
    std::int64_t count = 0;
    std::error_code error;
    for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end; !error && entry != end;
         entry.increment(error))
        count++;
    return count - 1; // the one that reads them
}

} // namespace

void measureProcess(Registry &registry) {
    Stat stat;
    if (const std::int64_t ticks = sysconf(_SC_CLK_TCK); ticks > 0 && readStat(stat)) {
        auto &start = registry.gauge(names::kProcessStart);
        if (start.value() == 0) // once: the clock may be set while the process runs
            start.set(startTime(stat.startTicks, ticks));
        registry.gauge(names::kProcessCpu).set(stat.cpuTicks * 1000 / ticks);
        registry.gauge(names::kProcessThreads).set(stat.threads);
        registry.gauge(names::kProcessMemory).set(stat.pages * sysconf(_SC_PAGESIZE));
    }
    registry.gauge(names::kProcessDescriptors).set(openDescriptors());
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        registry.gauge(names::kProcessDescriptorLimit).set(static_cast<std::int64_t>(limit.rlim_cur));
}

} // namespace lt::metrics
