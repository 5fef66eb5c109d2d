// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/recogniser/audio_format.h"
#include "lib/recogniser/speech.h"

#include <cstdint>
#include <vector>

namespace lt::gladia {

/// Which audio of a session still has words to come. Each channel by itself: what was said in it since its
/// last final. Where nobody speaks nothing is owed, however long ago the last final was. Pure; positions are
/// bytes of the session.
class OwedWords {
public:
    /// `longestNs`: what has no final after so long has none.
    OwedWords(const AudioFormat &format, std::uint64_t longestNs);

    /// The session was given audio that ends there.
    void given(const Speech &speech, std::uint64_t endByte);
    /// A final has come: of this channel's audio before this instant nothing is needed again.
    void settle(int channel, double sessionSeconds, std::uint64_t ackedByte);

    /// Some channel owes words; this one.
    bool any() const;
    bool by(unsigned channel) const;
    /// How much of what is acknowledged may be needed again, from its end backwards.
    std::uint64_t bytesToKeep(std::uint64_t ackedByte);
    /// Since the last speech in any channel.
    std::uint64_t quietNs() const { return format_.nsOfBytes(given_ - spoken_); }

    /// What was given beyond this position will be given again, or was lost.
    void rewind(std::uint64_t byte);
    /// What was given beyond `from` stands so many bytes later.
    void move(std::uint64_t from, std::uint64_t by);

private:
    struct Channel {
        std::uint64_t settled = 0; ///< nothing before it is needed
        std::uint64_t spoken = 0;  ///< the end of what had speech in it
    };
    bool owes(const Channel &channel) const;
    std::uint64_t bytesOf(std::uint64_t ns) const;

    const AudioFormat format_;
    const std::uint64_t longest_, silence_, doubt_; // bytes
    std::uint64_t given_ = 0;                       // the end of it
    std::uint64_t spoken_ = 0;                      // the latest of all channels
    std::vector<Channel> channels_;
};

} // namespace lt::gladia
