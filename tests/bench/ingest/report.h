// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/bench/ingest/run.h"

#include <map>
#include <string>
#include <vector>

namespace lt::bench {

/// All runs of a benchmark: by number of sessions, then by contestant, then in the order of the rounds. The
/// round's runs stand beside each other in time, so ratios are taken within a round.
struct Results {
    std::vector<Contestant> contestants;                           // the peer, if there is one, first
    std::map<unsigned, std::vector<std::vector<RunFigures>>> runs; // [sessions][contestant][round]
    Memory empty;                                                  ///< our process without a pipeline
};

/// One line about a run, for the impatient.
std::string oneLine(const Contestant &contestant, unsigned sessions, const RunFigures &figures);

/// Markdown: machine, tables of medians and ratios, expectations met and not met.
std::string markdown(const Results &results);

} // namespace lt::bench
