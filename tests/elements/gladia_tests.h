// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/elements/gladia_rig.h"

#include <string>

namespace lt::test {

inline void add(const std::string &name, void (*test)()) {
    g_test_add_func(("/gladiasink/" + name).c_str(), test);
}

/// The service as somebody in front of it needs it who encrypts.
inline emulator::EmulatorOptions behindTls() {
    emulator::EmulatorOptions options;
    options.behindTls = true;
    return options;
}

void addGladiaTroubleTests();
void addGladiaStateTests();
void addGladiaOutputTests();
void addGladiaTextTests();
void addGladiaOptionTests();
void addGladiaTlsTests();
void addGladiaProxyTests();

} // namespace lt::test
