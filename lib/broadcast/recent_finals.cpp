// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/recent_finals.h"

namespace lt::broadcast {

bool RecentFinals::insert(const std::string &identity) {
    if (window_ == 0)
        return true;
    const auto [known, isNew] = known_.insert(identity);
    if (!isNew)
        return false;
    order_.push_back(&*known); // stays where it is, whatever else comes and goes
    if (order_.size() > window_) {
        known_.erase(*order_.front());
        order_.pop_front();
    }
    return true;
}

void RecentFinals::clear() {
    known_.clear();
    order_.clear();
}

} // namespace lt::broadcast
