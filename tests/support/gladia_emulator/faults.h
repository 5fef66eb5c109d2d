// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

namespace lt::emulator {

/// What the emulator shall do wrong. Any thread; takes effect with the next request, chunk or message.
class Faults {
public:
    struct Refusal {
        int status = 0;
        int retryAfterSeconds = 0; ///< 0: no Retry-After header
    };

    /// Answers the next `count` POST /v2/live with `status` and the error body.
    void refusePosts(int status, int count = 1, int retryAfterSeconds = 0);
    /// Answers the next `count` WebSocket upgrades with `status`.
    void refuseUpgrades(int status, int count = 1);
    /// Accepts the connection and never answers the request.
    void ignorePosts(bool on);
    void ignoreUpgrades(bool on);
    /// Takes audio without acknowledging or hearing it. When the connection breaks meanwhile, that audio is
    /// forgotten, and the client has to send it again; when it is turned off, all of it is acknowledged.
    void holdAcknowledgements(bool on);
    /// Sends no message on the WebSocket, and does not close it by itself.
    void mute(bool on);
    /// Breaks the connection, without a close frame, when a session's audio would exceed `bytes`. The chunk
    /// that does so is not taken. Once per call.
    void dropAtByte(std::uint64_t bytes);
    /// Breaks the connection in place of an answer to the next `count` stop_recording. The stop is
    /// remembered.
    void dropAtStop(int count = 1);

    // What follows is for the emulator itself.
    std::optional<Refusal> takePostRefusal();
    std::optional<Refusal> takeUpgradeRefusal();
    bool takeDropAtByte(std::uint64_t bytes);
    bool takeDropAtStop();
    bool postsIgnored() const;
    bool upgradesIgnored() const;
    bool acknowledgementsHeld() const;
    bool muted() const;
    /// Called, on the thread that asked, when acknowledgements are released.
    void setReleaseHandler(std::function<void()> handler);

private:
    struct Countdown {
        Refusal refusal;
        int count = 0;
        std::optional<Refusal> take();
    };

    mutable std::mutex mutex_; // guards all below; not held during the handler
    Countdown posts_;
    Countdown upgrades_;
    int stopDrops_ = 0;
    std::optional<std::uint64_t> dropByte_;
    bool ignorePosts_ = false;
    bool ignoreUpgrades_ = false;
    bool holdAcks_ = false;
    bool mute_ = false;
    std::function<void()> releaseHandler_;
};

} // namespace lt::emulator
