// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/transcript/json_writer.h"

#include <string>
#include <vector>

namespace lt::broadcast {

/// What a service that runs the sessions of a port knows of them, for `/sessions` and `/readyz`. Asked on the
/// HTTP thread: never blocks.
class SessionOverview {
public:
    virtual ~SessionOverview() = default;
    /// In order; also those without a room.
    virtual std::vector<std::string> names() const = 0;
    /// Members of a JSON object that is open already; none when there is no such session.
    virtual void describe(const std::string &session, JsonWriter &object) const = 0;
    /// Why no session is begun now, as `/readyz` says it with 503; "" when one is.
    virtual std::string closedBecause() const = 0;
};

} // namespace lt::broadcast
