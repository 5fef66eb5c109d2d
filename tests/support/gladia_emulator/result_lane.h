// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/gladia_emulator/delays.h"
#include "tests/support/gladia_emulator/messages.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace lt::emulator {

/// What the service has heard and takes its time to say. A message never overtakes an earlier one of its
/// utterance, nor a final the final before it in its channel; a partial may overtake the final of the
/// utterance before. Pure: time is an argument, milliseconds.
class ResultLane {
public:
    struct Entry {
        std::int64_t dueMs;
        Message message;
    };

    ResultLane(DelayProfile profile, Draws draws) : profile_(profile), draws_(draws) {}

    /// `utterance` is null for speech events, which take no time.
    void push(Message message, const Utterance *utterance, std::int64_t nowMs);
    /// Everything whose time has come, in order.
    std::vector<Message> takeDue(std::int64_t nowMs);
    /// Everything, with its times.
    std::vector<Entry> takeAll();
    bool empty() const { return waiting_.empty(); }
    std::optional<std::int64_t> nextDueMs() const;
    /// When the last one is due.
    std::int64_t lastDueMs() const;

private:
    struct Channel {
        std::uint32_t utterance = 0;
        std::int64_t lastMs = 0;  // due, of the utterance's newest message
        std::int64_t finalMs = 0; // due, of the channel's newest final
    };

    const DelayProfile profile_;
    Draws draws_;
    std::vector<Entry> waiting_; // by due time, and among equals in the order they came
    std::map<int, Channel> channels_;
};

} // namespace lt::emulator
