// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/databases.h"

#ifdef LT_HAVE_SQLITE
#include "elements/transcriptstore/sqlite_database.h"
#endif
#ifdef LT_HAVE_POSTGRESQL
#include "elements/transcriptstore/postgres_database.h"
#endif

namespace lt::store {

std::unique_ptr<Database> makeDatabase(const DatabaseLocation &location,
                                       [[maybe_unused]] std::string &error) {
    switch (location.kind()) {
    case DatabaseLocation::Kind::Sqlite:
#ifdef LT_HAVE_SQLITE
        return std::make_unique<SqliteDatabase>(location.secretText());
#else
        error = "This build of gst-livetranscript has no SQLite: " + location.shown() + " cannot be used.";
        break;
#endif
    case DatabaseLocation::Kind::Postgresql:
#ifdef LT_HAVE_POSTGRESQL
        return std::make_unique<PostgresDatabase>(location);
#else
        error =
            "This build of gst-livetranscript has no PostgreSQL: " + location.shown() + " cannot be used.";
        break;
#endif
    }
    return nullptr;
}

} // namespace lt::store
