// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/transcript/transcript.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lt::store {

/// Where messages come from: one run of one session, from the element's start to its stop.
struct Origin {
    std::string session;
    std::string run;               ///< names the run; unique for ever
    std::int64_t runStartedMs = 0; ///< since 1970
};

/// One row of the database, one line of the spool.
struct StoredMessage {
    Origin origin;
    std::int64_t receivedMs = 0; ///< since 1970
    Transcript transcript;       ///< epoch and utteranceId are never empty

    bool operator==(const StoredMessage &other) const;
};

/// `transcript` as it is stored. What has no epoch gets the run's name for one, so that two runs of plain
/// text stay apart; what has no utterance id gets one of its start, or of `number`, which must differ from
/// message to message of a run. NUL and what is not UTF-8 become U+FFFD and ids of hostile length are
/// shortened: one such message must not keep a whole batch out of the database.
StoredMessage makeMessage(const Transcript &transcript, const Origin &origin, std::int64_t receivedMs,
                          std::uint64_t number);

/// The identity of docs/architecture.md, "Transcript stream": equal strings, same utterance.
std::string identityOf(const StoredMessage &message);
/// True when `newer` is to replace `older` of the same identity: a final replaces a partial, then the higher
/// revision counts.
bool supersedes(const Transcript &newer, const Transcript &older);

/// As JSON arrays; "" when there are none.
std::string wordsJson(const Transcript &transcript);
std::string findingsJson(const Transcript &transcript);
/// The way back; what cannot be read is left out.
void readWords(Transcript &transcript, std::string_view json);
void readFindings(Transcript &transcript, std::string_view json);

/// One line of JSON, its end of line included; the export's JSON Lines are the same.
std::string toSpoolLine(const StoredMessage &message);
/// The way back, without the end of line; on failure `error` says what is wrong.
std::optional<StoredMessage> fromSpoolLine(std::string_view line, std::string &error);

/// Microseconds of running time, the databases' unit; -1 when unknown. And back.
std::int64_t toMicroseconds(std::uint64_t ns);
std::uint64_t fromMicroseconds(std::int64_t us);
/// What the databases' signed integers hold.
std::int64_t toRevision(std::uint64_t revision);
/// The kind of this name; transcript when there is none.
GstTranscriptKind kindOf(std::string_view name);

} // namespace lt::store
