// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptstore/database.h"
#include "elements/transcriptstore/database_location.h"

#include <memory>
#include <string>

namespace lt::store {

/// Not connected yet. Null and `error` when this build has no such database.
std::unique_ptr<Database> makeDatabase(const DatabaseLocation &location, std::string &error);

} // namespace lt::store
