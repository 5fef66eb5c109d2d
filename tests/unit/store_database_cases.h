// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/unit/store_samples.h"

/// What every database has to do, whichever it is.
namespace store_test {

struct DatabaseCase {
    const char *name;
    void (*run)(lt::store::Database &empty);
};

/// Registers each case below `prefix`; `onEmptyDatabase` gets a DatabaseCase and runs it.
void addDatabaseCases(const char *prefix, GTestDataFunc onEmptyDatabase);

/// Two finals by two speakers, a partial, and a translation.
void storeConversation(lt::store::Database &database);

} // namespace store_test
