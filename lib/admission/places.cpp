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

std::optional<Places::Full> Places::acquire(const PlaceLimits &limits, const std::string &session,
                                            const std::string &address) {
    std::lock_guard lock(mutex_);
    // The session first: who comes to one that is taken hears that, not that others are many.
    if (reached(limits.perSession, countOf(sessions_, session)))
        return Full::Session;
    if (reached(limits.total, total_))
        return Full::Total;
    if (reached(limits.perAddress, countOf(addresses_, address)))
        return Full::Address;
    sessions_[session]++;
    addresses_[address]++;
    total_++;
    return std::nullopt;
}

std::size_t Places::taken() const {
    std::lock_guard lock(mutex_);
    return total_;
}

void Places::release(const std::string &session, const std::string &address) {
    std::lock_guard lock(mutex_);
    subtract(sessions_, session);
    subtract(addresses_, address);
    total_--;
}

} // namespace lt
