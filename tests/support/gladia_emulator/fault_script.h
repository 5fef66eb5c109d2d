// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/gladia_emulator/delays.h"
#include "tests/support/gladia_emulator/faults.h"
#include "tests/support/glib_refs.h"

#include <string>
#include <string_view>
#include <vector>

namespace lt::emulator {

struct FaultScript {
    std::vector<Fault> faults;
    std::string problem; ///< a sentence that names the entry; then there are no faults
};

/// Reads {"faults": [ … ]}, as docs/gladia-emulator.md describes it. Numbers given as a range are drawn.
FaultScript parseFaultScript(std::string_view json, Draws &draws);

/// {"faults": [ … ]} with "id", "phase" and "happened" beside what each was given as.
std::string faultListJson(const std::vector<Faults::State> &states);

} // namespace lt::emulator
