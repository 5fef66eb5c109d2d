// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/loop_thread.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include <libsoup/soup.h>

namespace lt::support {

/// One transcript as a viewer of the first protocol version receives it.
struct CaptionLine {
    std::string text;
    bool isFinal = false;
    std::string utteranceId;
    std::string transcriptType;
    std::int64_t seq = 0;
    std::string json; ///< the whole message
};

struct ViewerOptions {
    std::string url = "ws://127.0.0.1:3000/ws/demo";
    /// Messages of other sessions are left out, as old clients do. Empty: the last part of the URL's path.
    std::string session;
    /// Tries again until the server is there and knows the session.
    bool wait = false;
    /// Told of each line, on the viewer's thread.
    std::function<void(const CaptionLine &)> onLine;
};

/// A viewer by the rule of the replaced system's clients: what is not `type` "transcript" of its own session
/// is ignored. Connects by itself; all functions may be called from any thread.
class CaptionViewer {
public:
    explicit CaptionViewer(ViewerOptions options);
    ~CaptionViewer();
    CaptionViewer(const CaptionViewer &) = delete;
    CaptionViewer &operator=(const CaptionViewer &) = delete;

    /// False when the connection was refused, has ended, or did not come within `timeout`.
    bool waitForConnection(std::chrono::milliseconds timeout = std::chrono::seconds(60)) const;
    /// False when the connection was refused or has ended before, or `timeout` has passed.
    bool waitForFinals(std::size_t count, std::chrono::milliseconds timeout = std::chrono::seconds(60)) const;
    /// Waits for the end of the connection, or its refusal.
    bool waitForEnd(std::chrono::milliseconds timeout = std::chrono::seconds(60)) const;

    std::vector<CaptionLine> lines() const;
    /// Texts of the finals, joined by single spaces.
    std::string finalText() const;
    std::size_t finals() const;
    /// Messages that were no transcripts of the session.
    std::size_t ignored() const;
    bool connected() const;
    bool ended() const;
    /// Why there is no connection (any more), for a person: a sentence, empty while there is one.
    std::string problem() const;
    /// The server's close code; 0 when the transport broke.
    int closeCode() const;
    std::string closeReason() const;

private:
    void connect();
    void connected(SoupWebsocketConnection *websocket);
    void refused(const std::string &why);
    void receive(const std::string &text);
    void closed();
    bool waitFor(std::chrono::milliseconds timeout, const std::function<bool()> &holds) const;

    ViewerOptions options_;

    mutable std::mutex mutex_; // guards the state below; not held during onLine
    mutable std::condition_variable changed_;
    std::vector<CaptionLine> lines_;
    std::size_t finals_ = 0;
    std::size_t ignored_ = 0;
    bool connected_ = false;
    bool ended_ = false;
    std::string problem_;
    int closeCode_ = 0;
    std::string closeReason_;

    LoopThread thread_;
    ObjectRef<SoupSession> session_; // these belong to thread_
    ObjectRef<SoupMessage> message_;
    ObjectRef<GCancellable> cancellable_;
    ObjectRef<SoupWebsocketConnection> websocket_;
    SourceRef retry_;
    bool connecting_ = false;
};

} // namespace lt::support
