// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/owed_words.h"

#include <algorithm>
#include <cmath>

namespace lt::gladia {

namespace {

/// Where nobody speaks so much is kept: the detector may be late.
constexpr std::uint64_t kSilenceNs = 1'000'000'000;
/// Where in its block the speech ended is not known.
constexpr std::uint64_t kDoubtNs = 500'000'000;

} // namespace

OwedWords::OwedWords(const AudioFormat &format, std::uint64_t longestNs)
    : format_(format),
      longest_(bytesOf(longestNs)),
      silence_(bytesOf(kSilenceNs)),
      doubt_(bytesOf(kDoubtNs)),
      channels_(format.channels) {}

std::uint64_t OwedWords::bytesOf(std::uint64_t ns) const {
    return format_.rate * (ns / 1'000'000) / 1000 * format_.bytesPerFrame();
}

void OwedWords::given(const Speech &speech, std::uint64_t endByte) {
    given_ = endByte;
    for (unsigned channel = 0; channel < channels_.size(); channel++)
        if (speech.ns(channel) > 0)
            spoken_ = channels_[channel].spoken = endByte;
}

void OwedWords::settle(int channel, double sessionSeconds, std::uint64_t ackedByte) {
    const auto at = channels_.size() == 1 ? 0 : static_cast<std::size_t>(channel);
    if (at >= channels_.size())
        return; // there is no such channel
    const double bytes = std::floor(sessionSeconds * format_.rate) * format_.bytesPerFrame();
    auto &settled = channels_[at].settled;
    settled = std::max(settled, bytes < static_cast<double>(ackedByte) ? static_cast<std::uint64_t>(bytes)
                                                                       : ackedByte);
}

bool OwedWords::owes(const Channel &channel) const {
    return channel.spoken > channel.settled + doubt_ && given_ - channel.spoken <= longest_;
}

bool OwedWords::any() const {
    return std::any_of(channels_.begin(), channels_.end(), [this](const auto &one) { return owes(one); });
}

bool OwedWords::by(unsigned channel) const {
    return channel < channels_.size() && owes(channels_[channel]);
}

std::uint64_t OwedWords::bytesToKeep(std::uint64_t ackedByte) {
    std::uint64_t most = 0;
    for (Channel &channel : channels_) {
        const std::uint64_t keep = owes(channel) ? longest_ : silence_;
        channel.settled = std::max(channel.settled, ackedByte - std::min(keep, ackedByte));
        most = std::max(most, ackedByte - std::min(channel.settled, ackedByte));
    }
    return most;
}

void OwedWords::rewind(std::uint64_t byte) {
    given_ = byte;
    spoken_ = std::min(spoken_, byte);
    for (Channel &channel : channels_) {
        channel.settled = std::min(channel.settled, byte);
        channel.spoken = std::min(channel.spoken, byte);
    }
}

void OwedWords::move(std::uint64_t from, std::uint64_t by) {
    given_ += by;
    if (spoken_ > from)
        spoken_ += by;
    for (Channel &channel : channels_)
        if (channel.spoken > from)
            channel.spoken += by;
}

} // namespace lt::gladia
