// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/service/running_service.h"

#include <algorithm>

#include <glib.h>

namespace lt::service::test {

namespace {

std::string program, description;

} // namespace

std::unique_ptr<emulator::GladiaEmulator> recogniser;

Texts begin(int argc, char **argv) {
    g_assert_cmpint(argc, >=, 3);
    program = argv[1];
    description = argv[2];
    recogniser = std::make_unique<emulator::GladiaEmulator>();
    return Texts(argv + 3, argv + argc);
}

Texts commandLine() {
    return {program, "--pipeline", description, "--rtmp-port=0", "--port=0"};
}

RunningService::RunningService(const Texts &settings, const Texts &options)
    : LiveService({program, description, recogniser->url(), settings, options}) {}

support::HttpAnswer RunningService::get(const std::string &path) const {
    return support::httpRequest("GET", "http://127.0.0.1:" + std::to_string(port()) + path);
}

double RunningService::metric(const std::string &name) const {
    const auto text = get("/metrics?format=prometheus").body;
    std::string wanted = "\n" + name + " ";
    std::replace(wanted.begin(), wanted.end(), '.', '_');
    const auto line = text.find(wanted);
    if (line == text.npos)
        g_error("no %s in: %s", name.c_str(), text.c_str());
    return g_ascii_strtod(text.c_str() + line + wanted.size(), nullptr);
}

} // namespace lt::service::test
