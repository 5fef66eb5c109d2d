// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/admission/places.h"

namespace lt {

namespace {

bool reached(std::size_t limit, std::size_t count) {
    return limit > 0 && count >= limit;
}

std::size_t countOf(const std::map<std::string, std::size_t> &counts, const std::string &name) {
    const auto found = counts.find(name);
    return found == counts.end() ? 0 : found->second;
}

void subtract(std::map<std::string, std::size_t> &counts, const std::string &name) {
    if (const auto found = counts.find(name); found != counts.end() && --found->second == 0)
        counts.erase(found);
}

} // namespace

std::variant<Places::Place, Places::Full> Places::take(const PlaceLimits &limits, const std::string &group,
                                                       const std::string &address) {
    /// What one place costs: the names are the maps' own.
    struct Taken {
        std::shared_ptr<Places> places;
        std::string group, address;
        ~Taken() {
            if (places)
                places->free(group, address);
        }
    };
    auto taken = std::make_shared<Taken>(Taken{nullptr, group, address});
    std::lock_guard lock(mutex_);
    if (reached(limits.total, total_))
        return Full::Total;
    if (reached(limits.perGroup, countOf(groups_, group)))
        return Full::Group;
    if (reached(limits.perAddress, countOf(addresses_, address)))
        return Full::Address;
    groups_[group]++;
    addresses_[address]++;
    total_++;
    taken->places = shared_from_this();
    return Place(std::move(taken));
}

std::size_t Places::taken() const {
    std::lock_guard lock(mutex_);
    return total_;
}

void Places::free(const std::string &group, const std::string &address) {
    std::lock_guard lock(mutex_);
    subtract(groups_, group);
    subtract(addresses_, address);
    total_--;
}

} // namespace lt
