// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/bench/support/child_process.h"

#include <memory>
#include <string>
#include <vector>

namespace lt::bench {

/// A service under load: its ports and its processes.
class Contestant {
public:
    virtual ~Contestant() = default;
    /// Where session `index` is published: to the stream named s0, s1, ….
    virtual std::string publishUrl(unsigned index) const = 0;
    virtual unsigned viewersPort() const = 0;
    virtual std::vector<pid_t> processes() const = 0;

    double cpuSeconds() const;
    double privateKiB() const;
};

struct ContestantPrograms {
    std::string livetranscriptd, description; ///< ours
    std::string peer;                         ///< tests/node/service_peer.js; "": there is none
};

/// livetranscriptd. Both end the program with a sentence when they do not start.
std::unique_ptr<Contestant> startOurs(const ContestantPrograms &programs, const std::string &gladiaUrl,
                                      unsigned sessions);
/// One ffmpeg per session that feeds a process on Node and `ws`.
std::unique_ptr<Contestant> startPeer(const ContestantPrograms &programs, const std::string &gladiaUrl,
                                      unsigned sessions);

} // namespace lt::bench
