// SPDX-License-Identifier: LGPL-2.1-or-later
// What a viewer of protocol version 2 says: refusals have a sentence, and what it publishes is JSON of at
// most a small multiple of its size that stays the same when read again.
#include "lib/broadcast/viewer_requests.h"
#include "tests/fuzz/fuzz_target.h"

#include <cstdio>
#include <cstdlib>
#include <string>

using namespace lt::broadcast;

namespace {

[[noreturn]] void fail(const char *what) {
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    RequestError error;
    const auto request = parseViewerRequest(text, error);
    if (!request) {
        if (error.sentence.empty() || error.request.size() > 40)
            fail("refused without a reason, or with too much of it");
        return 0;
    }
    const bool needsToken =
        request->kind == ViewerRequest::Kind::Renew || request->kind == ViewerRequest::Kind::Insight;
    if (needsToken && !request->token)
        fail("accepted without a token");
    if (request->kind != ViewerRequest::Kind::Insight)
        return 0;
    if (request->data.size() > 30 * size) // 1e300 is short, and so is \u0001
        fail("grows without bound");
    const auto again =
        parseViewerRequest(R"({"type":"insight","token":1,"data":)" + request->data + "}", error);
    if (!again || again->data != request->data) {
        std::fprintf(stderr, "not the same when read again: %s\n", request->data.c_str());
        std::abort();
    }
    return 0;
}
