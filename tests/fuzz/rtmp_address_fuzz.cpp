// SPDX-License-Identifier: LGPL-2.1-or-later
// Application and name of a publisher, cut at the first NUL: what is accepted is always two plain names, and
// no error repeats a query.
#include "lib/rtmp/stream_address.h"
#include "tests/fuzz/fuzz_target.h"

#include <cstdio>
#include <cstdlib>

using namespace lt::rtmp;

namespace {

[[noreturn]] void fail(const char *what) {
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string_view all(reinterpret_cast<const char *>(data), size);
    const auto cut = std::min(all.find('\0'), all.size());
    const auto app = all.substr(0, cut);
    const auto name = all.substr(std::min(cut + 1, all.size()));
    const Limits limits;
    StreamAddress address;
    std::string error;
    if (!StreamAddress::parse(app, name, limits, address, error)) {
        if (error.empty() || error.find('?') != error.npos)
            fail("a refusal without a sentence, or with a query");
        return 0;
    }
    if (!isStreamName(address.app) || !isStreamName(address.stream))
        fail("an accepted address that is no pair of names");
    if (address.query.size() > 32)
        fail("a query without end");
    StreamAddress again;
    if (!StreamAddress::parse(address.app, address.stream, limits, again, error) ||
        again.app != address.app || again.stream != address.stream)
        fail("the canonical address is not canonical");
    return 0;
}
