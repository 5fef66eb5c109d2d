// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/job.h"
#include "tests/support/json_text.h"

#include <string_view>
#include <utility>

namespace lt::emulator {

using support::isoTime;
using support::roundedSeconds;

namespace {

JsonNode *parsedOrEmpty(const std::string &json) {
    return json_from_string(json.empty() ? "{}" : json.c_str(), nullptr);
}

void appendLittle(std::vector<std::uint8_t> &out, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++)
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void appendText(std::vector<std::uint8_t> &out, std::string_view text) {
    for (const char c : text) // insert() makes GCC 12 warn of an overflow that is not there
        out.push_back(static_cast<std::uint8_t>(c));
}

unsigned waveTag(Encoding encoding) {
    return encoding == Encoding::kAlaw ? 6 : encoding == Encoding::kUlaw ? 7 : 1;
}

support::JsonObjectRef fileObject(const Session &session) {
    support::JsonObjectRef file(json_object_new());
    const std::string &id = session.identity().id;
    json_object_set_string_member(file.get(), "id", id.c_str());
    json_object_set_string_member(file.get(), "filename", (id + ".wav").c_str());
    json_object_set_null_member(file.get(), "source");
    json_object_set_double_member(file.get(), "audio_duration", roundedSeconds(session.outcome().duration));
    json_object_set_int_member(file.get(), "number_of_channels", session.config().format.channels);
    return file;
}

} // namespace

const char *jobStatus(const Session &session) {
    switch (session.state()) {
    case Session::State::kQueued:
        return "queued";
    case Session::State::kDone:
        return "done";
    default:
        return "processing";
    }
}

support::JsonObjectRef jobObject(const Session &session) {
    support::JsonObjectRef job(json_object_new());
    const bool done = session.state() == Session::State::kDone;
    const std::string &id = session.identity().id;
    json_object_set_string_member(job.get(), "id", id.c_str());
    json_object_set_string_member(job.get(), "request_id", ("G-" + id.substr(0, 8)).c_str());
    json_object_set_int_member(job.get(), "version", 2);
    json_object_set_string_member(job.get(), "status", jobStatus(session));
    json_object_set_string_member(job.get(), "created_at", isoTime(session.createdAt()).c_str());
    if (done)
        json_object_set_string_member(job.get(), "completed_at", isoTime(session.completedAt()).c_str());
    else
        json_object_set_null_member(job.get(), "completed_at");
    json_object_set_string_member(job.get(), "kind", "live");
    if (!session.config().customMetadata.empty())
        json_object_set_member(job.get(), "custom_metadata", parsedOrEmpty(session.config().customMetadata));
    json_object_set_null_member(job.get(), "error_code");
    json_object_set_object_member(job.get(), "post_session_metadata", json_object_new());
    json_object_set_member(job.get(), "request_params", parsedOrEmpty(session.config().requestParams));
    if (done) {
        json_object_set_object_member(job.get(), "file", fileObject(session).release());
        json_object_set_object_member(job.get(), "result",
                                      resultObject(session.envelope(), session.outcome(), true).release());
    } else {
        json_object_set_null_member(job.get(), "file");
        json_object_set_null_member(job.get(), "result");
    }
    return job;
}

std::vector<std::uint8_t> recordingFile(const Session &session) {
    const AudioFormat &format = session.config().format;
    const auto audio = session.recording();
    std::vector<std::uint8_t> out;
    out.reserve(44 + audio.size());
    appendText(out, "RIFF");
    appendLittle(out, audio.size() + 36, 4);
    appendText(out, "WAVEfmt ");
    appendLittle(out, 16, 4);
    appendLittle(out, waveTag(format.encoding), 2);
    appendLittle(out, static_cast<std::uint64_t>(format.channels), 2);
    appendLittle(out, static_cast<std::uint64_t>(format.sampleRate), 4);
    appendLittle(out, format.bytesPerSecond(), 4);
    appendLittle(out, format.bytesPerFrame(), 2);
    appendLittle(out, static_cast<std::uint64_t>(format.bitDepth), 2);
    appendText(out, "data");
    appendLittle(out, audio.size(), 4);
    out.insert(out.end(), audio.begin(), audio.end());
    return out;
}

} // namespace lt::emulator
