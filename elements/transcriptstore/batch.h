// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptstore/stored_message.h"

#include <cstddef>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace lt::store {

/// The messages of one transaction in the order they came, each identity once: of several revisions the one
/// that counts, in its first one's place. An upsert of many rows may not name the same row twice.
class Batch {
public:
    void add(StoredMessage message);

    bool empty() const { return messages_.empty(); }
    std::size_t size() const { return messages_.size(); }
    std::span<const StoredMessage> messages() const { return messages_; }

private:
    std::vector<StoredMessage> messages_;
    std::unordered_map<std::string, std::size_t> places_; // identity -> index
};

} // namespace lt::store
