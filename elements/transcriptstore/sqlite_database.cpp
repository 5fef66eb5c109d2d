// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/sqlite_database.h"

#include "elements/transcriptstore/schema.h"

#include <cerrno>
#include <utility>
#include <vector>

#include <glib.h>
#include <unistd.h>

namespace lt::store {

namespace {

constexpr std::size_t kRowsPerStatement = 32;
constexpr useconds_t kBusyPauseUs = 5000;

constexpr const char *kUpsertHead =
    "INSERT INTO lt_messages (session_id, epoch, kind, utterance_id, language, revision, is_final, run_id, "
    "participant_id, channel, speaker, text, start_us, end_us, confidence, words, findings, reason, "
    "received_at) VALUES ";
constexpr const char *kUpsertRow = "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
constexpr const char *kUpsertTail =
    " ON CONFLICT (session_id, epoch, kind, utterance_id, language) DO UPDATE SET "
    "revision = excluded.revision, is_final = excluded.is_final, run_id = excluded.run_id, "
    "participant_id = excluded.participant_id, channel = excluded.channel, speaker = excluded.speaker, "
    "text = excluded.text, start_us = excluded.start_us, end_us = excluded.end_us, "
    "confidence = excluded.confidence, words = excluded.words, findings = excluded.findings, "
    "reason = excluded.reason, received_at = excluded.received_at "
    "WHERE (excluded.is_final, excluded.revision) > (lt_messages.is_final, lt_messages.revision)";

constexpr const char *kRead =
    "SELECT s.name, r.name, r.started_at, m.received_at, m.epoch, m.kind, m.utterance_id, m.language, "
    "m.revision, m.is_final, coalesce(p.name, ''), m.channel, m.speaker, m.text, m.start_us, m.end_us, "
    "m.confidence, m.words, m.findings, m.reason FROM lt_messages m JOIN lt_sessions s ON s.id = "
    "m.session_id "
    "JOIN lt_runs r ON r.id = m.run_id LEFT JOIN lt_participants p ON p.id = m.participant_id "
    "WHERE s.name = ?1 AND (?2 = '' OR m.kind = ?2) AND (?3 = '' OR m.language = ?3) "
    "AND (?4 = '' OR r.name = ?4) AND (m.is_final OR NOT ?5) "
    "ORDER BY r.started_at, r.id, m.start_us, m.id";

/// Sets a pointer for a scope.
class Lend {
public:
    Lend(const Patience *&place, const Patience &patience) : place_(place) { place_ = &patience; }
    ~Lend() { place_ = nullptr; }

private:
    const Patience *&place_;
};

StoredMessage messageOf(SqliteStatement &row) {
    StoredMessage message;
    message.origin = {row.text(0), row.text(1), row.integer(2)};
    message.receivedMs = row.integer(3);
    Transcript &transcript = message.transcript;
    transcript.epoch = row.text(4);
    transcript.kind = kindOf(row.text(5));
    transcript.utteranceId = row.text(6);
    transcript.language = row.text(7);
    transcript.revision = static_cast<std::uint64_t>(row.integer(8));
    transcript.isFinal = row.integer(9) != 0;
    transcript.participantId = row.text(10);
    transcript.channel = static_cast<int>(row.integer(11));
    transcript.speaker = row.text(12);
    transcript.text = row.text(13);
    transcript.startNs = fromMicroseconds(row.integer(14));
    transcript.endNs = fromMicroseconds(row.integer(15));
    transcript.confidence = row.number(16);
    readWords(transcript, row.text(17));
    readFindings(transcript, row.text(18));
    transcript.reason = row.text(19);
    return message;
}

} // namespace

int SqliteDatabase::onBusy(void *data, int) {
    const auto *self = static_cast<SqliteDatabase *>(data);
    if (!self->patience_ || self->patience_->over())
        return 0;
    ::usleep(kBusyPauseUs); // SQLite's own handler polls as well: the lock is another process's
    return 1;
}

bool SqliteDatabase::run(const char *sql) {
    return sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

Answer SqliteDatabase::whatWentWrong() {
    const int code = handle_ ? sqlite3_errcode(handle_.get()) : SQLITE_NOMEM;
    const std::string reason = handle_ ? sqlite3_errmsg(handle_.get()) : "out of memory";
    const std::string sentence = "SQLite database " + path_ + ": " + reason + ".";
    switch (code) {
    case SQLITE_CANTOPEN:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: // a table of this name that is not ours
        return {Verdict::Unusable, sentence};
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
        return {Verdict::NotAllowed, sentence};
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
        return {Verdict::Refused, sentence};
    default: // busy, full, IO
        return {Verdict::Unavailable, sentence};
    }
}

Answer SqliteDatabase::connect(const Patience &patience) {
    const Lend lend(patience_, patience);
    disconnect();
    sqlite3 *raw = nullptr;
    const int opened = sqlite3_open_v2(
        path_.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    handle_.reset(raw);
    Answer answer = opened == SQLITE_OK ? prepareFile() : whatWentWrong();
    if (answer.done())
        answer = migrate();
    if (!answer.done())
        disconnect();
    return answer;
}

Answer SqliteDatabase::prepareFile() {
    sqlite3_busy_handler(handle_.get(), onBusy, this);
    const bool done = run("PRAGMA journal_mode=WAL") && run("PRAGMA synchronous=FULL") &&
                      run("PRAGMA foreign_keys=OFF"); // the ids come from the same transaction
    return done ? Answer{} : whatWentWrong();
}

Answer SqliteDatabase::migrate() {
    const auto versionNow = [this] {
        SqliteStatement version(handle_.get(), "PRAGMA user_version");
        return version.ok() && version.step() == SQLITE_ROW ? version.integer(0) : -1;
    };
    std::int64_t version = versionNow();
    if (version < 0)
        return whatWentWrong();
    if (version > kSchemaVersion)
        return {Verdict::Unusable, schemaTooNew("SQLite database " + path_, version)};
    if (version == kSchemaVersion)
        return {};
    if (!run("BEGIN IMMEDIATE"))
        return whatWentWrong();
    version = versionNow(); // another process may have been quicker
    bool done = version >= 0;
    for (; done && version < kSchemaVersion; version++)
        done = run(kSqliteMigrations[version]) &&
               run(("PRAGMA user_version=" + std::to_string(version + 1)).c_str());
    const Answer answer = done && run("COMMIT") ? Answer{} : whatWentWrong();
    if (!answer.done())
        run("ROLLBACK");
    return answer;
}

void SqliteDatabase::disconnect() {
    upserts_.clear();
    ids_.clear();
    handle_.reset();
}

std::int64_t SqliteDatabase::idOf(IdCache::Table table, std::int64_t parent, const std::string &name,
                                  std::int64_t startedMs) {
    if (const auto known = ids_.find(table, parent, name))
        return *known;
    const struct {
        const char *insert, *select;
    } sql[] = {{"INSERT OR IGNORE INTO lt_sessions (name) VALUES (?1)",
                "SELECT id FROM lt_sessions WHERE name = ?1"},
               {"INSERT OR IGNORE INTO lt_runs (name, session_id, started_at) VALUES (?1, ?2, ?3)",
                "SELECT id FROM lt_runs WHERE name = ?1 AND session_id = ?2"},
               {"INSERT OR IGNORE INTO lt_participants (name, session_id) VALUES (?1, ?2)",
                "SELECT id FROM lt_participants WHERE name = ?1 AND session_id = ?2"}};
    const auto &which = sql[static_cast<std::size_t>(table)];
    SqliteStatement insert(handle_.get(), which.insert);
    if (!insert.ok() || insert.bind(name).bind(parent).bind(startedMs).step() != SQLITE_DONE)
        return 0;
    SqliteStatement select(handle_.get(), which.select);
    if (!select.ok() || select.bind(name).bind(parent).step() != SQLITE_ROW)
        return 0;
    const std::int64_t id = select.integer(0);
    ids_.put(table, parent, name, id);
    return id;
}

bool SqliteDatabase::resolve(const StoredMessage &message, Row &row) {
    const Origin &origin = message.origin;
    row.session = idOf(IdCache::Table::Sessions, 0, origin.session);
    row.run = row.session ? idOf(IdCache::Table::Runs, row.session, origin.run, origin.runStartedMs) : 0;
    const std::string &participant = message.transcript.participantId;
    row.participant =
        row.run && !participant.empty() ? idOf(IdCache::Table::Participants, row.session, participant) : 0;
    return row.run && (participant.empty() || row.participant);
}

SqliteStatement &SqliteDatabase::upsertStatement(std::size_t rows) {
    SqliteStatement &statement = upserts_[rows];
    if (!statement.ok()) {
        std::string sql = kUpsertHead;
        for (std::size_t i = 0; i < rows; i++)
            sql.append(i ? "," : "").append(kUpsertRow);
        statement = SqliteStatement(handle_.get(), sql + kUpsertTail);
    }
    return statement;
}

bool SqliteDatabase::upsert(std::span<const Row> rows) {
    SqliteStatement &statement = upsertStatement(rows.size());
    if (!statement.ok())
        return false;
    for (const Row &row : rows) {
        const Transcript &transcript = row.message->transcript;
        statement.bind(row.session).bind(transcript.epoch).bind(kindName(transcript.kind));
        statement.bind(transcript.utteranceId).bind(transcript.language);
        statement.bind(toRevision(transcript.revision)).bind(std::int64_t{transcript.isFinal}).bind(row.run);
        statement.bindUnless<std::int64_t>(0, row.participant);
        statement.bindUnless<std::int64_t>(-1, transcript.channel);
        statement.bind(transcript.speaker).bind(transcript.text);
        statement.bindUnless<std::int64_t>(-1, toMicroseconds(transcript.startNs));
        statement.bindUnless<std::int64_t>(-1, toMicroseconds(transcript.endNs));
        statement.bindUnless<double>(-1, transcript.confidence);
        statement.bindUnless<std::string_view>("", row.words);
        statement.bindUnless<std::string_view>("", row.findings);
        statement.bind(transcript.reason).bind(row.message->receivedMs);
    }
    const bool done = statement.step() == SQLITE_DONE;
    statement.reset();
    return done;
}

Answer SqliteDatabase::store(std::span<const StoredMessage> messages, const Patience &patience) {
    const Lend lend(patience_, patience);
    int moved = 0; // what is written into a file that has no name any more is lost
    sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (moved) {
        disconnect();
        return {Verdict::Unavailable, "SQLite database " + path_ + " has been moved or deleted."};
    }
    if (!run("BEGIN IMMEDIATE"))
        return whatWentWrong();
    std::vector<Row> rows;
    rows.reserve(messages.size());
    bool done = true;
    for (const StoredMessage &message : messages) {
        Row row{&message, 0, 0, 0, wordsJson(message.transcript), findingsJson(message.transcript)};
        done = done && resolve(message, row);
        rows.push_back(std::move(row));
    }
    std::span<const Row> rest(rows);
    while (done && !rest.empty()) {
        const std::size_t count = rest.size() >= kRowsPerStatement ? kRowsPerStatement : 1;
        done = upsert(rest.first(count));
        rest = rest.subspan(count);
    }
    const Answer answer = done && run("COMMIT") ? Answer{} : whatWentWrong();
    if (answer.done())
        return answer;
    ids_.clear();
    run("ROLLBACK"); // fails where SQLite has rolled back by itself
    if (!sqlite3_get_autocommit(handle_.get()))
        disconnect();
    return answer;
}

Answer SqliteDatabase::read(const Selection &selection,
                            const std::function<bool(const StoredMessage &)> &take,
                            const Patience &patience) {
    const Lend lend(patience_, patience);
    SqliteStatement rows(handle_.get(), kRead);
    if (!rows.ok())
        return whatWentWrong();
    rows.bind(selection.session).bind(selection.kind ? kindName(*selection.kind) : std::string_view());
    rows.bind(selection.language).bind(selection.run).bind(std::int64_t{selection.finalsOnly});
    int state = rows.step();
    while (state == SQLITE_ROW && take(messageOf(rows)))
        state = rows.step();
    return state == SQLITE_ROW || state == SQLITE_DONE ? Answer{} : whatWentWrong();
}

Answer SqliteDatabase::sessions(const std::function<void(const std::string &)> &take,
                                const Patience &patience) {
    const Lend lend(patience_, patience);
    SqliteStatement rows(handle_.get(), "SELECT name FROM lt_sessions ORDER BY name");
    if (!rows.ok())
        return whatWentWrong();
    int state = rows.step();
    for (; state == SQLITE_ROW; state = rows.step())
        take(rows.text(0));
    return state == SQLITE_DONE ? Answer{} : whatWentWrong();
}

} // namespace lt::store
