// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace lt::test {

/// False, with the test skipped, when there is no model or nobody to speak.
bool canHear();

void addSphinxStateTests();

} // namespace lt::test
