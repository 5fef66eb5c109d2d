// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/process.h"

#include <memory>
#include <string>

namespace lt::support {

/// nginx as operators put it in front of WebSockets, on a free loopback port.
class NginxProxy {
public:
    /// Why it cannot run here, or an empty text.
    static std::string whyUnavailable();

    /// Passes on to 127.0.0.1:`target`. Returns when it accepts connections; ends the test when it does not.
    explicit NginxProxy(int target);

    int port() const { return port_; }

private:
    TemporaryDirectory directory_;
    int port_;
    std::unique_ptr<Process> process_;
};

} // namespace lt::support
