// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/faults.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace lt::emulator {

namespace {

bool isRequestKind(FaultKind kind, bool post) {
    return post ? kind == FaultKind::kRefusePost || kind == FaultKind::kIgnorePost
                : kind == FaultKind::kRefuseUpgrade || kind == FaultKind::kIgnoreUpgrade;
}

} // namespace

Faults::Faults(Clock clock) : clock_(std::move(clock)) {}

Faults::Id Faults::add(const Fault &fault) {
    if (const std::string problem = problemOf(fault); !problem.empty())
        throw std::invalid_argument(problem);
    Id id = 0;
    {
        std::lock_guard lock(mutex_);
        id = ++lastId_;
        Entry entry;
        entry.state.id = id;
        entry.state.fault = fault;
        entry.givenMs = clock_();
        entries_.push_back(std::move(entry));
        if (!fault.atByte && !fault.afterMs && !fault.connectedMs && !fault.atStop)
            begin(entries_.back(), 0, nullptr);
    }
    changed();
    return id;
}

bool Faults::remove(Id id) {
    bool found = false;
    {
        std::lock_guard lock(mutex_);
        found = std::erase_if(entries_, [id](const Entry &entry) { return entry.state.id == id; }) > 0;
    }
    if (found)
        changed();
    return found;
}

void Faults::clear() {
    {
        std::lock_guard lock(mutex_);
        entries_.clear();
    }
    changed();
}

std::vector<Faults::State> Faults::list() const {
    std::lock_guard lock(mutex_);
    const std::int64_t nowMs = clock_();
    std::vector<State> states;
    for (const Entry &entry : entries_) {
        states.push_back(entry.state);
        if (isOver(entry, nowMs)) // as holds() sees it, whether or not the timer has come by
            states.back().phase = Phase::kOver;
    }
    return states;
}

void Faults::changed() {
    std::function<void()> handler;
    {
        std::lock_guard lock(mutex_);
        handler = handler_;
    }
    if (handler)
        handler();
}

/// The condition of `entry` has come true, for one connection or (0) for all. What is to be done to that
/// connection goes to `now`, the rest to due_.
void Faults::begin(Entry &entry, std::uint64_t connection, std::vector<Fault> *now) {
    const Fault &fault = entry.state.fault;
    switch (classOf(fault.kind)) {
    case FaultClass::kConnection:
        entry.done.push_back(connection);
        spend(entry);
        if (now)
            now->push_back(fault);
        else
            due_.push_back({connection, fault});
        break;
    case FaultClass::kServer:
        spend(entry);
        due_.push_back({0, fault});
        if (now)
            now->push_back(fault);
        break;
    case FaultClass::kState:
        entry.state.phase = Phase::kActive;
        entry.state.happened++;
        entry.onlyConnection = fault.openConnections ? connection : 0;
        if (fault.forMs > 0)
            entry.endsMs = clock_() + fault.forMs;
        break;
    case FaultClass::kRequest:
    case FaultClass::kMessage:
        entry.state.phase = Phase::kActive;
        break;
    }
}

/// Counts one time. False when it was the last.
bool Faults::spend(Entry &entry) {
    entry.state.happened++;
    const int times = entry.state.fault.times;
    const bool more = times == 0 || entry.state.happened < static_cast<std::size_t>(times);
    if (!more)
        entry.state.phase = Phase::kOver;
    return more;
}

std::uint64_t Faults::connectionOpened() {
    std::uint64_t number = 0;
    {
        std::lock_guard lock(mutex_);
        number = ++lastConnection_;
        connections_.push_back({number, clock_()});
    }
    changed();
    return number;
}

void Faults::connectionClosed(std::uint64_t connection) {
    std::lock_guard lock(mutex_);
    std::erase_if(connections_, [connection](const Connection &each) { return each.number == connection; });
}

std::optional<Fault> Faults::takeRequest(bool post) {
    std::lock_guard lock(mutex_);
    for (Entry &entry : entries_) {
        if (entry.state.phase == Phase::kActive && isRequestKind(entry.state.fault.kind, post)) {
            spend(entry);
            return entry.state.fault;
        }
    }
    return std::nullopt;
}

std::vector<Fault> Faults::atAudio(std::uint64_t connection, std::uint64_t bytes) {
    std::vector<Fault> now;
    bool any = false;
    {
        std::lock_guard lock(mutex_);
        for (Entry &entry : entries_) {
            const auto &at = entry.state.fault.atByte;
            if (entry.state.phase == Phase::kWaiting && at && bytes > *at) {
                begin(entry, connection, &now);
                any = true;
            }
        }
    }
    if (any)
        changed();
    return now;
}

