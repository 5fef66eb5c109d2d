// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/gladia_emulator/delays.h"
#include "tests/support/gladia_emulator/emulator.h"
#include "tests/support/gladia_emulator/faults.h"

#include <functional>
#include <string_view>

#include <libsoup/soup.h>

namespace lt::emulator {

/// What stands below /emulator/ and is no part of the service: `rest` is the path behind it. Faults given
/// there take effect by `apply` before the answer.
struct EmulatorRoutes {
    Faults &faults;
    Draws &draws;
    std::function<EmulatorReport()> report;
    std::function<void()> apply;

    void reply(SoupServerMessage *message, std::string_view rest) const;
};

} // namespace lt::emulator
