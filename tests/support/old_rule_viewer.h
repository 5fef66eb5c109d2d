// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/http_client.h"

#include <chrono>
#include <string>
#include <vector>

namespace lt::support {

/// A client of the replaced system: it takes no notice of a message whose type is not "transcript" or whose
/// sessionSlug is not its own, and never asks for anything.
class OldRuleViewer {
public:
    struct Line {
        std::string utteranceId;
        std::string text;
        bool isFinal = false;
        long long seq = 0;
    };

    /// Connects to ws://127.0.0.1:port/ws/session and ends the test when that fails.
    OldRuleViewer(unsigned port, const std::string &session);

    /// The messages it did not ignore, in order.
    std::vector<Line> lines() const;
    /// The text of all finals, without blanks.
    std::string finalText() const;
    bool waitForFinalText(const std::string &text, std::chrono::milliseconds timeout) const;
    bool waitForClose(std::chrono::milliseconds timeout) const { return socket_.waitForClose(timeout); }
    int closeCode() const { return socket_.closeCode(); }

private:
    std::vector<Line> linesOf(const std::vector<WebSocketClient::Frame> &frames) const;

    const std::string session_;
    WebSocketClient socket_;
};

/// The text of all finals, without blanks.
std::string finalTextOf(const std::vector<OldRuleViewer::Line> &lines);

} // namespace lt::support
