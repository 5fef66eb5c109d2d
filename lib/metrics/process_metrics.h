// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/metrics/registry.h"

namespace lt::metrics {

/// Sets the gauges `process.…` to what the kernel says now; what it does not say stays as it was. Any thread.
LT_EXPORT void measureProcess(Registry &registry);

} // namespace lt::metrics
