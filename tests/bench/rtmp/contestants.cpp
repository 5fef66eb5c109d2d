// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/rtmp/contestants.h"

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <sched.h>
#include <unistd.h>

namespace lt::bench {

namespace {

constexpr const char *kNginx = "/usr/sbin/nginx"; // Debian; not on the PATH of an ordinary user
constexpr const char *kModule = "/usr/lib/nginx/modules/ngx_rtmp_module.so";
constexpr auto kPatience = std::chrono::seconds(60);

std::string configuration(unsigned port, std::size_t streams, const support::TemporaryDirectory &directory) {
    return std::string("daemon off;\nmaster_process off;\npid ") + directory.file("pid") + ";\nload_module " +
           kModule + ";\nerror_log /dev/null crit;\nevents { worker_connections " +
           std::to_string(streams + 64) + "; }\n" +
           "rtmp { access_log off; server { listen 127.0.0.1:" + std::to_string(port) +
           "; application live { live on; } } }\n";
}

} // namespace

void pinTo(unsigned processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    sched_setaffinity(0, sizeof set, &set);
}

bool Receiver::haveNginx() {
    return std::filesystem::exists(kNginx) && std::filesystem::exists(kModule);
}

Receiver::Receiver(Kind kind, const std::filesystem::path &here, std::size_t streams)
    : kind_(kind), said_(makePipe()) {
    port_ = static_cast<std::uint16_t>(freePorts(1).front());
    std::vector<std::string> command = {(here / "rtmp-server").string(), std::to_string(port_),
                                        std::to_string(streams)};
    if (kind == Kind::Nginx) {
        const auto file = directory_.file("nginx.conf");
        std::ofstream(file) << configuration(port_, streams, directory_);
        command = {kNginx, "-p", directory_.file(""), "-e", "/dev/null", "-c", file};
    }
    pinTo(0); // inherited
    process_ =
        std::make_unique<ChildProcess>(command, std::vector<ChildProcess::Handed>{{said_.write.get(), 3}});
    pinTo(std::thread::hardware_concurrency() > 1 ? 1 : 0);
    said_.write.reset();
    const auto limit = std::chrono::steady_clock::now() + kPatience;
    while (!listensOn(port_)) {
        if (process_->waitFor(std::chrono::milliseconds(20)) || std::chrono::steady_clock::now() > limit)
            throw std::runtime_error(command.front() + " does not listen");
    }
}

std::map<std::string, double> Receiver::finish() {
    std::string text;
    char buffer[4096];
    process_->closeInput();
    if (kind_ == Kind::Ours)
        process_->waitFor(kPatience);
    process_.reset(); // nginx does not mind its input: it gets a signal
    for (ssize_t got; (got = read(said_.read.get(), buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(got));
    std::map<std::string, double> figures;
    std::istringstream lines(text);
    for (std::string name, value; lines >> name >> value;)
        figures[name] = std::stod(value);
    return figures;
}

} // namespace lt::bench
