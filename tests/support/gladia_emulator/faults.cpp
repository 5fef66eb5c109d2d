// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/faults.h"

#include <utility>

namespace lt::emulator {

std::optional<Faults::Refusal> Faults::Countdown::take() {
    if (count <= 0)
        return std::nullopt;
    count--;
    return refusal;
}

void Faults::refusePosts(int status, int count, int retryAfterSeconds) {
    std::lock_guard lock(mutex_);
    posts_ = {{status, retryAfterSeconds}, count};
}

void Faults::refuseUpgrades(int status, int count) {
    std::lock_guard lock(mutex_);
    upgrades_ = {{status, 0}, count};
}

void Faults::ignorePosts(bool on) {
    std::lock_guard lock(mutex_);
    ignorePosts_ = on;
}

void Faults::ignoreUpgrades(bool on) {
    std::lock_guard lock(mutex_);
    ignoreUpgrades_ = on;
}

void Faults::holdAcknowledgements(bool on) {
    std::function<void()> handler;
    {
        std::lock_guard lock(mutex_);
        const bool released = holdAcks_ && !on;
        holdAcks_ = on;
        if (released)
            handler = releaseHandler_;
    }
    if (handler)
        handler();
}

void Faults::mute(bool on) {
    std::lock_guard lock(mutex_);
    mute_ = on;
}

void Faults::dropAtByte(std::uint64_t bytes) {
    std::lock_guard lock(mutex_);
    dropByte_ = bytes;
}

void Faults::dropAtStop(int count) {
    std::lock_guard lock(mutex_);
    stopDrops_ = count;
}

std::optional<Faults::Refusal> Faults::takePostRefusal() {
    std::lock_guard lock(mutex_);
    return posts_.take();
}

std::optional<Faults::Refusal> Faults::takeUpgradeRefusal() {
    std::lock_guard lock(mutex_);
    return upgrades_.take();
}

bool Faults::takeDropAtByte(std::uint64_t bytes) {
    std::lock_guard lock(mutex_);
    if (!dropByte_ || bytes <= *dropByte_)
        return false;
    dropByte_.reset();
    return true;
}

bool Faults::takeDropAtStop() {
    std::lock_guard lock(mutex_);
    if (stopDrops_ <= 0)
        return false;
    stopDrops_--;
    return true;
}

bool Faults::postsIgnored() const {
    std::lock_guard lock(mutex_);
    return ignorePosts_;
}

bool Faults::upgradesIgnored() const {
    std::lock_guard lock(mutex_);
    return ignoreUpgrades_;
}

bool Faults::acknowledgementsHeld() const {
    std::lock_guard lock(mutex_);
    return holdAcks_;
}

bool Faults::muted() const {
    std::lock_guard lock(mutex_);
    return mute_;
}

void Faults::setReleaseHandler(std::function<void()> handler) {
    std::lock_guard lock(mutex_);
    releaseHandler_ = std::move(handler);
}

} // namespace lt::emulator
