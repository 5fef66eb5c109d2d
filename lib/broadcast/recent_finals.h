// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>

namespace lt::broadcast {

/// Remembers the last `window` finals, so that each is sent once: a recogniser that reconnects may repeat
/// them.
class RecentFinals {
public:
    /// 0 remembers nothing.
    explicit RecentFinals(std::size_t window) : window_(window) {}
    RecentFinals(const RecentFinals &) = delete;
    RecentFinals &operator=(const RecentFinals &) = delete;

    /// False when `identity` is known already.
    bool insert(const std::string &identity);
    bool contains(const std::string &identity) const { return known_.contains(identity); }
    void clear();

private:
    std::size_t window_;
    std::unordered_set<std::string> known_;
    std::deque<const std::string *> order_; // oldest first
};

} // namespace lt::broadcast
