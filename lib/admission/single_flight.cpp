// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/admission/single_flight.h"

#include <mutex>
#include <unordered_set>
#include <utility>

namespace lt {

struct SingleFlight::Slot::Names {
    std::mutex mutex; // guards held
    std::unordered_set<std::string> held;
};

SingleFlight::Slot::Slot(std::shared_ptr<Names> names, std::string name)
    : names_(std::move(names)), name_(std::move(name)) {}

SingleFlight::Slot::Slot(Slot &&) noexcept = default;

SingleFlight::Slot &SingleFlight::Slot::operator=(Slot &&other) noexcept {
    if (this != &other) {
        release();
        names_ = std::move(other.names_);
        name_ = std::move(other.name_);
    }
    return *this;
}

SingleFlight::Slot::~Slot() {
    release();
}

void SingleFlight::Slot::release() {
    if (auto names = std::exchange(names_, nullptr)) {
        std::lock_guard lock(names->mutex);
        names->held.erase(name_);
    }
}

SingleFlight::SingleFlight() : names_(std::make_shared<Slot::Names>()) {}

std::optional<SingleFlight::Slot> SingleFlight::acquire(const std::string &name) {
    std::lock_guard lock(names_->mutex);
    if (!names_->held.insert(name).second)
        return std::nullopt;
    return Slot(names_, name);
}

bool SingleFlight::held(const std::string &name) const {
    std::lock_guard lock(names_->mutex);
    return names_->held.count(name) != 0;
}

} // namespace lt
