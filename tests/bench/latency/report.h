// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/bench/latency/stages.h"

#include <string>
#include <vector>

namespace lt::bench {

/// All runs of one set-up, pooled.
struct Figures {
    std::string name; ///< of the set-up, for example "20/5"
    unsigned sessions = 1;
    bool delayed = true;   ///< the provider takes its time
    bool expected = false; ///< the expectations are about this set-up
    std::vector<Path> paths;
};

/// Tables of stages and, where they apply, expectations, as Markdown.
std::string markdown(const std::vector<Figures> &all);

/// One run on one line, for people who wait.
std::string oneLine(const std::string &name, unsigned sessions, const std::vector<Path> &paths);

} // namespace lt::bench
