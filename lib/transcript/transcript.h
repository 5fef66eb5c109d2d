// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/livetranscript/gsttranscript.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lt {

/// Running times are ns; kNoTime where unknown.
constexpr std::uint64_t kNoTime = ~std::uint64_t{0};

/// One word of an utterance.
struct Word {
    std::string text; ///< without surrounding spaces
    std::uint64_t startNs = kNoTime;
    std::uint64_t endNs = kNoTime;
    double confidence = -1; ///< 0..1, or -1 when unknown

    bool operator==(const Word &) const = default;
};

/// Something found in an utterance: a named entity, or what it expresses.
struct Finding {
    std::string type;    ///< of an entity, for example NAME_GIVEN; of a sentiment: positive, negative …
    std::string emotion; ///< of a sentiment, "" when unknown
    std::string text;    ///< where in the utterance, without surrounding spaces
    std::uint64_t startNs = kNoTime;
    std::uint64_t endNs = kNoTime;

    bool operator==(const Finding &) const = default;
};

/// One message of a transcript stream, as plain values. docs/architecture.md, "Transcript stream", has the
/// meanings.
struct Transcript {
    GstTranscriptKind kind = GST_TRANSCRIPT_KIND_TRANSCRIPT;
    std::string epoch;
    std::string utteranceId;
    std::uint64_t revision = 0;
    bool isFinal = false;
    std::string language;      ///< "" when unknown
    int channel = -1;          ///< -1 when unknown
    std::string speaker;       ///< "" when unknown
    std::string participantId; ///< "" when unknown
    std::string text;
    std::uint64_t startNs = kNoTime;
    std::uint64_t endNs = kNoTime;
    double confidence = -1; ///< 0..1, or -1 when unknown
    std::vector<Word> words;
    std::vector<Finding> findings; ///< kinds entities and sentiment only
    std::string reason;            ///< kind gap only: why the audio is missing

    bool operator==(const Transcript &) const = default;
};

LT_EXPORT std::string_view kindName(GstTranscriptKind kind);

/// The message as JSON, on one line, unknown values left out.
LT_EXPORT std::string toJson(const Transcript &transcript);

class JsonWriter;
/// Writes the same members into an object that is already open, so that others can be added to it.
LT_EXPORT void writeMembers(JsonWriter &writer, const Transcript &transcript);
/// The members "findings" and "words", if there are any.
LT_EXPORT void writeFindings(JsonWriter &writer, const std::vector<Finding> &findings);
LT_EXPORT void writeWords(JsonWriter &writer, const std::vector<Word> &words);

/// Reads one message. Unknown members are ignored; on failure `error` says what is wrong.
LT_EXPORT std::optional<Transcript> transcriptFromJson(std::string_view json, std::string &error);

/// A final made of plain text, for streams of text/x-raw.
LT_EXPORT Transcript transcriptFromText(std::string_view text, std::uint64_t startNs,
                                        std::uint64_t durationNs);

struct TranscriptUnref {
    void operator()(GstTranscript *transcript) const noexcept { gst_transcript_unref(transcript); }
};
using TranscriptRef = std::unique_ptr<GstTranscript, TranscriptUnref>;

/// The C handle of a message, and back.
LT_EXPORT TranscriptRef makeTranscript(Transcript value);
LT_EXPORT const Transcript &valueOf(const GstTranscript *transcript);

/// True for 1–128 characters of [A-Za-z0-9_.-]: what a session may be called.
LT_EXPORT bool isSessionSlug(std::string_view name);

} // namespace lt
