// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/old_rule_viewer.h"

#include <json-glib/json-glib.h>

namespace lt::support {

namespace {

bool readLine(const std::string &json, const std::string &session, OldRuleViewer::Line &line) {
    const JsonNodeRef root(json_from_string(json.c_str(), nullptr));
    if (!root || !JSON_NODE_HOLDS_OBJECT(root.get()))
        g_error("a viewer got something that is no JSON object: %s", json.c_str());
    JsonObject *object = json_node_get_object(root.get());
    if (g_strcmp0(json_object_get_string_member_with_default(object, "type", ""), "transcript") != 0 ||
        session != json_object_get_string_member_with_default(object, "sessionSlug", ""))
        return false;
    line.utteranceId = json_object_get_string_member(object, "utteranceId");
    line.text = json_object_get_string_member(object, "text");
    line.isFinal = json_object_get_boolean_member(object, "isFinal");
    line.seq = json_object_get_int_member(object, "seq");
    return true;
}

} // namespace

OldRuleViewer::OldRuleViewer(unsigned port, const std::string &session)
    : session_(session), socket_({.url = "ws://127.0.0.1:" + std::to_string(port) + "/ws/" + session}) {
    if (!socket_.connected())
        g_error("no viewer can connect to session %s: HTTP %d %s", session.c_str(), socket_.status(),
                socket_.error().c_str());
}

std::vector<OldRuleViewer::Line>
OldRuleViewer::linesOf(const std::vector<WebSocketClient::Frame> &frames) const {
    std::vector<Line> lines;
    for (const auto &frame : frames) {
        g_assert_true(frame.text);
        if (Line line; readLine(frame.data, session_, line))
            lines.push_back(line);
    }
    return lines;
}

std::vector<OldRuleViewer::Line> OldRuleViewer::lines() const {
    return linesOf(socket_.frames());
}

std::string OldRuleViewer::finalText() const {
    return finalTextOf(lines());
}

bool OldRuleViewer::waitForFinalText(const std::string &text, std::chrono::milliseconds timeout) const {
    return socket_.waitForFrames([&](const auto &frames) { return finalTextOf(linesOf(frames)) == text; },
                                 timeout);
}

std::string finalTextOf(const std::vector<OldRuleViewer::Line> &lines) {
    std::string all;
    for (const auto &line : lines)
        for (const char c : line.isFinal ? line.text : std::string())
            if (c != ' ')
                all += c;
    return all;
}

} // namespace lt::support
