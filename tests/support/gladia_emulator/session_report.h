// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace lt::emulator {

/// What a test may want to know about a session: a copy, safe on any thread.
struct SessionReport {
    struct Final {
        std::string id;
        int channel = 0;
        double start = 0; ///< s of audio
        double end = 0;
        std::string text; ///< begins with a space
    };

    std::string id;
    std::string token;
    std::string region;
    std::string requestBody;
    bool connected = false;
    bool ended = false;              ///< no further connection is taken
    std::uint64_t bytes = 0;         ///< acknowledged and heard
    std::uint64_t pendingBytes = 0;  ///< received while acknowledgements are held
    std::uint64_t receivedBytes = 0; ///< all audio that came, also what came twice
    std::size_t chunks = 0;          ///< messages with audio
    std::size_t largestChunk = 0;    ///< bytes
    std::size_t connections = 0;     ///< so far
    std::size_t stops = 0;           ///< stop_recording messages
    std::size_t badMessages = 0;
    int clientCloseCode = 0; ///< of the last connection that ended; 0: it broke
    std::vector<Final> finals;
    std::string partial; ///< newest text of an utterance that is still open
    /// All finals without their leading spaces, in the order they came, separated by spaces.
    std::string text() const {
        std::string all;
        for (const auto &final : finals)
            all += all.empty() && final.text.starts_with(' ') ? final.text.substr(1) : final.text;
        return all;
    }
};

} // namespace lt::emulator
