// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/http_client.h"

#include <string>
#include <vector>

namespace lt::soak {

/// A final as a viewer heard it.
struct Final {
    std::string id;     ///< epoch and utterance
    std::string digits; ///< its text without blanks

    bool operator==(const Final &) const = default;
};

/// A viewer of version 2: it is told of what it loses.
class Viewer {
public:
    /// Returns when it has been greeted. Ends the program when it is not let in.
    Viewer(unsigned port, const std::string &session);

    /// Finals that were said while it was there, in order; what a snapshot repeats is left out.
    std::vector<Final> finals() const;
    /// Waits until the finals' digits are these. False after three minutes, or when they cannot be any more.
    bool waitForDigits(const std::string &digits) const;
    /// Waits for the end of the session: true when it was told, and closed with 1000.
    bool waitForSessionEnd() const;
    /// One line on where it stands, for the reader of a failure.
    std::string state() const;
    /// Messages that announce a loss.
    std::size_t gaps() const;

private:
    support::WebSocketClient socket_;
};

std::string digitsOf(const std::vector<Final> &finals);
/// An utterance that was final twice; "" when there is none.
std::string doubledIn(const std::vector<Final> &finals);
/// Whether `part` stands in `whole` in one piece.
bool isPiece(const std::vector<Final> &part, const std::vector<Final> &whole);

} // namespace lt::soak
