// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/soak/viewer.h"

#include "tests/support/json_text.h"

#include <algorithm>
#include <set>

namespace lt::soak {

using support::WebSocketClient;

namespace {

constexpr auto kPatience = std::chrono::minutes(3);

std::string typeOf(const std::string &message) {
    constexpr std::string_view kStart = R"({"type":")";
    if (!message.starts_with(kStart))
        return "";
    return message.substr(kStart.size(), message.find('"', kStart.size()) - kStart.size());
}

std::vector<Final> finalsOf(const std::vector<WebSocketClient::Frame> &frames) {
    std::vector<Final> finals;
    for (const auto &frame : frames) {
        if (typeOf(frame.data) != "transcript")
            continue;
        std::string problem;
        const auto object = support::parseObject(frame.data, problem);
        if (!object)
            g_error("a viewer was sent \"%s\": %s", frame.data.c_str(), problem.c_str());
        if (!json_object_get_boolean_member(object.get(), "isFinal"))
            continue;
        const char *epoch = support::stringMember(object.get(), "epoch");
        Final final{
            std::string(epoch ? epoch : "") + "/" + support::stringMember(object.get(), "utteranceId"), ""};
        for (const char *c = support::stringMember(object.get(), "text"); *c; c++)
            if (*c != ' ')
                final.digits += *c;
        finals.push_back(std::move(final));
    }
    return finals;
}

std::size_t countOf(const std::vector<WebSocketClient::Frame> &frames, const char *type) {
    return static_cast<std::size_t>(std::count_if(
        frames.begin(), frames.end(), [&](const auto &frame) { return typeOf(frame.data) == type; }));
}

} // namespace

Viewer::Viewer(unsigned port, const std::string &session)
    : socket_({.url = "ws://127.0.0.1:" + std::to_string(port) + "/ws/" + session + "?v=2"}) {
    if (!socket_.connected() ||
        !socket_.waitForFrames([](const auto &frames) { return !frames.empty(); }, kPatience))
        g_error("no viewer gets in: HTTP %d %s", socket_.status(), socket_.error().c_str());
}

std::vector<Final> Viewer::finals() const {
    return finalsOf(socket_.frames());
}

bool Viewer::waitForDigits(const std::string &digits) const {
    bool same = false;
    socket_.waitForFrames(
        [&](const auto &frames) {
            const auto heard = digitsOf(finalsOf(frames));
            same = heard == digits;
            return same || heard.size() >= digits.size();
        },
        kPatience);
    return same;
}

bool Viewer::waitForSessionEnd() const {
    return socket_.waitForClose(kPatience) && socket_.closeCode() == 1000 &&
           countOf(socket_.frames(), "session_end") == 1;
}

std::string Viewer::state() const {
    const auto frames = socket_.frames();
    return "heard \"" + digitsOf(finalsOf(frames)) + "\" in " + std::to_string(frames.size()) +
           " messages, close code " + std::to_string(socket_.closeCode()) +
           (frames.empty() ? "" : ", last: " + frames.back().data);
}

std::size_t Viewer::gaps() const {
    return countOf(socket_.frames(), "gap");
}

std::string digitsOf(const std::vector<Final> &finals) {
    std::string digits;
    for (const auto &final : finals)
        digits += final.digits;
    return digits;
}

std::string doubledIn(const std::vector<Final> &finals) {
    std::set<std::string> seen;
    for (const auto &final : finals)
        if (!seen.insert(final.id).second)
            return final.id;
    return "";
}

bool isPiece(const std::vector<Final> &part, const std::vector<Final> &whole) {
    return std::search(whole.begin(), whole.end(), part.begin(), part.end()) != whole.end() || part.empty();
}

} // namespace lt::soak
