// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/unique_fd.h"
#include "tests/bench/support/pcm_log.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lt::bench {

/// Reads raw S16LE mono from the pipes of all sessions and notes when it came. Nothing else happens while it
/// reads.
class PcmReader {
public:
    explicit PcmReader(std::vector<net::UniqueFd> pipes);

    /// True as soon as all pipes have ended; false at the deadline.
    bool readUntil(std::int64_t deadlineNs);

    struct Stream {
        net::UniqueFd pipe;
        std::vector<char> bytes;
        PcmLog log;
    };
    const std::vector<Stream> &streams() const { return streams_; }
    bool allHaveBegun() const;
    bool anyHasEnded() const;

private:
    static void readFrom(Stream &stream);

    std::vector<Stream> streams_;
};

/// All that comes through a pipe until its end or the deadline.
std::string readText(const net::UniqueFd &pipe, std::int64_t deadlineNs);

} // namespace lt::bench
