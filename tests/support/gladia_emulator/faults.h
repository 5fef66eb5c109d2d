// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/gladia_emulator/emulator_clock.h"
#include "tests/support/gladia_emulator/fault.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

namespace lt::emulator {

/// The faults of an emulator: those to come, those that last, those that are over. All functions may be
/// called from any thread; what add(), remove() and clear() bring about has happened when they return, unless
/// they are called on the emulator's own thread: then it happens right after.
class Faults {
public:
    using Id = std::uint64_t;
    using Clock = std::function<std::int64_t()>; ///< monotonic milliseconds

    enum class Phase { kWaiting, kActive, kOver };
    struct State {
        Id id = 0;
        Fault fault;
        Phase phase = Phase::kWaiting;
        std::size_t happened = 0; ///< breaks, refusals, messages; for states: how often they began
    };

    explicit Faults(Clock clock = EmulatorClock().monotonicMilliseconds);

    /// Throws std::invalid_argument with a sentence when `fault` makes no sense.
    Id add(const Fault &fault);
    /// False when there is no such fault. A state ends; what it held back goes on.
    bool remove(Id id);
    void clear();
    std::vector<State> list() const;

    // What follows is for the emulator itself. A connection's number is unique and never 0.

    /// Something that happens to one connection, or to all and the server: number 0.
    struct Occurrence {
        std::uint64_t connection = 0;
        Fault fault;
    };

    std::uint64_t connectionOpened();
    void connectionClosed(std::uint64_t connection);
    /// A fault for this POST or upgrade, if there is one.
    std::optional<Fault> takeRequest(bool post);
    /// A session's audio is about to become `bytes` long: what happens to its connection now.
    std::vector<Fault> atAudio(std::uint64_t connection, std::uint64_t bytes);
    std::vector<Fault> atStop(std::uint64_t connection);
    /// True when the next message is the one `kind` is for.
    bool takeMessage(FaultKind kind);
    /// Whether the state `kind` is that of this connection.
    bool holds(FaultKind kind, std::uint64_t connection) const;
    /// 0: none.
    std::int64_t delayMs(std::uint64_t connection) const;
    std::uint64_t bytesPerSecond(std::uint64_t connection) const;
    /// What the time, or add(), has brought about since the last call.
    std::vector<Occurrence> takeDue();
    /// How long until takeDue() must be called again at the latest, if nothing else happens.
    std::optional<std::int64_t> msUntilDue() const;
    /// Called after every change, without the lock, on the thread that made it.
    void setHandler(std::function<void()> handler);

private:
    struct Entry {
        State state;
        std::int64_t givenMs = 0;
        std::optional<std::int64_t> endsMs;
        std::uint64_t onlyConnection = 0;              // a state of this one only
        std::optional<std::uint64_t> newestConnection; // a state of those up to this number
        std::vector<std::uint64_t> done;               // connections that had it already
    };
    struct Connection {
        std::uint64_t number;
        std::int64_t openedMs;
    };

    void changed();
    void begin(Entry &entry, std::uint64_t connection, std::vector<Fault> *now);
    bool spend(Entry &entry);
    void beginTimed(std::int64_t nowMs);
    const Entry *stateOf(FaultKind kind, std::uint64_t connection) const;
    static bool concerns(const Entry &entry, std::uint64_t connection);
    static bool isOver(const Entry &entry, std::int64_t nowMs);

    const Clock clock_;
    mutable std::mutex mutex_; // guards all below; not held during the handler
    std::vector<Entry> entries_;
    std::vector<Connection> connections_;
    std::vector<Occurrence> due_;
    std::uint64_t lastConnection_ = 0;
    Id lastId_ = 0;
    std::function<void()> handler_;
};

} // namespace lt::emulator
