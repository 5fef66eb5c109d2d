// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/message_identity.h"

#include <algorithm>
#include <cstdio>
#include <functional>

namespace lt::broadcast {

namespace {

constexpr char kSeparator = '\x1f';

} // namespace

std::string identityOf(const Transcript &transcript) {
    if (transcript.utteranceId.empty())
        return {};
    std::string identity = transcript.epoch;
    ((identity += kSeparator) += kindName(transcript.kind)) += kSeparator;
    ((identity += transcript.utteranceId) += kSeparator) += transcript.language;
    return identity;
}

FrameLabel::Key keyOf(const std::string &identity) {
    return identity.empty() ? 0 : std::max<std::size_t>(std::hash<std::string>{}(identity), 1);
}

std::uint64_t channelOf(const Transcript &transcript) {
    std::string channel(kindName(transcript.kind));
    (channel += kSeparator) += std::to_string(transcript.channel);
    if (transcript.kind != GST_TRANSCRIPT_KIND_TRANSCRIPT)
        (channel += kSeparator) += transcript.language;
    return std::hash<std::string>{}(channel);
}

std::string nameOfNumber(std::uint64_t seq) {
    std::string name("n"); // GCC 12 warns of an overlap in `"n" + std::to_string()` that is not there
    name += std::to_string(seq);
    return name;
}

std::string epochFrom(std::uint64_t random) {
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(random));
    return text;
}

} // namespace lt::broadcast
