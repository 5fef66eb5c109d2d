// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/callback_body.h"
#include "tests/support/json_text.h"

#include <utility>

namespace lt::emulator {

std::string callbackBody(const std::string &sessionId, const Message &message) {
    support::JsonObjectRef body(json_object_new());
    json_object_set_string_member(body.get(), "id", sessionId.c_str());
    json_object_set_string_member(body.get(), "event", ("live." + message.type).c_str());
    json_object_set_member(body.get(), "payload", json_from_string(message.text.c_str(), nullptr));
    return support::toText(std::move(body));
}

std::string webhookBody(const std::string &sessionId, const Message &message) {
    JsonObject *payload = json_object_new();
    json_object_set_string_member(payload, "id", sessionId.c_str());
    support::JsonObjectRef body(json_object_new());
    json_object_set_string_member(body.get(), "event", ("live." + message.type).c_str());
    json_object_set_object_member(body.get(), "payload", payload);
    return support::toText(std::move(body));
}

} // namespace lt::emulator
