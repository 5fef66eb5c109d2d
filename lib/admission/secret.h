// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"

#include <optional>
#include <string>
#include <string_view>

namespace lt {

/// Takes as long for a wrong guess as for a right one, whatever they have in common. Their lengths are no
/// secret.
bool equalInConstantTime(std::string_view a, std::string_view b);

/// Where a secret comes from; at most one of them is set.
struct SecretSource {
    std::string environment; ///< name of a variable
    std::string file;

    bool operator==(const SecretSource &) const = default;
    bool set() const { return !environment.empty() || !file.empty(); }
};

/// The secret without white space around it. Nothing when there is none, and `problem` is a sentence that
/// does not have it. `what` names it in that sentence, e.g. "viewers' token". A file has up to 64 KiB.
std::optional<std::string> readSecret(const SecretSource &source, std::string_view what,
                                      std::string &problem);

} // namespace lt
