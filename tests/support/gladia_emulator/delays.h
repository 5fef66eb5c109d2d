// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace lt::emulator {

struct DelayRange {
    std::int64_t leastMs = 0;
    std::int64_t mostMs = 0;
};

/// How long things take on the way and in the service. All zero: nothing takes any time.
struct DelayProfile {
    DelayRange network; ///< each way: requests, upgrades, messages
    DelayRange partial; ///< from the audio's arrival to its partial
    DelayRange final;   ///< from the arrival of the audio that closes an utterance to its final

    /// Network 100 to 150 ms, partials 200 to 500, finals 500 to 1000.
    static DelayProfile realistic();
    /// realistic(), changed by `text`: "network=100-150,partial=0,final=500-1000", any of the three. Returns
    /// false, with a sentence in `problem`, when `text` is something else.
    static bool parse(const std::string &text, DelayProfile &profile, std::string &problem);
};

/// Numbers that depend on the seed alone. `stream` tells users of the same seed apart (a session, the HTTP
/// side), so that what one draws does not depend on what the others do.
class Draws {
public:
    Draws(std::uint64_t seed, std::uint64_t stream);
    /// Evenly from least … most, both included.
    std::int64_t between(std::int64_t least, std::int64_t most);
    std::int64_t of(const DelayRange &range) { return between(range.leastMs, range.mostMs); }
    /// To the server and back.
    std::int64_t roundTrip(const DelayProfile &profile) { return of(profile.network) + of(profile.network); }

private:
    std::mt19937_64 engine_;
};

} // namespace lt::emulator
