// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/schema.h"

namespace lt::store {

const char *const kSqliteMigrations[kSchemaVersion] = {
    R"(
CREATE TABLE lt_sessions (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE
);
CREATE TABLE lt_runs (
    id         INTEGER PRIMARY KEY,
    session_id INTEGER NOT NULL REFERENCES lt_sessions,
    name       TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    UNIQUE (session_id, name)
);
CREATE TABLE lt_participants (
    id         INTEGER PRIMARY KEY,
    session_id INTEGER NOT NULL REFERENCES lt_sessions,
    name       TEXT NOT NULL,
    UNIQUE (session_id, name)
);
CREATE TABLE lt_messages (
    id             INTEGER PRIMARY KEY,
    session_id     INTEGER NOT NULL REFERENCES lt_sessions,
    epoch          TEXT NOT NULL,
    kind           TEXT NOT NULL,
    utterance_id   TEXT NOT NULL,
    language       TEXT NOT NULL,
    revision       INTEGER NOT NULL,
    is_final       INTEGER NOT NULL,
    run_id         INTEGER NOT NULL REFERENCES lt_runs,
    participant_id INTEGER REFERENCES lt_participants,
    channel        INTEGER,
    speaker        TEXT NOT NULL,
    text           TEXT NOT NULL,
    start_us       INTEGER,
    end_us         INTEGER,
    confidence     REAL,
    words          TEXT,
    findings       TEXT,
    reason         TEXT NOT NULL,
    received_at    INTEGER NOT NULL,
    UNIQUE (session_id, epoch, kind, utterance_id, language)
);
)",
    R"(
CREATE INDEX lt_messages_by_time ON lt_messages (run_id, start_us);
CREATE VIEW lt_transcript AS
SELECT s.name AS session,
       strftime('%Y-%m-%d %H:%M:%S', r.started_at / 1000, 'unixepoch') AS run_started,
       strftime('%Y-%m-%d %H:%M:%S', m.received_at / 1000, 'unixepoch') AS received,
       printf('%02d:%02d:%06.3f', m.start_us / 3600000000, m.start_us / 60000000 % 60,
              m.start_us % 60000000 / 1000000.0) AS position,
       coalesce(nullif(m.speaker, ''), p.name, '') AS speaker,
       m.language AS language,
       m.text AS text
FROM lt_messages m
JOIN lt_sessions s ON s.id = m.session_id
JOIN lt_runs r ON r.id = m.run_id
LEFT JOIN lt_participants p ON p.id = m.participant_id
WHERE m.kind = 'transcript' AND m.is_final
ORDER BY s.name, r.started_at, r.id, m.start_us, m.id;
)",
};

} // namespace lt::store
