// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/metrics/registry.h"

#include <string>
#include <vector>

/// What `/metrics` answers with. Pure functions of a snapshot.
namespace lt::metrics {

inline constexpr const char *kJsonContentType = "application/json";
inline constexpr const char *kPrometheusContentType = "text/plain; version=0.0.4; charset=utf-8";

/// `{latency:{name:{avg,min,max,p50,p95,p99,count}}, counters:{name:n}, sessions:{slug:{key:…}}}`.
/// Every histogram stands in `latency`, counters and gauges in `counters`; the series of a session stand
/// there as `name.slug`, and under their short key in the session's object.
LT_EXPORT std::string toJson(const std::vector<Sample> &samples);

/// Prometheus' text exposition format 0.0.4: '_' for '.', label `session`, histograms as summaries.
LT_EXPORT std::string toPrometheus(const std::vector<Sample> &samples);

} // namespace lt::metrics
