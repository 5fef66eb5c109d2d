// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/pcmchunker/stream_queue.h"
#include "lib/gst/refs.h"
#include "lib/net/unique_fd.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include <gst/gst.h>

namespace lt::chunker {

/// A moment on the pipeline's clock, whichever that is. Another thread can have the wait end earlier only by
/// ending it now.
class ClockAlarm : public Alarm {
public:
    void set(GstClock *clock, GstClockTime when);
    bool wait() override;
    void cancel() override;
    bool move(std::optional<std::uint64_t> when) override { return !when || when_ <= *when; }
    GstClockTime when() const { return when_; }

private:
    struct IdUnref {
        void operator()(gpointer id) const noexcept { gst_clock_id_unref(id); }
    };
    std::unique_ptr<void, IdUnref> id_;
    GstClockTime when_ = GST_CLOCK_TIME_NONE;
};

/// A moment on the system's monotonic clock, kept by a timer of the kernel's: that is moved from any thread
/// without anybody being woken, as often as there is audio.
class TimerAlarm : public Alarm {
public:
    /// Whether this is the clock that it can wait for. Its times are the ones given from now on.
    bool follow(GstClock *clock);
    /// Opens the timer when there is none yet. False when there cannot be one.
    bool open();
    bool isOpen() const { return static_cast<bool>(timer_); }
    /// Without a moment the wait ends when it is given one, or by cancel().
    void set(std::optional<std::uint64_t> when);
    bool wait() override;
    void cancel() override;
    bool move(std::optional<std::uint64_t> when) override;

private:
    void settle(std::int64_t monotonicNs);

    net::UniqueFd timer_;
    std::int64_t offset_ = 0; // monotonic time - clock's time, ns
    bool armed_ = false;      // has been given a moment
    std::atomic<bool> cancelled_ = false;
};

} // namespace lt::chunker
