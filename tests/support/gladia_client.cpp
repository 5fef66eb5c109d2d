// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_client.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace lt::support {

const Headers kGladiaKey = {{"x-gladia-key", "k"}};
const char kPlainRequest[] = R"({"endpointing":0.3})";

void assertText(const std::string &actual, const std::string &expected) {
    g_assert_cmpstr(actual.c_str(), ==, expected.c_str());
}

Bytes bytesOf(const std::vector<std::int16_t> &samples) {
    Bytes bytes(samples.size() * 2);
    std::memcpy(bytes.data(), samples.data(), bytes.size());
    return bytes;
}

Bytes toneBytes(const char *sequence, DtmfTiming timing) {
    timing.tailMs += 500;
    return bytesOf(makeDtmf(sequence, timing));
}

JsonObjectRef parsed(const std::string &text) {
    std::string problem;
    JsonObjectRef object = parseObject(text, problem);
    assertText(problem, "");
    return object;
}

std::string textOf(JsonObject *object, const char *name) {
    const char *value = stringMember(object, name);
    return value ? value : "";
}

HttpAnswer postLive(const emulator::GladiaEmulator &emulator, const std::string &body, const Headers &headers,
                    const std::string &query) {
    return httpRequest("POST", emulator.url() + "/v2/live" + query, headers, body);
}

std::string typeOf(const WebSocketClient::Frame &frame) {
    g_assert_true(frame.text);
    return textOf(parsed(frame.data).get(), "type");
}

std::size_t countOf(const Frames &frames, const std::string &type) {
    return static_cast<std::size_t>(std::count_if(frames.begin(), frames.end(),
                                                  [&](const auto &frame) { return typeOf(frame) == type; }));
}

std::string finalTextOf(const Frames &frames) {
    std::string all;
    for (const auto &frame : frames) {
        const auto message = parsed(frame.data);
        JsonObject *data = objectMember(message.get(), "data");
        if (textOf(message.get(), "type") == "transcript" && json_object_get_boolean_member(data, "is_final"))
            all += textOf(objectMember(data, "utterance"), "text");
    }
    return all;
}

std::vector<ByteRange> ackRanges(const Frames &frames) {
    std::vector<ByteRange> ranges;
    for (const auto &frame : frames) {
        const auto message = parsed(frame.data);
        if (textOf(message.get(), "type") != "audio_chunk")
            continue;
        g_assert_true(json_object_get_boolean_member(message.get(), "acknowledged"));
        JsonArray *range = json_object_get_array_member(objectMember(message.get(), "data"), "byte_range");
        ranges.push_back({json_array_get_int_element(range, 0), json_array_get_int_element(range, 1)});
    }
    return ranges;
}

GladiaClient::GladiaClient(const emulator::GladiaEmulator &emulator, const std::string &body) {
    const HttpAnswer answer = postLive(emulator, body);
    g_assert_cmpint(answer.status, ==, 201);
    const auto json = parsed(answer.body);
    id = textOf(json.get(), "id");
    url = textOf(json.get(), "url");
    connect();
}

void GladiaClient::connect() {
    socket = std::make_unique<WebSocketClient>(WebSocketClient::Options{.url = url});
    g_assert_true(socket->connected());
}

void GladiaClient::send(const Bytes &bytes, std::size_t piece) {
    for (std::size_t at = 0; at < bytes.size(); at += piece)
        socket->sendBinary(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)));
}

void GladiaClient::stop() {
    socket->sendText(R"({"type":"stop_recording"})");
}

std::vector<std::string> GladiaClient::typesToTheEnd() const {
    g_assert_true(socket->waitForClose());
    std::vector<std::string> types;
    for (const auto &frame : socket->frames()) {
        if (const auto type = typeOf(frame); type != "audio_chunk")
            types.push_back(type);
    }
    return types;
}

bool GladiaClient::waitFor(const std::string &type, std::size_t least) const {
    return socket->waitForFrames([&](const Frames &frames) { return countOf(frames, type) >= least; });
}

} // namespace lt::support
