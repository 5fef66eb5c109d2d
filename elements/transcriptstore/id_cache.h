// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

namespace lt::store {

/// Ids of sessions, runs and participants, so that a batch asks the database for new ones only. To be cleared
/// whenever a transaction fails: an id of it does not exist then.
class IdCache {
public:
    enum class Table { Sessions, Runs, Participants };
    static constexpr std::size_t kLimit = 10000; ///< then it starts anew

    /// `parent`: the session's id, 0 for a session itself.
    std::optional<std::int64_t> find(Table table, std::int64_t parent, std::string_view name) const {
        const auto found = ids_.find(std::tuple(table, parent, name));
        return found == ids_.end() ? std::nullopt : std::optional(found->second);
    }
    void put(Table table, std::int64_t parent, const std::string &name, std::int64_t id) {
        if (ids_.size() >= kLimit)
            ids_.clear();
        ids_[std::tuple(table, parent, name)] = id;
    }
    void clear() { ids_.clear(); }

private:
    std::map<std::tuple<Table, std::int64_t, std::string>, std::int64_t, std::less<>> ids_;
};

} // namespace lt::store
