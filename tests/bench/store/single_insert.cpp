// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/store/single_insert.h"

#ifdef LT_HAVE_SQLITE
#include "elements/transcriptstore/sqlite_handle.h"
#endif
#ifdef LT_HAVE_POSTGRESQL
#include <libpq-fe.h>
#endif

#include <string>

#include <glib.h>

using namespace lt::store;

namespace {

#ifdef LT_HAVE_SQLITE
class SqliteInsert : public SingleInsert {
public:
    explicit SqliteInsert(const std::string &path) {
        sqlite3 *raw = nullptr;
        g_assert_cmpint(sqlite3_open(path.c_str(), &raw), ==, SQLITE_OK);
        handle_.reset(raw);
        const char *const setUp =
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE single (id INTEGER PRIMARY KEY, "
            "session_id "
            "INTEGER, epoch TEXT, kind TEXT, utterance_id TEXT, language TEXT, revision INTEGER, is_final "
            "INTEGER, "
            "run_id INTEGER, participant_id INTEGER, text TEXT, start_us INTEGER, end_us INTEGER, confidence "
            "REAL, "
            "words TEXT, received_at INTEGER, UNIQUE (session_id, epoch, kind, utterance_id, language))";
        g_assert_cmpint(sqlite3_exec(raw, setUp, nullptr, nullptr, nullptr), ==, SQLITE_OK);
        statement_ =
            SqliteStatement(raw, "INSERT INTO single (session_id, epoch, kind, utterance_id, language, "
                                 "revision, is_final, run_id, participant_id, text, start_us, end_us, "
                                 "confidence, words, received_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    }
    bool insert(const StoredMessage &message) override {
        const lt::Transcript &transcript = message.transcript;
        const std::string words = wordsJson(transcript);
        constexpr std::int64_t kKnownId = 1;
        statement_.bind(kKnownId).bind(transcript.epoch).bind(lt::kindName(transcript.kind));
        statement_.bind(transcript.utteranceId)
            .bind(transcript.language)
            .bind(toRevision(transcript.revision));
        statement_.bind(std::int64_t{transcript.isFinal}).bind(kKnownId).bind(kKnownId).bind(transcript.text);
        statement_.bind(toMicroseconds(transcript.startNs)).bind(toMicroseconds(transcript.endNs));
        statement_.bind(transcript.confidence).bind(words).bind(message.receivedMs);
        const bool done = statement_.step() == SQLITE_DONE;
        statement_.reset();
        return done;
    }

private:
    SqliteHandle handle_;
    SqliteStatement statement_;
};
#endif

#ifdef LT_HAVE_POSTGRESQL
struct Clear {
    void operator()(PGresult *result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

class PostgresInsert : public SingleInsert {
public:
    explicit PostgresInsert(const std::string &uri) : connection_(PQconnectdb(uri.c_str())) {
        run("CREATE TABLE single (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, session_id BIGINT, "
            "epoch TEXT, "
            "kind TEXT, utterance_id TEXT, language TEXT, revision BIGINT, is_final BOOLEAN, run_id BIGINT, "
            "participant_id BIGINT, text TEXT, start_us BIGINT, end_us BIGINT, confidence DOUBLE PRECISION, "
            "words "
            "JSONB, received_at TIMESTAMPTZ, UNIQUE (session_id, epoch, kind, utterance_id, language))");
        const Result prepared(PQprepare(connection_.get(), "single",
                                        "INSERT INTO single (session_id, epoch, kind, utterance_id, "
                                        "language, revision, is_final, run_id, "
                                        "participant_id, text, start_us, end_us, confidence, words, "
                                        "received_at) VALUES (1, $1, $2, $3, $4, $5, "
                                        "true, 1, 1, $6, $7, $8, $9, $10, to_timestamp($11 / 1000.0))",
                                        0, nullptr));
        g_assert_cmpint(PQresultStatus(prepared.get()), ==, PGRES_COMMAND_OK);
    }
    bool insert(const StoredMessage &message) override {
        const lt::Transcript &transcript = message.transcript;
        const std::string kind(lt::kindName(transcript.kind)),
            revision = std::to_string(transcript.revision),
            start = std::to_string(toMicroseconds(transcript.startNs)),
            end = std::to_string(toMicroseconds(transcript.endNs)),
            confidence = std::to_string(transcript.confidence), words = wordsJson(transcript),
            received = std::to_string(message.receivedMs);
        const char *const values[] = {transcript.epoch.c_str(),
                                      kind.c_str(),
                                      transcript.utteranceId.c_str(),
                                      transcript.language.c_str(),
                                      revision.c_str(),
                                      transcript.text.c_str(),
                                      start.c_str(),
                                      end.c_str(),
                                      confidence.c_str(),
                                      words.c_str(),
                                      received.c_str()};
        const Result result(
            PQexecPrepared(connection_.get(), "single", std::size(values), values, nullptr, nullptr, 0));
        return PQresultStatus(result.get()) == PGRES_COMMAND_OK;
    }

private:
    void run(const char *sql) {
        const Result result(PQexec(connection_.get(), sql));
        g_assert_cmpint(PQresultStatus(result.get()), ==, PGRES_COMMAND_OK);
    }
    struct Finish {
        void operator()(PGconn *connection) const { PQfinish(connection); }
    };
    std::unique_ptr<PGconn, Finish> connection_;
};
#endif

} // namespace

std::unique_ptr<SingleInsert> makeSingleInsert(const DatabaseLocation &location) {
#ifdef LT_HAVE_SQLITE
    if (location.kind() == DatabaseLocation::Kind::Sqlite)
        return std::make_unique<SqliteInsert>(location.secretText());
#endif
#ifdef LT_HAVE_POSTGRESQL
    if (location.kind() == DatabaseLocation::Kind::Postgresql)
        return std::make_unique<PostgresInsert>(location.secretText());
#endif
    return nullptr;
}