std::vector<Fault> Faults::atStop(std::uint64_t connection) {
    std::vector<Fault> now;
    bool any = false;
    {
        std::lock_guard lock(mutex_);
        for (Entry &entry : entries_) {
            if (entry.state.phase == Phase::kWaiting && entry.state.fault.atStop) {
                begin(entry, connection, &now);
                any = true;
            }
        }
    }
    if (any)
        changed();
    return now;
}

bool Faults::takeMessage(FaultKind kind) {
    std::lock_guard lock(mutex_);
    for (Entry &entry : entries_) {
        if (entry.state.phase == Phase::kActive && entry.state.fault.kind == kind) {
            spend(entry);
            return true;
        }
    }
    return false;
}

bool Faults::concerns(const Entry &entry, std::uint64_t connection) {
    if (entry.onlyConnection != 0)
        return entry.onlyConnection == connection;
    return !entry.newestConnection || (connection != 0 && connection <= *entry.newestConnection);
}

/// Of a state with an end.
bool Faults::isOver(const Entry &entry, std::int64_t nowMs) {
    return entry.state.phase == Phase::kActive && entry.endsMs && nowMs >= *entry.endsMs;
}

const Faults::Entry *Faults::stateOf(FaultKind kind, std::uint64_t connection) const {
    const std::int64_t nowMs = clock_();
    for (const Entry &entry : entries_) {
        const bool on = entry.state.phase == Phase::kActive && !isOver(entry, nowMs);
        if (on && entry.state.fault.kind == kind && concerns(entry, connection))
            return &entry;
    }
    return nullptr;
}

bool Faults::holds(FaultKind kind, std::uint64_t connection) const {
    std::lock_guard lock(mutex_);
    return stateOf(kind, connection) != nullptr;
}

std::int64_t Faults::delayMs(std::uint64_t connection) const {
    std::lock_guard lock(mutex_);
    const Entry *entry = stateOf(FaultKind::kDelay, connection);
    return entry ? entry->state.fault.delayMs : 0;
}

std::uint64_t Faults::bytesPerSecond(std::uint64_t connection) const {
    std::lock_guard lock(mutex_);
    const Entry *entry = stateOf(FaultKind::kThrottle, connection);
    return entry ? entry->state.fault.bytesPerSecond : 0;
}

/// Begins what its time has come for, and ends the states whose time is over.
void Faults::beginTimed(std::int64_t nowMs) {
    for (Entry &entry : entries_) {
        const Fault &fault = entry.state.fault;
        if (isOver(entry, nowMs))
            entry.state.phase = Phase::kOver;
        if (entry.state.phase != Phase::kWaiting)
            continue;
        if (fault.afterMs && nowMs >= entry.givenMs + *fault.afterMs)
            begin(entry, 0, nullptr);
        for (const Connection &each : connections_) {
            const bool had = std::count(entry.done.begin(), entry.done.end(), each.number) > 0;
            if (entry.state.phase == Phase::kWaiting && fault.connectedMs && !had &&
                nowMs >= each.openedMs + *fault.connectedMs)
                begin(entry, each.number, nullptr);
        }
    }
}

std::vector<Faults::Occurrence> Faults::takeDue() {
    std::lock_guard lock(mutex_);
    beginTimed(clock_());
    // Here, on the server's thread, every connection counts whose 101 a client has seen; where the fault was
    // added the latest might not.
    for (Entry &entry : entries_) {
        if (entry.state.phase == Phase::kActive && entry.state.fault.openConnections &&
            !entry.newestConnection)
            entry.newestConnection = lastConnection_;
    }
    return std::exchange(due_, {});
}

std::optional<std::int64_t> Faults::msUntilDue() const {
    std::lock_guard lock(mutex_);
    std::optional<std::int64_t> next;
    const auto consider = [&](std::int64_t ms) {
        next = std::min(next.value_or(ms), ms);
    };
    for (const Entry &entry : entries_) {
        const Fault &fault = entry.state.fault;
        if (entry.state.phase == Phase::kActive && entry.endsMs)
            consider(*entry.endsMs);
        if (entry.state.phase != Phase::kWaiting)
            continue;
        if (fault.afterMs)
            consider(entry.givenMs + *fault.afterMs);
        for (const Connection &each : connections_) {
            if (fault.connectedMs && std::count(entry.done.begin(), entry.done.end(), each.number) == 0)
                consider(each.openedMs + *fault.connectedMs);
        }
    }
    return next ? std::optional(std::max<std::int64_t>(0, *next - clock_())) : std::nullopt;
}

void Faults::setHandler(std::function<void()> handler) {
    std::lock_guard lock(mutex_);
    handler_ = std::move(handler);
}

} // namespace lt::emulator
