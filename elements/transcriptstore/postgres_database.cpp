// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/postgres_database.h"

#include "elements/transcriptstore/postgres_array.h"
#include "elements/transcriptstore/schema.h"

#include <array>
#include <string>
#include <vector>

#include <glib.h>

namespace lt::store {

namespace {

constexpr const char *kUpsertName = "lt_upsert";
constexpr const char *kUpsert =
    "INSERT INTO lt_messages (session_id, epoch, kind, utterance_id, language, revision, is_final, run_id, "
    "participant_id, channel, speaker, text, start_us, end_us, confidence, words, findings, reason, "
    "received_at) "
    "SELECT a, b, c, d, e, f, g <> 0, h, i, j, k, l, m, n, o, p::jsonb, q::jsonb, r, "
    "to_timestamp(s / 1000.0) "
    "FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::int[], "
    "$8::bigint[], $9::bigint[], $10::int[], $11::text[], $12::text[], $13::bigint[], $14::bigint[], "
    "$15::double precision[], $16::text[], $17::text[], $18::text[], $19::bigint[]) "
    "AS new (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s) "
    "ON CONFLICT (session_id, epoch, kind, utterance_id, language) DO UPDATE SET "
    "revision = excluded.revision, is_final = excluded.is_final, run_id = excluded.run_id, "
    "participant_id = excluded.participant_id, channel = excluded.channel, speaker = excluded.speaker, "
    "text = excluded.text, start_us = excluded.start_us, end_us = excluded.end_us, "
    "confidence = excluded.confidence, words = excluded.words, findings = excluded.findings, "
    "reason = excluded.reason, received_at = excluded.received_at "
    "WHERE (excluded.is_final, excluded.revision) > (lt_messages.is_final, lt_messages.revision)";
constexpr std::size_t kColumns = 19;

constexpr const char *kRead =
    "SELECT s.name, r.name, (extract(epoch FROM r.started_at) * 1000)::bigint, "
    "(extract(epoch FROM m.received_at) * 1000)::bigint, m.epoch, m.kind, m.utterance_id, m.language, "
    "m.revision, m.is_final::int, coalesce(p.name, ''), m.channel, m.speaker, m.text, m.start_us, m.end_us, "
    "m.confidence, coalesce(m.words::text, ''), coalesce(m.findings::text, ''), m.reason "
    "FROM lt_messages m JOIN lt_sessions s ON s.id = m.session_id JOIN lt_runs r ON r.id = m.run_id "
    "LEFT JOIN lt_participants p ON p.id = m.participant_id "
    "WHERE s.name = $1 AND ($2 = '' OR m.kind = $2) AND ($3 = '' OR m.language = $3) "
    "AND ($4 = '' OR r.name = $4) AND (m.is_final OR $5 = '0') "
    "ORDER BY r.started_at, r.id, m.start_us NULLS FIRST, m.id";

/// Of a session that was set to lose commits in a crash: what is acknowledged is on the disk.
constexpr const char *kSetUp =
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') = 'off'; SET client_min_messages = warning";
/// Serialises migrations of several processes; any number would do.
constexpr const char *kBeginMigration = "BEGIN; SELECT pg_advisory_xact_lock(7806213469)";

void addRow(std::array<PostgresArray, kColumns> &columns, const StoredMessage &message, std::int64_t session,
            std::int64_t run, std::int64_t participant) {
    const Transcript &transcript = message.transcript;
    auto column = columns.begin();
    (column++)->add(session);
    (column++)->add(transcript.epoch);
    (column++)->add(kindName(transcript.kind));
    (column++)->add(transcript.utteranceId);
    (column++)->add(transcript.language);
    (column++)->add(toRevision(transcript.revision));
    (column++)->add(std::int64_t{transcript.isFinal});
    (column++)->add(run);
    (column++)->addUnless<std::int64_t>(0, participant);
    (column++)->addUnless<std::int64_t>(-1, transcript.channel);
    (column++)->add(transcript.speaker);
    (column++)->add(transcript.text);
    (column++)->addUnless<std::int64_t>(-1, toMicroseconds(transcript.startNs));
    (column++)->addUnless<std::int64_t>(-1, toMicroseconds(transcript.endNs));
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    (column++)->addUnless<std::string_view>("-1",
                                            g_ascii_dtostr(number, sizeof number, transcript.confidence));
    (column++)->addUnless<std::string_view>("", wordsJson(transcript));
    (column++)->addUnless<std::string_view>("", findingsJson(transcript));
    (column++)->add(transcript.reason);
    (column++)->add(message.receivedMs);
}

StoredMessage messageOf(const PqResult &rows, int row) {
    StoredMessage message;
    message.origin = {rows.text(row, 0), rows.text(row, 1), rows.integer(row, 2)};
    message.receivedMs = rows.integer(row, 3);
    Transcript &transcript = message.transcript;
    transcript.epoch = rows.text(row, 4);
    transcript.kind = kindOf(rows.text(row, 5));
    transcript.utteranceId = rows.text(row, 6);
    transcript.language = rows.text(row, 7);
    transcript.revision = static_cast<std::uint64_t>(rows.integer(row, 8));
    transcript.isFinal = rows.integer(row, 9) != 0;
    transcript.participantId = rows.text(row, 10);
    transcript.channel = static_cast<int>(rows.integer(row, 11));
    transcript.speaker = rows.text(row, 12);
    transcript.text = rows.text(row, 13);
    transcript.startNs = fromMicroseconds(rows.integer(row, 14));
    transcript.endNs = fromMicroseconds(rows.integer(row, 15));
    transcript.confidence = rows.number(row, 16);
    readWords(transcript, rows.text(row, 17));
    readFindings(transcript, rows.text(row, 18));
    transcript.reason = rows.text(row, 19);
    return message;
}

} // namespace

Answer PostgresDatabase::connect(const Patience &patience) {
    disconnect();
    Answer answer = connection_.open(patience);
    if (answer.done())
        answer = connection_.run(kSetUp, patience);
    if (answer.done())
        answer = migrate(patience);
    if (answer.done())
        answer = connection_.prepare(kUpsertName, kUpsert, patience);
    if (!answer.done())
        disconnect();
    return answer;
}

void PostgresDatabase::disconnect() {
    ids_.clear();
    connection_.close();
}

/// 0 where there is none yet.
Answer PostgresDatabase::schemaVersion(std::int64_t &version, const Patience &patience) {
    PqResult found;
    Answer answer = connection_.run("SELECT to_regclass('lt_schema') IS NOT NULL", patience, &found);
    version = 0;
    if (!answer.done() || found.rows() == 0 || found.text(0, 0) != "t")
        return answer;
    answer = connection_.run("SELECT version FROM lt_schema", patience, &found);
    if (answer.done() && found.rows() > 0)
        version = found.integer(0, 0);
    return answer;
}

Answer PostgresDatabase::migrate(const Patience &patience) {
    std::int64_t version = 0;
    Answer answer = schemaVersion(version, patience);
    if (!answer.done() || version == kSchemaVersion)
        return answer;
    if (version > kSchemaVersion)
        return {Verdict::Unusable, schemaTooNew("PostgreSQL database " + shown_, version)};
    answer = connection_.run(kBeginMigration, patience);
    if (answer.done())
        answer = schemaVersion(version, patience); // another process may have been quicker
    for (; answer.done() && version < kSchemaVersion; version++) {
        answer = connection_.run(kPostgresqlMigrations[version], patience);
        if (answer.done())
            answer = connection_.run(
                ("UPDATE lt_schema SET version = " + std::to_string(version + 1)).c_str(), patience);
    }
    return answer.done() ? connection_.run("COMMIT", patience) : answer; // a connection that failed is closed
}

Answer PostgresDatabase::idOf(IdCache::Table table, std::int64_t parent, const std::string &name,
                              std::int64_t startedMs, std::int64_t &id, const Patience &patience) {
    if (const auto known = ids_.find(table, parent, name)) {
        id = *known;
        return {};
    }
    // DO UPDATE, because DO NOTHING returns no row.
    const char *const sql[] = {
        "INSERT INTO lt_sessions (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = excluded.name "
        "RETURNING id",
        "INSERT INTO lt_runs (name, session_id, started_at) VALUES ($1, $2, to_timestamp($3::bigint / "
        "1000.0)) "
        "ON CONFLICT (session_id, name) DO UPDATE SET name = excluded.name RETURNING id",
        "INSERT INTO lt_participants (name, session_id) VALUES ($1, $2) "
        "ON CONFLICT (session_id, name) DO UPDATE SET name = excluded.name RETURNING id"};
    const std::string session = std::to_string(parent), started = std::to_string(startedMs);
    std::vector<const char *> parameters = {name.c_str(), session.c_str(), started.c_str()};
    constexpr std::size_t kTaken[] = {1, 3, 2};
    parameters.resize(kTaken[static_cast<std::size_t>(table)]);
    PqResult result;
    const Answer answer =
        connection_.run(sql[static_cast<std::size_t>(table)], parameters, patience, &result);
    if (!answer.done() || result.rows() == 0)
        return answer;
    id = result.integer(0, 0);
    ids_.put(table, parent, name, id);
    return answer;
}

Answer PostgresDatabase::resolve(const StoredMessage &message, Ids &ids, const Patience &patience) {
    const Origin &origin = message.origin;
    Answer answer = idOf(IdCache::Table::Sessions, 0, origin.session, 0, ids.session, patience);
    if (answer.done())
        answer = idOf(IdCache::Table::Runs, ids.session, origin.run, origin.runStartedMs, ids.run, patience);
    const std::string &participant = message.transcript.participantId;
    if (answer.done() && !participant.empty())
        answer = idOf(IdCache::Table::Participants, ids.session, participant, 0, ids.participant, patience);
    return answer;
}

Answer PostgresDatabase::upsertAll(std::span<const StoredMessage> messages, const Patience &patience) {
    std::array<PostgresArray, kColumns> columns;
    for (const StoredMessage &message : messages) {
        Ids ids;
        const Answer answer = resolve(message, ids, patience);
        if (!answer.done())
            return answer;
        addRow(columns, message, ids.session, ids.run, ids.participant);
    }
    std::vector<const char *> parameters;
    for (PostgresArray &column : columns)
        parameters.push_back(column.finished());
    return connection_.runPrepared(kUpsertName, parameters, patience);
}

Answer PostgresDatabase::store(std::span<const StoredMessage> messages, const Patience &patience) {
    Answer answer = connection_.run("BEGIN ISOLATION LEVEL READ COMMITTED", patience);
    if (answer.done())
        answer = upsertAll(messages, patience);
    if (answer.done())
        answer = connection_.run("COMMIT", patience);
    if (answer.done())
        return answer;
    ids_.clear();
    if (connection_.isOpen() && !connection_.run("ROLLBACK", patience).done())
        disconnect();
    return answer;
}

Answer PostgresDatabase::read(const Selection &selection,
                              const std::function<bool(const StoredMessage &)> &take,
                              const Patience &patience) {
    const std::string kind(selection.kind ? kindName(*selection.kind) : "");
    PqResult rows;
    const Answer answer =
        connection_.run(kRead,
                        {selection.session.c_str(), kind.c_str(), selection.language.c_str(),
                         selection.run.c_str(), selection.finalsOnly ? "1" : "0"},
                        patience, &rows);
    for (int row = 0; answer.done() && row < rows.rows(); row++)
        if (!take(messageOf(rows, row)))
            break;
    return answer;
}

Answer PostgresDatabase::sessions(const std::function<void(const std::string &)> &take,
                                  const Patience &patience) {
    PqResult rows;
    const Answer answer = connection_.run("SELECT name FROM lt_sessions ORDER BY name", patience, &rows);
    for (int row = 0; answer.done() && row < rows.rows(); row++)
        take(rows.text(row, 0));
    return answer;
}

} // namespace lt::store
