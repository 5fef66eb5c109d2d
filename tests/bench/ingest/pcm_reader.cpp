// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/ingest/pcm_reader.h"

#include "tests/bench/support/monotonic.h"

#include <algorithm>
#include <array>

#include <poll.h>
#include <unistd.h>

namespace lt::bench {

namespace {

int millisecondsUntil(std::int64_t deadlineNs) {
    return static_cast<int>(
        std::clamp<std::int64_t>((deadlineNs - monotonicNs() + 999999) / 1000000, 0, 60000));
}

} // namespace

PcmReader::PcmReader(std::vector<net::UniqueFd> pipes) {
    for (auto &pipe : pipes)
        streams_.push_back({std::move(pipe), {}, {}});
}

bool PcmReader::readUntil(std::int64_t deadlineNs) {
    for (;;) {
        std::vector<pollfd> waits;
        for (const auto &stream : streams_)
            waits.push_back({stream.pipe.get(), POLLIN, 0}); // poll skips the ended ones: -1
        if (std::ranges::none_of(waits, [](const pollfd &wait) { return wait.fd >= 0; }))
            return true;
        const int left = millisecondsUntil(deadlineNs);
        if (left == 0)
            return false;
        poll(waits.data(), waits.size(), left);
        for (std::size_t i = 0; i < waits.size(); i++)
            if (waits[i].revents != 0)
                readFrom(streams_[i]);
    }
}

void PcmReader::readFrom(Stream &stream) {
    std::array<char, 65536> piece;
    const auto got = read(stream.pipe.get(), piece.data(), piece.size());
    const auto now = monotonicNs();
    if (got <= 0) {
        stream.pipe.reset();
        return;
    }
    stream.bytes.insert(stream.bytes.end(), piece.data(), piece.data() + got);
    stream.log.append(now, stream.bytes.size() / sizeof(std::int16_t) - stream.log.frames());
}

bool PcmReader::allHaveBegun() const {
    return std::ranges::all_of(streams_, [](const Stream &stream) { return stream.log.frames() > 0; });
}

bool PcmReader::anyHasEnded() const {
    return std::ranges::any_of(streams_, [](const Stream &stream) { return !stream.pipe; });
}

std::string readText(const net::UniqueFd &pipe, std::int64_t deadlineNs) {
    std::string text;
    std::array<char, 4096> piece;
    for (;;) {
        pollfd wait{pipe.get(), POLLIN, 0};
        const int left = millisecondsUntil(deadlineNs);
        if (left == 0 || poll(&wait, 1, left) <= 0)
            return text;
        const auto got = read(pipe.get(), piece.data(), piece.size());
        if (got <= 0)
            return text;
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
}

} // namespace lt::bench
