// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/rtmp_publisher.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace lt::bench {

/// Publishers that send AAC of 128 kbit/s in real time, and 3 Mbit/s of video beside it if wanted, all from
/// one thread. They do not march in step.
class Load {
public:
    /// Connects them one after the other to streams s0, s1 …; each sends its first frame at once. Throws
    /// std::runtime_error when one is refused.
    Load(std::uint16_t port, std::size_t publishers, bool video);

    /// From the beginning of connect() to NetStream.Publish.Start, one of each publisher, in ms.
    const std::vector<double> &publishMs() const { return publishMs_; }
    /// Sends for so long; how many audio frames that were.
    std::uint64_t run(double seconds);
    void unpublish();

private:
    struct Publisher {
        std::unique_ptr<support::RtmpPublisher> connection;
        std::int64_t connectNs = 0;
        std::uint64_t audioFrames = 0, videoFrames = 0;
        std::int64_t startNs = 0; ///< of its own timeline
    };
    void sendAudio(Publisher &publisher);
    void sendVideo(Publisher &publisher);
    bool sendDue(Publisher &publisher, std::int64_t now);

    const bool video_;
    support::Raw audio_, picture_;
    std::vector<Publisher> publishers_;
    std::vector<double> publishMs_;
    std::uint64_t sent_ = 0;
};

} // namespace lt::bench
