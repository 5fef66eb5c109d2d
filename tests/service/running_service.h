// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/gladia_emulator/emulator.h"
#include "tests/support/http_client.h"
#include "tests/support/live_service.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace lt::service::test {

using Texts = std::vector<std::string>;

constexpr auto kPatience = std::chrono::seconds(60);

/// Takes the program and the description from the arguments; returns those that are left. Starts the
/// recogniser.
Texts begin(int argc, char **argv);
/// The recogniser of all services of the test; the test's main() resets it.
extern std::unique_ptr<emulator::GladiaEmulator> recogniser;
/// How the service is called without settings.
Texts commandLine();

/// The service as the test's arguments name it, with settings as in its environment.
class RunningService : public support::LiveService {
public:
    explicit RunningService(const Texts &settings = {}, const Texts &options = {});

    /// `path` begins with '/'.
    support::HttpAnswer get(const std::string &path) const;
    /// A gauge or counter of the whole process, as /metrics has it.
    double metric(const std::string &name) const;
};

} // namespace lt::service::test
