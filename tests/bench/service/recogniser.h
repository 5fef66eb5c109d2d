// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/bench/support/pcm_log.h"
#include "tests/support/gladia_emulator/emulator.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace lt::bench {

/// What the recogniser saw of one session: its own clock beside everything that came and went.
struct HeardSession {
    static constexpr unsigned kRate = 16000;

    PcmLog audio;                                           ///< as it came
    std::vector<std::pair<std::int64_t, std::string>> sent; ///< messages: monotonic ns, text
    std::vector<emulator::SessionReport::Final> finals;
};

/// The emulator in this process, with a note of when what came and went. The contestants' processes have all
/// of their own time to themselves.
class Recogniser {
public:
    Recogniser();

    std::string url() const { return emulator_->url(); }
    /// All sessions, oldest first.
    std::vector<HeardSession> sessions() const;
    bool waitForEnd(std::size_t sessions) const;

private:
    mutable std::mutex mutex_;                  // guards heard_
    std::map<std::string, HeardSession> heard_; // by the session's id
    std::unique_ptr<emulator::GladiaEmulator> emulator_;
};

} // namespace lt::bench
