// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/admission/target.h"

#include <span>

namespace lt::admission {

struct Rule {
    int number;
    const char *name;
    void (*hold)(const Target &target); ///< throws Failure; returns when it holds at both doors
};

std::span<const Rule> rules();

} // namespace lt::admission
