// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/loop_thread.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <libsoup/soup.h>

namespace lt::support {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpAnswer {
    int status = 0; ///< 0: no answer, `error` says why
    std::string error;
    std::map<std::string, std::string> headers; ///< names in lower case
    std::string body;
};

/// A WebSocket for tests: calls from any thread, waits with a deadline instead of callbacks.
class WebSocketClient {
public:
    struct Options {
        std::string url; ///< ws:// or http://
        Headers headers;
        std::vector<std::string> protocols;
        unsigned timeoutSeconds = 20; ///< to connect
        std::string caFile = {};      ///< PEM: whom to believe, instead of the system's list
    };
    struct Frame {
        bool text = true;
        std::string data;
    };

    /// Connects and returns when that has succeeded or failed.
    explicit WebSocketClient(Options options);
    /// Breaks the connection if it is still open.
    ~WebSocketClient();
    WebSocketClient(const WebSocketClient &) = delete;
    WebSocketClient &operator=(const WebSocketClient &) = delete;

    bool connected() const { return connected_; }
    /// HTTP status of the upgrade: 101 when connected, 0 without an answer.
    int status() const { return status_; }
    const std::string &error() const { return error_; }

    void sendText(const std::string &text);
    void sendBinary(std::span<const std::uint8_t> bytes);
    void close(int code, const std::string &reason = "");
    /// Breaks the transport without a close frame.
    void breakOff();
    std::vector<Frame> frames() const;
    /// Waits until `holds` says so about all frames so far. False after `timeout`, or when the connection has
    /// closed and it still does not hold.
    bool waitForFrames(const std::function<bool(const std::vector<Frame> &)> &holds,
                       std::chrono::milliseconds timeout = std::chrono::seconds(60)) const;
    bool waitForClose(std::chrono::milliseconds timeout = std::chrono::seconds(60)) const;
    bool closed() const;
    /// The peer's close code and reason; 0 when the transport broke without one.
    int closeCode() const;
    std::string closeReason() const;

private:
    void connect(const Options &options);
    void send(SoupWebsocketDataType type, BytesRef bytes);
    void adopt(SoupWebsocketConnection *websocket);
    void onClosed();

    mutable std::mutex mutex_; // guards the state below; not held during `holds`
    mutable std::condition_variable changed_;
    std::vector<Frame> frames_;
    bool over_ = false;
    int closeCode_ = 0;
    std::string closeReason_;

    bool connected_ = false; // these three are constant after construction
    int status_ = 0;
    std::string error_;
    LoopThread thread_;
    ObjectRef<SoupSession> session_; // these three belong to thread_
    ObjectRef<SoupMessage> message_;
    ObjectRef<SoupWebsocketConnection> websocket_;
};

/// One request, answered or failed on return.
HttpAnswer httpRequest(const std::string &method, const std::string &url, const Headers &headers = {},
                       const std::string &body = "", unsigned timeoutSeconds = 20,
                       const std::string &caFile = "");

} // namespace lt::support
