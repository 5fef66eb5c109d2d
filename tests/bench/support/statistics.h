// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

namespace lt::bench {

// All are NaN for nothing.
double mean(const std::vector<double> &values);
/// Nearest rank; `share` is 0 to 1.
double percentile(std::vector<double> values, double share);
double median(std::vector<double> values);

} // namespace lt::bench
