// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/process.h"

#include <memory>
#include <string>

namespace lt::support {

/// A real RTMP server, nginx with its RTMP module, on a free loopback port with one application, `live`.
class NginxRtmp {
public:
    /// Why it cannot run here, or an empty text.
    static std::string whyUnavailable();

    /// Returns when it accepts connections; ends the test when it does not.
    NginxRtmp();

    std::string url(const std::string &stream) const;
    /// Until so many players have asked for a stream; they may ask before there is a publisher.
    bool waitForPlayers(std::size_t count) { return process_->waitFor("play: name=", count); }
    /// Breaks all connections.
    void stop() { process_.reset(); }

private:
    TemporaryDirectory directory_;
    int port_;
    std::unique_ptr<Process> process_;
};

} // namespace lt::support
