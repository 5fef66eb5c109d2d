// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/gladia_emulator/fault.h"
#include "tests/support/gladia_emulator/outlet.h"

namespace lt::emulator {

/// Does to a connection what a fault says. One of the server ends it before it does all others.
inline void perform(const Fault &fault, Outlet &outlet) {
    const bool away =
        fault.kind == FaultKind::kRestart || (fault.kind == FaultKind::kOutage && !fault.silent);
    if (fault.kind == FaultKind::kDrop || away)
        outlet.drop();
    else if (fault.kind == FaultKind::kReset)
        outlet.reset();
    else if (fault.kind == FaultKind::kClose)
        outlet.close(fault.code, fault.reason);
    else if (fault.kind == FaultKind::kSend && fault.text)
        outlet.sendRaw(*fault.text);
}

} // namespace lt::emulator
