// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/support/machine.h"

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>

#include <sys/utsname.h>

namespace lt::bench {

namespace {

/// The rest of the first line of `path` that begins with `key`, behind the colon.
std::string field(const char *path, const std::string &key) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(key)) {
            const auto colon = line.find_first_of(":=");
            const auto begin = line.find_first_not_of(" \t\"", colon + 1);
            const auto end = line.find_last_not_of(" \t\"");
            return begin == std::string::npos ? "" : line.substr(begin, end + 1 - begin);
        }
    return "unknown";
}

std::string firstLineOf(const char *command) {
    const std::unique_ptr<FILE, int (*)(FILE *)> pipe(popen(command, "r"), pclose);
    std::array<char, 256> line{};
    if (!pipe || !std::fgets(line.data(), line.size(), pipe.get()))
        return "none";
    std::string text(line.data());
    text.resize(text.find_last_not_of('\n') + 1);
    return text;
}

} // namespace

std::string machineFacts(const char *peerVersion) {
    utsname system{};
    uname(&system);
    std::ifstream loadFile("/proc/loadavg");
    std::string load;
    std::getline(loadFile, load);
    std::ostringstream text;
    text << "- processor: " << std::thread::hardware_concurrency() << " × "
         << field("/proc/cpuinfo", "model name") << "\n- memory: " << field("/proc/meminfo", "MemTotal")
         << "\n- system: " << field("/etc/os-release", "PRETTY_NAME") << ", " << system.sysname << ' '
         << system.release
         << "\n- GStreamer: " << firstLineOf("gst-inspect-1.0 --version 2>/dev/null | tail -n +2")
         << (peerVersion ? "\n- peer: " + firstLineOf(peerVersion) : "")
         << "\n- load when the report was made: " << load << '\n';
    return text.str();
}

} // namespace lt::bench
