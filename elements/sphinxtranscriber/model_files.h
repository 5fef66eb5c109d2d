// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace lt::sphinx {

/// What PocketSphinx reads from disk. Paths.
struct ModelFiles {
    std::string acousticModel; ///< a directory
    std::string dictionary;
    std::string languageModel; ///< unused when there is a grammar
    std::string grammar;       ///< JSGF; empty: none
    bool standard = false;     ///< the English acoustic model that comes with PocketSphinx

    bool operator==(const ModelFiles &) const = default;
};

/// Fills what is empty in `wanted` with the English model below the first of `roots` that has it, and looks
/// whether everything is there. On failure `error` names what is missing and where it comes from.
std::optional<ModelFiles> resolveModel(ModelFiles wanted, const std::vector<std::string> &roots,
                                       std::string &error);

} // namespace lt::sphinx
