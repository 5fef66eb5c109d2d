// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/viewer_requests.h"

#include <string>

#include <glib.h>

using namespace lt::broadcast;
using Kind = ViewerRequest::Kind;

namespace {

void every_request_is_read() {
    const struct {
        const char *text;
        Kind kind;
        std::optional<std::uint64_t> token;
        const char *data;
    } table[] = {
        {R"({"type":"ping"})", Kind::Ping, {}, ""},
        {R"({"type":"replay","fromSeq":3,"toSeq":3})", Kind::Replay, {}, ""},
        {R"({"type":"claim","more":[1]})", Kind::Claim, {}, ""},
        {R"({"type":"renew","token":7})", Kind::Renew, 7, ""},
        {R"({"type":"release","token":0})", Kind::Release, 0, ""},
        {R"({"type":"release"})", Kind::Release, {}, ""},
        {R"({"type":"insight","token":9007199254740992,"data":{}})", Kind::Insight, 9007199254740992, "{}"},
        {R"( {"data" : {"a":[1, 2.50, -0.1, 1e300, "ü\n", {"b":null}], "c":false}, "token":1, "type":"insight"} )",
         Kind::Insight, 1, R"({"a":[1,2.5,-0.1,1e+300,"ü\n",{"b":null}],"c":false})"},
    };
    for (const auto &row : table) {
        RequestError error;
        const auto request = parseViewerRequest(row.text, error);
        g_test_message("%s: %s", row.text, error.sentence.c_str());
        g_assert_true(request.has_value());
        g_assert_true(request->kind == row.kind);
        g_assert_true(request->token == row.token);
        g_assert_cmpstr(request->data.c_str(), ==, row.data);
    }
}

void nonsense_is_refused_with_a_sentence() {
    const struct {
        const char *text, *request;
    } table[] = {
        {"", ""},
        {"ping", ""},
        {"[]", ""},
        {"{}", ""},
        {R"({"type":1})", ""},
        {R"({"type":"subscribe"})", "subscribe"},
        {R"({"type":"replay"})", "replay"},
        {R"({"type":"replay","fromSeq":1})", "replay"},
        {R"({"type":"replay","fromSeq":0,"toSeq":1})", "replay"},
        {R"({"type":"replay","fromSeq":2,"toSeq":1})", "replay"},
        {R"({"type":"replay","fromSeq":1,"toSeq":9007199254740993})", "replay"},
        {R"({"type":"replay","fromSeq":1.5,"toSeq":2})", "replay"},
        {R"({"type":"renew"})", "renew"},
        {R"({"type":"renew","token":"7"})", "renew"},
        {R"({"type":"renew","token":-1})", "renew"},
        {R"({"type":"renew","token":1.5})", "renew"},
        {R"({"type":"insight","data":{}})", "insight"},
        {R"({"type":"insight","token":1})", "insight"},
        {R"({"type":"insight","token":1,"data":[]})", "insight"},
        {R"({"type":"insight","token":1,"data":"x"})", "insight"},
    };
    for (const auto &row : table) {
        RequestError error;
        g_assert_false(parseViewerRequest(row.text, error).has_value());
        g_assert_cmpstr(error.request.c_str(), ==, row.request);
        g_assert_false(error.sentence.empty());
    }
    RequestError error;
    const std::string deep(100, '['), longType(1000, 't');
    g_assert_false(
        parseViewerRequest(R"({"type":"insight","token":1,"data":{"a":)" + deep, error).has_value());
    g_assert_false(parseViewerRequest(R"({"type":")" + longType + "\"}", error).has_value());
    g_assert_cmpstr(error.request.c_str(), ==, "");
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/viewer-requests/read", every_request_is_read);
    g_test_add_func("/viewer-requests/nonsense", nonsense_is_refused_with_a_sentence);
    return g_test_run();
}
