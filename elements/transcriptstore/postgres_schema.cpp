// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/schema.h"

namespace lt::store {

const char *const kPostgresqlMigrations[kSchemaVersion] = {
    R"(
CREATE TABLE lt_schema (
    version INTEGER NOT NULL
);
INSERT INTO lt_schema VALUES (0);
CREATE TABLE lt_sessions (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE
);
CREATE TABLE lt_runs (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session_id BIGINT NOT NULL REFERENCES lt_sessions,
    name       TEXT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    UNIQUE (session_id, name)
);
CREATE TABLE lt_participants (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session_id BIGINT NOT NULL REFERENCES lt_sessions,
    name       TEXT NOT NULL,
    UNIQUE (session_id, name)
);
CREATE TABLE lt_messages (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session_id     BIGINT NOT NULL REFERENCES lt_sessions,
    epoch          TEXT NOT NULL,
    kind           TEXT NOT NULL,
    utterance_id   TEXT NOT NULL,
    language       TEXT NOT NULL,
    revision       BIGINT NOT NULL,
    is_final       BOOLEAN NOT NULL,
    run_id         BIGINT NOT NULL REFERENCES lt_runs,
    participant_id BIGINT REFERENCES lt_participants,
    channel        INTEGER,
    speaker        TEXT NOT NULL,
    text           TEXT NOT NULL,
    start_us       BIGINT,
    end_us         BIGINT,
    confidence     DOUBLE PRECISION,
    words          JSONB,
    findings       JSONB,
    reason         TEXT NOT NULL,
    received_at    TIMESTAMPTZ NOT NULL,
    UNIQUE (session_id, epoch, kind, utterance_id, language)
);
)",
    R"(
CREATE INDEX lt_messages_by_time ON lt_messages (run_id, start_us);
CREATE VIEW lt_transcript AS
SELECT s.name AS session,
       r.started_at AS run_started,
       m.received_at AS received,
       to_char(m.start_us * interval '1 microsecond', 'HH24:MI:SS.MS') AS position,
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
