// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/support/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace lt::bench {

double mean(const std::vector<double> &values) {
    return values.empty()
               ? std::numeric_limits<double>::quiet_NaN()
               : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double percentile(std::vector<double> values, double share) {
    if (values.empty())
        return std::numeric_limits<double>::quiet_NaN();
    std::sort(values.begin(), values.end());
    const double rank = std::ceil(share * static_cast<double>(values.size()));
    return values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

double median(std::vector<double> values) {
    return percentile(std::move(values), 0.5);
}

} // namespace lt::bench
