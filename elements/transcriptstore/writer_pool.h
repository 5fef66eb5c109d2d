// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptstore/database_location.h"
#include "elements/transcriptstore/store_writer.h"

#include <memory>
#include <string>

namespace lt::store {

/// The process's writer for this database, folder and policy: one thread and one connection, however many
/// sessions are stored. It ends with its last user. Null and `error` when this build has no such database.
std::shared_ptr<StoreWriter> sharedWriter(const DatabaseLocation &location, const std::string &spoolFolder,
                                          const StorePolicy &policy, std::string &error);

} // namespace lt::store
