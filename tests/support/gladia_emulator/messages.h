// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/gladia_emulator/listener.h"
#include "tests/support/gladia_emulator/messages_config.h"
#include "tests/support/glib_refs.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace lt::emulator {

struct Message {
    MessageKind kind;
    std::string type; ///< as it stands in `text`
    std::string text;
};

/// What all messages of a session have in common. The functions below are pure: every time is an argument.
struct Envelope {
    std::string sessionId;
    std::string createdAt; ///< ISO 8601, UTC
    std::string language;  ///< of every transcript
};

/// "00_00000003": channel, number of the utterance in it.
std::string utteranceId(const Utterance &utterance);

Message audioChunkAck(const Envelope &envelope, std::uint64_t startByte, std::uint64_t endByte,
                      double startTime, double endTime);
Message audioChunkRefusal(const Envelope &envelope, const std::string &reason);
Message stopRecordingAck(const Envelope &envelope, double duration, double leftToProcess);
Message stopRecordingRefusal(const Envelope &envelope, const std::string &reason);
Message speechEvent(const Envelope &envelope, const Heard &heard);
Message transcript(const Envelope &envelope, const Utterance &utterance, bool isFinal);

Message translation(const Envelope &envelope, const Utterance &utterance, const std::string &target);
Message namedEntities(const Envelope &envelope, const Utterance &utterance);
Message sentiment(const Envelope &envelope, const Utterance &utterance);

/// "start_session", "start_recording", "end_session": lifecycle messages without data.
Message lifecycle(const Envelope &envelope, const char *type);
Message endRecording(const Envelope &envelope, double duration);

/// What the messages and results at the end of a session tell.
struct Outcome {
    std::vector<Utterance> finals;
    double duration = 0;
    int channels = 1;
    bool summarize = false;
    bool namedEntities = false;
    bool sentiment = false;
    std::vector<std::string> translationTargets;
    std::vector<std::string> messages; ///< for the result of GET
};

Message postTranscript(const Envelope &envelope, const Outcome &outcome);
Message postSummarization(const Envelope &envelope, const Outcome &outcome);
/// One chapter that holds everything; none when nothing was said.
Message postChapterization(const Envelope &envelope, const Outcome &outcome);
Message postFinalTranscript(const Envelope &envelope, const Outcome &outcome);
/// The "result" of GET /v2/live/{id}: the same as post_final_transcript, and the messages.
support::JsonObjectRef resultObject(const Envelope &envelope, const Outcome &outcome, bool withMessages);

} // namespace lt::emulator
