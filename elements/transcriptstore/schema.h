// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace lt::store {

/// Version of the schema this build writes; docs/store-schema.md describes it.
constexpr int kSchemaVersion = 2;

/// Element n makes version n + 1 out of version n.
extern const char *const kSqliteMigrations[kSchemaVersion];
extern const char *const kPostgresqlMigrations[kSchemaVersion];

/// What to tell of a database that is `version`, which is too new.
inline std::string schemaTooNew(const std::string &database, long long version) {
    return database + " has schema version " + std::to_string(version) + ", this program knows up to " +
           std::to_string(kSchemaVersion) + ": update it.";
}

} // namespace lt::store
