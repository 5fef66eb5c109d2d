// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace lt::gladia {

/// Which utterances of one session are open and which are finished, so that each has one final and rising
/// revisions whatever the service sends. Bounded. Pure, one thread.
class UtteranceBook {
public:
    enum class Verdict { Pass, Repeated, Empty };
    struct Entry {
        Verdict verdict;
        std::uint64_t revision; ///< when it passes
    };

    /// A message of utterance `id`. Repeated: its final was seen already. Empty: it has no text, and there is
    /// nothing that its emptiness would take back.
    Entry note(const std::string &id, bool isFinal, bool hasText);

    /// Utterances with a partial shown and no final.
    std::size_t open() const { return revisions_.size(); }
    bool isOpen(const std::string &id) const { return revisions_.contains(id); }
    /// Their ids, oldest first.
    const std::deque<std::string> &openIds() const { return openOrder_; }

private:
    static constexpr std::size_t kMaxOpen = 256;
    static constexpr std::size_t kMaxFinished = 4096;

    void finish(const std::string &id);

    std::unordered_map<std::string, std::uint64_t> revisions_; // of the open ones
    std::deque<std::string> openOrder_;                        // oldest first
    std::unordered_set<std::string> finished_;
    std::deque<std::string> finishedOrder_;
};

} // namespace lt::gladia
