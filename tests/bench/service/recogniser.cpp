// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/service/recogniser.h"

#include "tests/bench/support/monotonic.h"

#include <algorithm>

namespace lt::bench {

namespace {

constexpr auto kEndLimit = std::chrono::seconds(60);

} // namespace

Recogniser::Recogniser() {
    emulator::EmulatorOptions options;
    options.heard = [this](const std::string &session, std::size_t bytes) {
        const std::int64_t now = monotonicNs();
        const std::lock_guard lock(mutex_);
        heard_[session].audio.append(now, bytes / sizeof(std::int16_t));
    };
    options.sent = [this](const std::string &session, const std::string &message) {
        const std::int64_t now = monotonicNs();
        const std::lock_guard lock(mutex_);
        heard_[session].sent.emplace_back(now, message);
    };
    emulator_ = std::make_unique<emulator::GladiaEmulator>(std::move(options));
}

bool Recogniser::waitForEnd(std::size_t sessions) const {
    return emulator_->waitFor(
        [sessions](const auto &report) {
            return static_cast<std::size_t>(std::count_if(report.sessions.begin(), report.sessions.end(),
                                                          [](const auto &one) { return one.ended; })) >=
                   sessions;
        },
        kEndLimit);
}

std::vector<HeardSession> Recogniser::sessions() const {
    const auto report = emulator_->report();
    const std::lock_guard lock(mutex_);
    std::vector<HeardSession> all;
    for (const auto &session : report.sessions)
        if (const auto heard = heard_.find(session.id); heard != heard_.end()) {
            all.push_back(heard->second);
            all.back().finals = session.finals;
        }
    return all;
}

} // namespace lt::bench
