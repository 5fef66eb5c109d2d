// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/pcmchunker/alarms.h"

#include <algorithm>
#include <cerrno>
#include <ctime>

#include <sys/timerfd.h>

namespace lt::chunker {

void ClockAlarm::set(GstClock *clock, GstClockTime when) {
    when_ = when;
    if (!id_ || !gst_clock_id_uses_clock(id_.get(), clock) ||
        !gst_clock_single_shot_id_reinit(clock, id_.get(), when))
        id_.reset(gst_clock_new_single_shot_id(clock, when));
}

bool ClockAlarm::wait() {
    // A clock that cannot wait lets the audio go early rather than never.
    return gst_clock_id_wait(id_.get(), nullptr) != GST_CLOCK_UNSCHEDULED;
}

void ClockAlarm::cancel() {
    gst_clock_id_unschedule(id_.get());
}

bool TimerAlarm::follow(GstClock *clock) {
    if (G_OBJECT_TYPE(clock) != GST_TYPE_SYSTEM_CLOCK) // what derives from it may tell another time
        return false;
    GstClockType type = GST_CLOCK_TYPE_OTHER;
    g_object_get(clock, "clock-type", &type, nullptr);
    GstClockTime internal = 0, external = 0, numerator = 1, denominator = 1;
    gst_clock_get_calibration(clock, &internal, &external, &numerator, &denominator);
    offset_ = static_cast<std::int64_t>(internal - external);
    return type == GST_CLOCK_TYPE_MONOTONIC && numerator == denominator;
}

bool TimerAlarm::open() {
    if (!timer_)
        timer_.reset(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    return isOpen();
}

void TimerAlarm::set(std::optional<std::uint64_t> when) {
    cancelled_ = false;
    armed_ = true; // or has rung, which a wait would still hear
    move(when);
}

bool TimerAlarm::move(std::optional<std::uint64_t> when) {
    if (!when && !armed_)
        return true;
    armed_ = when.has_value();
    // What is past or 0 would be no moment at all.
    settle(when ? std::max<std::int64_t>(static_cast<std::int64_t>(*when) + offset_, 1) : 0);
    return true;
}

void TimerAlarm::cancel() {
    cancelled_ = true;
    settle(1);
}

bool TimerAlarm::wait() {
    std::uint64_t times = 0;
    while (read(timer_.get(), &times, sizeof times) < 0 && errno == EINTR)
        continue;
    return !cancelled_;
}

void TimerAlarm::settle(std::int64_t monotonicNs) {
    constexpr std::int64_t kSecondNs = 1'000'000'000;
    itimerspec when{};
    when.it_value.tv_sec = monotonicNs / kSecondNs;
    when.it_value.tv_nsec = monotonicNs % kSecondNs;
    timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

} // namespace lt::chunker
