// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/writer_pool.h"

#include "elements/transcriptstore/databases.h"

#include <cstddef>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

namespace lt::store {

namespace {

using Key = std::tuple<std::string, std::string, Milliseconds, std::size_t, std::size_t>;

struct Pool {
    std::mutex mutex;
    std::map<Key, std::weak_ptr<StoreWriter>> writers;
};

/// Never destroyed: an element may still be alive when the process ends.
Pool &pool() {
    static Pool &only = *new Pool;
    return only;
}

} // namespace

std::shared_ptr<StoreWriter> sharedWriter(const DatabaseLocation &location, const std::string &spoolFolder,
                                          const StorePolicy &policy, std::string &error) {
    const Key key{location.secretText(), spoolFolder, policy.flush, policy.maxBatch, policy.maxQueue};
    const std::lock_guard lock(pool().mutex);
    std::erase_if(pool().writers, [](const auto &entry) { return entry.second.expired(); });
    std::weak_ptr<StoreWriter> &known = pool().writers[key];
    if (auto writer = known.lock())
        return writer;
    auto database = makeDatabase(location, error);
    if (!database)
        return nullptr;
    const WriterSettings settings{policy, spoolFolder, location.key()};
    auto writer = std::make_shared<StoreWriter>(std::move(database), settings);
    known = writer;
    return writer;
}

} // namespace lt::store
