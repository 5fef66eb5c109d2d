// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lt::bench {

/// What the rounds showed: for each measure and contestant one value a round.
class Results {
public:
    void add(const std::string &measure, const std::string &contestant, double value);
    double median(const std::string &measure, const std::string &contestant) const;
    /// Median of the ratios of `contestant` to `peer` within each round.
    double ratio(const std::string &measure, const std::string &contestant, const std::string &peer) const;

    /// Markdown: one row per measure in the order they came, one column per contestant, ratios to the first
    /// when `firstIsPeer`.
    std::string table(bool firstIsPeer) const;

private:
    const std::vector<double> *valuesOf(const std::string &measure, const std::string &contestant) const;

    std::vector<std::string> measures_, contestants_;
    std::map<std::string, std::map<std::string, std::vector<double>>> values_; // [measure][contestant]
};

/// A figure that is wished for: of one measure, against the peer or by itself.
struct Wish {
    std::string measure;
    bool againstPeer;
    bool atMost; ///< else: at least
    double limit;
};

/// Markdown: each wish, what was measured, whether it is met. Wishes that nothing was measured for are left
/// out.
std::string verdicts(const Results &results, const std::vector<Wish> &wishes, const std::string &contestant,
                     const std::optional<std::string> &peer);

} // namespace lt::bench
