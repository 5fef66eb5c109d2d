// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/bench/broadcast/contestant.h"
#include "tests/bench/support/results.h"

#include <cstddef>
#include <string>

namespace lt::bench {

struct RunSettings {
    unsigned serverProcessor = 0;
    double pacedSeconds = 6, flatOutSeconds = 2, stalledSeconds = 10, stormSeconds = 3;
};

/// Each makes one run of a contestant and adds its figures. They throw std::runtime_error with a sentence
/// when the run could not be made, or when a viewer missed a message.

/// `viewers` of them, idle; 20 messages a second; as fast as possible with 1 and 16 messages in flight.
void measureFanOut(const Contestant &contestant, std::size_t viewers, const RunSettings &settings,
                   Results &results);
/// What a viewer of another kind costs: its handshake, and its memory when `viewers` of them are idle.
void measureKind(const Contestant &contestant, const std::string &kind, std::size_t viewers,
                 const RunSettings &settings, Results &results);
/// 40 viewers of which 20 stop reading; 3 MB/s for each.
void measureStalled(const Contestant &contestant, const RunSettings &settings, Results &results);
/// Handshakes per second with nothing else to do; `viewers` come back at once while 20 messages a second run.
void measureHandshakes(const Contestant &contestant, std::size_t viewers, const RunSettings &settings,
                       Results &results);

} // namespace lt::bench
