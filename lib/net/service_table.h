// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace lt::net {

/// The process's services of one kind, shared by (address, port): made for the first user, destroyed with the
/// last, and never two of a key at once - a new one is made only when the old one is wholly gone, its socket
/// included.
///
/// Making and destroying happen under the table's lock, so neither may wait for a thread that uses the table.
template <typename Key, typename Service>
class ServiceTable {
public:
    /// The living service of `key`, else what `make()` returns: pair of its true key and a unique_ptr, which
    /// is null when it could not be made. Any thread but those the service runs on.
    template <typename Make>
    std::shared_ptr<Service> get(const Key &key, Make make) {
        std::unique_lock lock(mutex_);
        for (;;) {
            const auto found = services_.find(key);
            if (found == services_.end())
                break;
            if (auto service = found->second.lock())
                return service;
            gone_.wait(lock); // its last user has left, it is about to be destroyed
        }
        std::pair<Key, std::unique_ptr<Service>> made = make();
        if (!made.second)
            return nullptr;
        std::shared_ptr<Service> service(
            made.second.release(), [this, trueKey = made.first](Service *last) { destroy(trueKey, last); });
        services_[made.first] = service;
        return service;
    }

    /// Those that live. Any thread but those the services run on.
    std::vector<std::shared_ptr<Service>> all() {
        std::vector<std::shared_ptr<Service>> living;
        std::lock_guard lock(mutex_);
        for (const auto &[key, weak] : services_)
            if (auto service = weak.lock())
                living.push_back(std::move(service));
        return living;
    }

private:
    void destroy(const Key &key, Service *service) {
        std::lock_guard lock(mutex_);
        delete service;
        services_.erase(key);
        gone_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable gone_;
    std::map<Key, std::weak_ptr<Service>> services_;
};

} // namespace lt::net
