// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/gladia_emulator/delays.h"
#include "tests/support/gladia_emulator/emulator_clock.h"
#include "tests/support/gladia_emulator/faults.h"
#include "tests/support/gladia_emulator/session_report.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lt::emulator {

struct EmulatorOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;               ///< 0: a free one
    std::string key;                      ///< required x-gladia-key; empty: any that is not empty
    bool strict = false;                  ///< refuse undocumented keys in the request body
    std::size_t maxLive = 1000;           ///< sessions at a time; more are answered 429
    std::size_t keptSessions = 256;       ///< of those that are over, for GET
    std::int64_t idleMs = 30000;          ///< connected without audio, then close 4408; 0: no limit
    std::int64_t resumeMs = 60000;        ///< without a connection, then the session ends by itself
    std::int64_t audioSeconds = 3 * 3600; ///< length of a session, then close 1000
    std::string webhook;                  ///< of the account: gets lifecycle events; empty: none
    DelayProfile delays;                  ///< nothing takes any time by default
    bool behindTls = false;               ///< whoever stands in front of it encrypts: addresses are wss
    std::uint64_t seed = 1;               ///< of everything drawn
    /// With a clock that stands still until it is moved, call timeMoved() after each move.
    EmulatorClock clock;
    /// Told what happens, one line each, on the emulator's thread.
    std::function<void(const std::string &line)> print;
    /// Told of audio when it comes, in bytes, and of a message when it is sent, each with the session's id,
    /// on the emulator's thread. For those who measure.
    std::function<void(const std::string &session, std::size_t bytes)> heard;
    std::function<void(const std::string &session, const std::string &message)> sent;
};

/// What the emulator has seen so far, newest state, oldest session first.
struct EmulatorReport {
    std::vector<SessionReport> sessions;
    std::size_t posts = 0;       ///< POST /v2/live, however answered
    std::size_t upgrades = 0;    ///< WebSocket upgrades asked for, however answered
    std::size_t connections = 0; ///< open now
    std::size_t callbacks = 0;   ///< delivered, webhook included
    std::size_t failedCallbacks = 0;
    /// After each outage, for each session that was recording: from the moment the emulator could be reached
    /// again until it acknowledged audio, real milliseconds.
    std::vector<double> recoveriesMs;
};

/// The live service of Gladia, as documented, on a loopback port: POST /v2/live, its WebSocket, and the
/// routes around them. It hears what it is sent: the transcripts are the DTMF digits in the audio, see
/// Listener.
///
/// Runs on a thread of its own; all functions may be called from any thread.
class GladiaEmulator {
public:
    /// Throws std::runtime_error with a sentence when it cannot listen.
    explicit GladiaEmulator(EmulatorOptions options = {});
    ~GladiaEmulator();
    GladiaEmulator(const GladiaEmulator &) = delete;
    GladiaEmulator &operator=(const GladiaEmulator &) = delete;

    std::uint16_t port() const;
    /// "http://127.0.0.1:PORT", what a client takes for https://api.gladia.io.
    std::string url() const;

    Faults &faults();
    EmulatorReport report() const;
    /// Waits until `holds` says so about a report. False when that did not happen within `timeout`. `holds`
    /// runs on the calling thread.
    bool waitFor(const std::function<bool(const EmulatorReport &)> &holds,
                 std::chrono::milliseconds timeout = std::chrono::seconds(60)) const;

    /// Adds all faults of a script. Throws std::invalid_argument with a sentence that names the entry.
    void addFaults(const std::string &script);
    /// Does what an injected clock has brought about.
    void timeMoved();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace lt::emulator
