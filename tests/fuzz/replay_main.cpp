// SPDX-License-Identifier: LGPL-2.1-or-later
// Feeds every file of a corpus to a fuzz target without libFuzzer, then cut short and with bytes changed.
// Prints TAP; what goes wrong ends the process, as it would under the fuzzer.
#include "tests/fuzz/fuzz_target.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <vector>

namespace {

using Bytes = std::vector<std::uint8_t>;

/// How many places of one input are cut or changed, spread over its length.
constexpr std::size_t kPlaces = 192;
/// How many of the changes below each place gets; they take turns.
constexpr std::size_t kChangesPerPlace = 2;

void feed(const Bytes &input, std::size_t length) {
    // A copy of exactly this size, so that AddressSanitizer sees a read past the end.
    const Bytes exact(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(length));
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

void feedMutations(Bytes input) {
    const std::size_t step = input.size() / kPlaces + 1;
    std::size_t turn = 0;
    for (std::size_t place = 0; place < input.size(); place += step) {
        feed(input, place);
        const std::uint8_t original = input[place];
        const int changes[] = {0x00, original ^ 0x01, 0xff, original ^ 0x80, 0x7f};
        for (std::size_t i = 0; i < kChangesPerPlace; i++) {
            input[place] = static_cast<std::uint8_t>(changes[turn++ % std::size(changes)]);
            feed(input, input.size());
        }
        input[place] = original;
    }
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
        return 2;
    }
    std::set<std::filesystem::path> files;
    for (const auto &entry : std::filesystem::directory_iterator(argv[1]))
        files.insert(entry.path());
    std::printf("1..%zu\n", files.size());
    std::size_t number = 0;
    for (const auto &file : files) {
        std::printf("# %s\n", file.filename().c_str());
        std::fflush(stdout);
        std::ifstream stream(file, std::ios::binary);
        const Bytes input{std::istreambuf_iterator<char>(stream), {}};
        feed(input, input.size());
        feedMutations(input);
        std::printf("ok %zu %s and its mutations do no harm\n", ++number, file.filename().c_str());
    }
    return number > 0 ? 0 : 1;
}
