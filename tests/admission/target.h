// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/http_client.h"
#include "tests/support/rtmp_publisher.h"

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

namespace lt::admission {

/// The service under test.
struct Target {
    std::string address = "127.0.0.1"; ///< numeric
    std::uint16_t rtmpPort = 1937, port = 3000;
    std::string app = "live";
    std::string prefix; ///< of the names of our sessions, so that nobody else's are met
    bool dtmf = false;  ///< its recogniser hears DTMF digits: it is the tests' emulator

    std::string session(const std::string &name) const { return prefix + name; }
    std::string webSocketUrl(const std::string &name) const;
    std::string publishUrl(const std::string &name) const;
};

/// Why a rule does not hold; a sentence.
class Failure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};
/// Why a rule cannot be tried: a setting of the service; a sentence that names it.
class SettingMissing : public Failure {
public:
    using Failure::Failure;
};

void expect(bool holds, const std::string &otherwise);

using PublisherPtr = std::unique_ptr<support::RtmpPublisher>;

/// Has begun to publish silence. Waits for a place that an earlier session still holds.
PublisherPtr publish(const Target &target, const std::string &name);
/// One attempt; `verdict` says how it went.
PublisherPtr tryToPublish(const Target &target, const std::string &name, support::PublishVerdict &verdict);

/// A viewer of version 2 that came before its session, or comes while it lives.
class Watcher {
public:
    /// Returns when it has been greeted.
    Watcher(const Target &target, const std::string &name);

    void send(const std::string &json) { socket_.sendText(json); }
    support::WebSocketClient &socket() { return socket_; }
    /// The first message that has `part`; a failure when none comes.
    std::string waitFor(const std::string &part) const;
    std::size_t count(const std::string &part) const;
    /// Becomes coordinator; the token that goes with it.
    std::string claim();
    void sendInsight(const std::string &token, const std::string &word);

private:
    const std::string name_;
    support::WebSocketClient socket_;
};

} // namespace lt::admission
