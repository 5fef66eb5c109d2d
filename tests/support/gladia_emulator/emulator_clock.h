// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>

#include <glib.h>

namespace lt::emulator {

/// Where the emulator takes its times from. By default the machine's clocks.
struct EmulatorClock {
    std::function<std::int64_t()> wallMicroseconds = [] {
        return g_get_real_time();
    };
    std::function<std::int64_t()> monotonicMilliseconds = [] {
        return g_get_monotonic_time() / 1000;
    };
};

} // namespace lt::emulator
