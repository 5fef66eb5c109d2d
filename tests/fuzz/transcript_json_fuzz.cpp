// SPDX-License-Identifier: LGPL-2.1-or-later
// A transcript message from anywhere: what is accepted must survive being written and read again.
#include "lib/transcript/transcript.h"
#include "tests/fuzz/fuzz_target.h"

#include <cstdio>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    std::string error;
    const auto first = lt::transcriptFromJson(text, error);
    if (!first) {
        if (error.empty()) {
            std::fprintf(stderr, "refused without a reason\n");
            std::abort();
        }
        return 0;
    }
    const std::string written = lt::toJson(*first);
    const auto second = lt::transcriptFromJson(written, error);
    if (!second || !(lt::toJson(*second) == written)) {
        std::fprintf(stderr, "not the same when read again: %s\n", written.c_str());
        std::abort();
    }
    return 0;
}
