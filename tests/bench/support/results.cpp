// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/support/results.h"

#include "tests/bench/support/statistics.h"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <limits>
#include <sstream>

namespace lt::bench {

namespace {

std::string number(double value) {
    if (std::isnan(value))
        return "–";
    std::ostringstream text;
    const double size = std::abs(value);
    text << std::fixed << std::setprecision(size >= 1000 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3) << value;
    return text.str();
}

void addNew(std::vector<std::string> &names, const std::string &name) {
    if (std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(name);
}

} // namespace

void Results::add(const std::string &measure, const std::string &contestant, double value) {
    addNew(measures_, measure);
    addNew(contestants_, contestant);
    values_[measure][contestant].push_back(value);
}

const std::vector<double> *Results::valuesOf(const std::string &measure,
                                             const std::string &contestant) const {
    const auto found = values_.find(measure);
    if (found == values_.end())
        return nullptr;
    const auto values = found->second.find(contestant);
    return values == found->second.end() ? nullptr : &values->second;
}

double Results::median(const std::string &measure, const std::string &contestant) const {
    const auto *values = valuesOf(measure, contestant);
    return values ? bench::median(*values) : std::numeric_limits<double>::quiet_NaN();
}

double Results::ratio(const std::string &measure, const std::string &contestant,
                      const std::string &peer) const {
    const auto *ours = valuesOf(measure, contestant), *theirs = valuesOf(measure, peer);
    std::vector<double> ratios;
    for (std::size_t i = 0; ours && theirs && i < std::min(ours->size(), theirs->size()); i++)
        ratios.push_back((*ours)[i] / (*theirs)[i]);
    return bench::median(ratios);
}

std::string Results::table(bool firstIsPeer) const {
    std::ostringstream out, line;
    out << "|  |";
    line << "|---|";
    for (std::size_t i = 0; i < contestants_.size(); i++) {
        const bool ratios = firstIsPeer && i > 0;
        out << ' ' << contestants_[i] << (ratios ? " | ratio |" : " |");
        line << (ratios ? "---:|---:|" : "---:|");
    }
    out << '\n' << line.str() << '\n';
    for (const auto &measure : measures_) {
        out << "| " << measure << " |";
        for (std::size_t i = 0; i < contestants_.size(); i++) {
            out << ' ' << number(median(measure, contestants_[i])) << " |";
            if (firstIsPeer && i > 0)
                out << ' ' << number(ratio(measure, contestants_[i], contestants_[0])) << " |";
        }
        out << '\n';
    }
    return out.str();
}

std::string verdicts(const Results &results, const std::vector<Wish> &wishes, const std::string &contestant,
                     const std::optional<std::string> &peer) {
    std::ostringstream out;
    out << "| wish | measured | met |\n|---|---:|---|\n";
    for (const auto &wish : wishes) {
        if (wish.againstPeer && !peer)
            continue;
        const double value = wish.againstPeer ? results.ratio(wish.measure, contestant, *peer)
                                              : results.median(wish.measure, contestant);
        if (std::isnan(value))
            continue;
        const bool met = wish.atMost ? value <= wish.limit : value >= wish.limit;
        out << "| " << wish.measure << (wish.atMost ? " ≤ " : " ≥ ") << number(wish.limit)
            << (wish.againstPeer ? "x of the peer's" : "") << " | " << number(value) << " | "
            << (met ? "yes" : "**no**") << " |\n";
    }
    return out.str();
}

} // namespace lt::bench
