// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/init_request.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Gladia Live v2 on the wire: what the service says, and the little that is said to it besides audio. Pure;
/// tolerates whatever a peer may send.
namespace lt::gladia {

struct InitReply {
    /// Names the session in messages and transcripts. Gladia's id, unless the address has it as its token: a
    /// name made of it then, from which the token cannot be had.
    std::string id;
    std::string url; ///< as sent: may be relative; holds the session's token
};
/// On failure `error` is one sentence without the reply's content.
std::optional<InitReply> parseInitReply(std::string_view body, std::string &error);

std::string stopRequest();
/// Keeps an idle session open: an audio chunk without audio.
std::string emptyChunk();

struct SpokenWord {
    std::string text; ///< without surrounding spaces
    double start = 0; ///< seconds of the session's audio; never NaN, never negative, as all times here
    double end = 0;
    double confidence = -1; ///< 0..1, or -1 when unknown
};

/// A partial or a final.
struct Utterance {
    std::string id;
    bool isFinal = false;
    double start = 0;
    double end = 0;
    double confidence = -1;
    int channel = 0;
    std::string language;
    std::string speaker; ///< empty: unknown
    std::string text;    ///< without surrounding spaces; may be empty
    std::vector<SpokenWord> words;
};

/// The service has taken this audio, and owns all before `endByte` (counted over the session).
struct AudioAck {
    std::uint64_t startByte = 0;
    std::uint64_t endByte = 0;
};
struct AudioRefused {
    std::string reason;
};
struct StopAck {
    double leftToProcess = 0; ///< seconds
};
struct ServiceError {
    std::string reason;
};
/// Something found in an utterance.
struct Finding {
    std::string type;    ///< of an entity; of a sentiment: positive, negative, neutral …
    std::string emotion; ///< of a sentiment
    std::string text;    ///< where it was found
    double start = 0;
    double end = 0;
};
/// What was made of an utterance whose final was sent before.
struct AddOnResult {
    enum class Kind { Translation, Entities, Sentiment };
    Kind kind = Kind::Translation;
    std::string utteranceId; ///< may be the bare counter of the utterance's id
    /// Translation: the translated utterance; else the original one. Its id is empty.
    Utterance utterance;
    double originalStart = 0; ///< of the original utterance
    std::string originalLanguage;
    std::vector<Finding> findings;
};
struct Summary {
    std::string text;
};

/// A message that asks nothing of a client: lifecycle, voice activity, whatever is yet to come.
struct OtherMessage {
    std::string type;
};
using ServerMessage = std::variant<OtherMessage, Utterance, AudioAck, AudioRefused, StopAck, ServiceError,
                                   AddOnResult, Summary>;

/// Nothing, with one sentence in `error`, when the text is no message at all or a broken transcript. What is
/// no UTF-8 in it becomes U+FFFD.
std::optional<ServerMessage> parseServerMessage(std::string_view text, std::string &error);
/// The same, without a short cut for what comes most often.
std::optional<ServerMessage> parseAnyMessage(std::string_view text, std::string &error);

} // namespace lt::gladia
