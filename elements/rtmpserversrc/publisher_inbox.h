// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/rtmpserversrc/bell.h"
#include "lib/rtmp/arrival_jitter.h"
#include "lib/rtmp/media_timeline.h"
#include "lib/rtmp/rtmp_server.h"

#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

namespace lt::rtmpserversrc {

struct Published {
    rtmp::PublisherInfo publisher;
};
struct Ended {
    rtmp::PublisherInfo publisher;
    rtmp::PublishEnd end;
    std::uint64_t lost = 0; ///< as of a tag
};
/// The stream has no media between two of its times, because a publisher was lost and came back, or was
/// replaced.
struct Gap {
    std::uint64_t fromMs;
    std::uint64_t toMs;
};
/// Nothing follows.
struct StreamOver {};
struct Tag {
    rtmp::MediaTag media;
    std::uint64_t ms;   ///< on the stream's timeline, which starts at 0
    bool discont;       ///< a hole lies before it
    std::uint64_t lost; ///< frames dropped since the last tag that reported any, because the reader is slow
};
using Arrival = std::variant<Published, Ended, Gap, StreamOver, Tag>;

struct InboxOptions {
    bool wantVideo = false;
    /// A frame may wait, once there is as much media behind it; then the oldest goes.
    std::chrono::milliseconds maxQueue{5000};
};

struct InboxStats {
    std::uint64_t frames = 0;        ///< taken from the publisher
    std::uint64_t framesDropped = 0; ///< because the reader was slow
    std::uint64_t disconts = 0;      ///< holes and jumps in the publisher's timestamps
    std::uint64_t gaps = 0;          ///< between publishers
    std::uint64_t gapMs = 0;         ///< their sum
    std::uint64_t jitterMs = 0;      ///< of the audio frames' arrival, smoothed as RFC 3550 does
    std::uint64_t queuedMs = 0;
};

/// What lies between the server's loop, which writes, and the pad's task, which reads: a bounded queue that
/// never makes the writer wait. When it is full the oldest frames go; configurations and the news of
/// publishers stay.
///
/// The stream begins with the first coded audio frame (or, with video wanted, a key frame if that is first):
/// configuration and metadata that came before are kept and lead it.
class PublisherInbox : public rtmp::PublishListener {
public:
    explicit PublisherInbox(const InboxOptions &options) : options_(options) {}

    // Loop thread.
    void published(const rtmp::PublisherInfo &publisher) override;
    void media(rtmp::MediaTag tag) override;
    rtmp::AfterEnd after(const rtmp::PublishEnd &end) const override;
    void ended(const rtmp::PublishEnd &end) override;
    void gone() override;

    /// Waits for the next arrival; nothing when interrupted. The pad's task.
    std::optional<Arrival> next();
    /// True: next() has something, or there has been an interruption since the last question. News of a
    /// publisher that come next are taken out at once. The pad's task.
    bool worthALook(std::optional<Arrival> &news);
    /// `look` is called, under the inbox's lock, whenever worthALook() may have become true. Any thread.
    void callWhenWorthALook(std::function<void()> look);
    /// Lets next() return at once, until interrupt(false). Any thread.
    void interrupt(bool on);
    InboxStats stats() const;

private:
    void take(rtmp::MediaTag tag);
    void wakeReader(std::unique_lock<std::mutex> &lock);
    Arrival takeFirst();
    void keepForStart(rtmp::MediaTag tag);
    void start(rtmp::TimePoint arrival);
    void place(rtmp::MediaTag tag);
    void noteGap(std::uint64_t toMs);
    void placeHeader(rtmp::MediaTag tag);
    void mergeHeaders(std::size_t end);
    void push(Arrival arrival);
    void newsLeaves(const Arrival &news);
    bool tooLong() const;
    void limit();
    bool dropOldest();
    std::uint64_t queuedMs() const;

    const InboxOptions options_;
    Bell bell_;                ///< rung once whenever readerWaits_ goes from true to false
    mutable std::mutex mutex_; // guards all below
    std::deque<Arrival> queue_;
    std::size_t queuedBytes_ = 0;
    std::size_t queuedNews_ = 0;
    std::uint64_t queuedGapMs_ = 0; ///< of the gaps in the queue: time without media
    std::vector<rtmp::MediaTag> beforeStart_;
    rtmp::MediaTimeline timeline_;
    rtmp::PublisherInfo publisher_;
    InboxStats stats_;
    std::uint64_t lastMs_ = 0;
    rtmp::TimePoint lastArrival_{}; ///< of a frame
    std::uint64_t unreportedLost_ = 0;
    rtmp::TimePoint lossReportedAt_;
    rtmp::ArrivalJitter jitter_;
    bool started_ = false;
    bool newPublisher_ = false; ///< its first frame has not come yet
    std::function<void()> look_;
    bool interrupted_ = false;
    bool wasInterrupted_ = false; ///< and nobody has looked since
    bool readerWaits_ = false;    ///< and nobody has woken it yet
    bool lostBefore_ = false;     ///< frames went between the last tag given out and the next
    bool needKeyFrame_ = false;   ///< video can only go on with a key frame
};

} // namespace lt::rtmpserversrc
