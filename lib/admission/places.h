// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace lt {

/// How many there may be; 0 stands for any number.
struct PlaceLimits {
    std::size_t total = 0;
    std::size_t perSession = 0;
    std::size_t perAddress = 0;

    bool operator==(const PlaceLimits &) const = default;
};

/// Counts who is inside: in all, per session and per address. For StreamGuard alone, which pairs each
/// acquire() with a release(). Any thread.
class Places {
public:
    enum class Full { Total, Session, Address };

    /// Takes a place, or says which limit is reached. Decided atomically.
    std::optional<Full> acquire(const PlaceLimits &limits, const std::string &session,
                                const std::string &address);
    void release(const std::string &session, const std::string &address);
    std::size_t taken() const;

private:
    using Counts = std::map<std::string, std::size_t>;

    mutable std::mutex mutex_; // guards all below
    std::size_t total_ = 0;
    Counts sessions_, addresses_; // no entry is 0
};

} // namespace lt
