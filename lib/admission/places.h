// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <variant>

namespace lt {

/// How many there may be; 0 stands for any number.
struct PlaceLimits {
    std::size_t total = 0;
    std::size_t perGroup = 0;
    std::size_t perAddress = 0;

    bool operator==(const PlaceLimits &) const = default;
};

/// Counts who is inside: in all, per group (a session) and per address. Any thread. Keep it in a shared_ptr.
class Places : public std::enable_shared_from_this<Places> {
public:
    enum class Full { Total, Group, Address };
    /// Held for as long as somebody stays; the last copy frees the place.
    using Place = std::shared_ptr<void>;

    /// Takes a place, or says which limit is reached. Decided atomically.
    std::variant<Place, Full> take(const PlaceLimits &limits, const std::string &group,
                                   const std::string &address);
    std::size_t taken() const;

private:
    using Counts = std::map<std::string, std::size_t>;
    void free(const std::string &group, const std::string &address);

    mutable std::mutex mutex_; // guards all below
    std::size_t total_ = 0;
    Counts groups_, addresses_; // no entry is 0
};

} // namespace lt
