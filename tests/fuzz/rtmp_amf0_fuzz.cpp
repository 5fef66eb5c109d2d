// SPDX-License-Identifier: LGPL-2.1-or-later
// AMF0 of any publisher: depth and number of values stay within the limits.
#include "lib/rtmp/amf0.h"
#include "tests/fuzz/fuzz_target.h"

#include <cstdio>
#include <cstdlib>

using namespace lt::rtmp;

namespace {

void check(const AmfValue &value, const Limits &limits, unsigned depth, unsigned &count) {
    if (depth > limits.amfDepth || ++count > limits.amfItems) {
        std::fprintf(stderr, "a value beyond the limits\n");
        std::abort();
    }
    for (const auto &member : value.members)
        check(member.value, limits, depth + 1, count);
    for (const auto &item : value.items)
        check(item, limits, depth + 1, count);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const Limits limits;
    AmfReader reader(Bytes(data, size), limits);
    unsigned count = 0;
    while (const auto value = reader.next())
        check(*value, limits, 0, count);
    if (!reader.atEnd() && reader.error().empty()) {
        std::fprintf(stderr, "stopped without a reason\n");
        std::abort();
    }
    return 0;
}
