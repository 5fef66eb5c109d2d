// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/live_service.h"

#include <glib.h>

namespace lt::support {

namespace {

std::vector<std::string> environmentOf(const LiveService::Settings &settings) {
    std::vector<std::string> all{"GLADIA_URL=" + settings.gladiaUrl, "GLADIA_API_KEY=a-key-of-the-test"};
    all.insert(all.end(), settings.environment.begin(), settings.environment.end());
    return all;
}

std::vector<std::string> commandOf(const LiveService::Settings &settings) {
    std::vector<std::string> all{settings.program, "--pipeline", settings.description, "--rtmp-port=0",
                                 "--port=0"};
    all.insert(all.end(), settings.options.begin(), settings.options.end());
    return all;
}

} // namespace

LiveService::LiveService(const Settings &settings) : process_(commandOf(settings), environmentOf(settings)) {
    if (!process_.waitFor("event=listening"))
        g_error("the service did not start: %s", process_.output().c_str());
    rtmpPort_ = numberAfter("rtmp_port=");
    port_ = numberAfter(" port=");
}

unsigned LiveService::numberAfter(const std::string &word) const {
    const auto output = process_.output();
    const auto line = output.find("event=listening");
    return static_cast<unsigned>(std::stoul(output.substr(output.find(word, line) + word.size())));
}

std::string LiveService::url(const std::string &session) const {
    return "rtmp://127.0.0.1:" + std::to_string(rtmpPort_) + "/live/" + session;
}

void LiveService::waitFor(const std::string &line, std::size_t count) {
    if (!process_.waitFor(line, count))
        g_error("the service never said: %s; but: %s", line.c_str(), process_.output().c_str());
}

int LiveService::end(int signal) {
    if (signal)
        process_.signal(signal);
    const auto status = process_.waitForEnd();
    if (!status)
        g_error("the service does not end: %s", process_.output().c_str());
    return *status;
}

} // namespace lt::support
