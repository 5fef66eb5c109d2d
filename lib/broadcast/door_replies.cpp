// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/door_replies.h"

#include "lib/transcript/json_writer.h"

#include <chrono>

#include <glib.h>

namespace lt::broadcast {

namespace {

constexpr const char *kRetryAfterSeconds = "5";
constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kTokenProtocol = "livetranscript.token.";

} // namespace

net::HttpReply refusalReply(unsigned status, RefusalCode code, std::string_view sentence) {
    JsonWriter writer;
    writer.beginObject().key("error").string(refusalWord(code)).key("message").string(sentence).endObject();
    net::HttpReply reply{status, kJson, writer.take() + "\n"};
    if (status == 401)
        reply.headers = {{"WWW-Authenticate", "Bearer realm=\"livetranscript\""}};
    if (status == 429 || status == 503)
        reply.headers = {{"Retry-After", kRetryAfterSeconds}};
    return reply;
}

net::HttpReply denialReply(const Denial &denial) {
    return refusalReply(denial.status, denial.refusal.code, denial.refusal.reason);
}

net::HttpReply statusReply(unsigned status, std::string_view word) {
    JsonWriter writer;
    writer.beginObject().key("status").string(word).endObject();
    return {status, kJson, writer.take() + "\n"};
}

std::string_view credentialOf(const net::HttpRequest &request) {
    const std::string_view authorization = request.header("Authorization");
    if (authorization.size() > kBearer.size() &&
        g_ascii_strncasecmp(authorization.data(), kBearer.data(), kBearer.size()) == 0)
        return authorization.substr(kBearer.size());
    std::string_view credential = request.query("token");
    request.forEachSubprotocol([&credential](std::string_view offered) {
        if (offered.starts_with(kTokenProtocol))
            credential = offered.substr(kTokenProtocol.size());
    });
    return credential;
}

std::int64_t unixSeconds() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(since).count();
}

} // namespace lt::broadcast
