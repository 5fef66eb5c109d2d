// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/rtmpserversrc/publisher_inbox.h"

#include <algorithm>
#include <array>
#include <utility>

namespace lt::rtmpserversrc {

namespace {

using rtmp::MediaTag;
using Kind = rtmp::MediaTag::Kind;

constexpr std::size_t kMaxBytes = 16 << 20;
/// News of publishers that came and went without any media while nobody was reading.
constexpr std::size_t kMaxNews = 64;
/// Loss is told in one piece, not frame by frame.
constexpr auto kLossReportInterval = std::chrono::seconds(1);

bool isFrame(const MediaTag &media) {
    return media.kind == Kind::Audio || media.kind == Kind::Video || media.kind == Kind::VideoKey;
}

bool isFrame(const Arrival &arrival) {
    const auto *tag = std::get_if<Tag>(&arrival);
    return tag && isFrame(tag->media);
}

} // namespace

void PublisherInbox::published(const rtmp::PublisherInfo &publisher) {
    std::unique_lock lock(mutex_);
    publisher_ = publisher;
    timeline_.newInput();
    jitter_.restart();
    newPublisher_ = started_;
    beforeStart_.clear();
    push(Published{publisher});
    wakeReader(lock);
}

rtmp::AfterEnd PublisherInbox::after(const rtmp::PublishEnd &end) const {
    std::lock_guard lock(mutex_);
    if (!started_)
        return rtmp::AfterEnd::Keep;
    return end.kind == rtmp::PublishEnd::Kind::Lost ? rtmp::AfterEnd::Wait : rtmp::AfterEnd::Retire;
}

void PublisherInbox::ended(const rtmp::PublishEnd &end) {
    using Kind = rtmp::PublishEnd::Kind;
    std::unique_lock lock(mutex_);
    push(Ended{.publisher = publisher_, .end = end});
    if (started_ && end.kind != Kind::Lost && end.kind != Kind::Replaced)
        push(StreamOver{});
    wakeReader(lock);
}

void PublisherInbox::gone() {
    std::unique_lock lock(mutex_);
    push(StreamOver{});
    wakeReader(lock);
}

void PublisherInbox::media(MediaTag tag) {
    std::unique_lock lock(mutex_);
    take(std::move(tag));
    wakeReader(lock);
}

/// What the writer does last. The lock goes first: a reader woken under it would only wait for it.
void PublisherInbox::wakeReader(std::unique_lock<std::mutex> &lock) {
    if (queue_.empty())
        return;
    if (!std::exchange(readerWaits_, false)) {
        if (look_)
            look_();
        return;
    }
    lock.unlock();
    bell_.ring();
}

void PublisherInbox::take(MediaTag tag) {
    if (!started_) {
        const bool begins = tag.kind == Kind::Audio || (options_.wantVideo && tag.kind == Kind::VideoKey);
        if (!begins) {
            keepForStart(std::move(tag));
            return;
        }
        const auto track =
            tag.isVideo() ? rtmp::MediaTimeline::Track::Video : rtmp::MediaTimeline::Track::Audio;
        timeline_.map(track, tag.timestamp, tag.arrival);
        start(tag.arrival);
        stats_.frames++;
        push(Tag{std::move(tag), 0, false, 0});
        return;
    }
    place(std::move(tag));
}

/// The last one of each kind is what counts; video between key frames cannot be shown.
void PublisherInbox::keepForStart(MediaTag tag) {
    if (isFrame(tag))
        return;
    std::erase_if(beforeStart_, [&](const MediaTag &kept) { return kept.kind == tag.kind; });
    beforeStart_.push_back(std::move(tag));
}

void PublisherInbox::start(rtmp::TimePoint arrival) {
    started_ = true;
    for (auto &kept : beforeStart_) {
        kept.arrival = arrival;
        push(Tag{std::move(kept), 0, false, 0});
    }
    beforeStart_.clear();
}

void PublisherInbox::place(MediaTag tag) {
    if (!isFrame(tag)) {
        placeHeader(std::move(tag));
        return;
    }
    if (tag.isVideo()) {
        if (needKeyFrame_ && tag.kind != Kind::VideoKey) {
            stats_.framesDropped++;
            return;
        }
        needKeyFrame_ = false;
    }
    const auto track = tag.isVideo() ? rtmp::MediaTimeline::Track::Video : rtmp::MediaTimeline::Track::Audio;
    const auto mapped = timeline_.map(track, tag.timestamp, tag.arrival);
    if (std::exchange(newPublisher_, false))
        noteGap(mapped.ms);
    if (tag.kind == Kind::Audio) {
        if (mapped.discont)
            jitter_.restart();
        jitter_.frame(mapped.ms, tag.arrival);
    }
    lastMs_ = mapped.ms;
    lastArrival_ = tag.arrival;
    stats_.frames++;
    stats_.disconts += mapped.discont;
    push(Tag{std::move(tag), mapped.ms, mapped.discont, 0});
    limit();
}

void PublisherInbox::noteGap(std::uint64_t toMs) {
    if (toMs <= lastMs_)
        return;
    stats_.gaps++;
    stats_.gapMs += toMs - lastMs_;
    push(Gap{lastMs_, toMs});
}

/// Some publishers send headers again and again: of those with no frame between them the newest counts.
void PublisherInbox::placeHeader(MediaTag tag) {
    for (auto queued = queue_.rbegin(); queued != queue_.rend() && !isFrame(*queued); ++queued) {
        auto *header = std::get_if<Tag>(&*queued);
        if (header && header->media.kind == tag.kind) {
            queuedBytes_ += tag.body.size() - header->media.body.size();
            header->media = std::move(tag);
            return;
        }
    }
    push(Tag{std::move(tag), lastMs_, false, 0});
}

/// The same for headers that have become neighbours because the frames between them were dropped.
void PublisherInbox::mergeHeaders(std::size_t end) {
    std::array<bool, 6> seen{};
    for (std::size_t i = end; i-- > 0;) {
        const auto *header = std::get_if<Tag>(&queue_[i]);
        if (!header || !std::exchange(seen[static_cast<std::size_t>(header->media.kind)], true))
            continue;
        queuedBytes_ -= header->media.body.size();
        queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(i));
    }
}

void PublisherInbox::push(Arrival arrival) {
    if (const auto *tag = std::get_if<Tag>(&arrival))
        queuedBytes_ += tag->media.body.size();
    else if (++queuedNews_ > kMaxNews) {
        // The oldest news only; what ends the stream is always the last.
        const auto oldest = std::find_if(queue_.begin(), queue_.end(), [](const Arrival &queued) {
            return !std::holds_alternative<Tag>(queued);
        });
        newsLeaves(*oldest);
        queue_.erase(oldest);
    }
    if (const auto *gap = std::get_if<Gap>(&arrival))
        queuedGapMs_ += gap->toMs - gap->fromMs;
    queue_.push_back(std::move(arrival));
}

void PublisherInbox::newsLeaves(const Arrival &news) {
    queuedNews_--;
    if (const auto *gap = std::get_if<Gap>(&news))
        queuedGapMs_ -= gap->toMs - gap->fromMs;
}

std::uint64_t PublisherInbox::queuedMs() const {
    const auto first = std::find_if(queue_.begin(), queue_.end(), [](const auto &a) { return isFrame(a); });
    if (first == queue_.end())
        return 0;
    const std::uint64_t from = std::get<Tag>(*first).ms + queuedGapMs_;
    return lastMs_ > from ? lastMs_ - from : 0;
}

/// Half a minute that comes at once, because the network was away, is no sign of a slow reader: only what has
/// waited is dropped.
bool PublisherInbox::tooLong() const {
    const auto first = std::find_if(queue_.begin(), queue_.end(), [](const auto &a) { return isFrame(a); });
    return first != queue_.end() && queuedMs() > static_cast<std::uint64_t>(options_.maxQueue.count()) &&
           lastArrival_ - std::get<Tag>(*first).media.arrival > options_.maxQueue;
}

void PublisherInbox::limit() {
    while (tooLong() || queuedBytes_ > kMaxBytes) {
        if (!dropOldest())
            return;
    }
}

bool PublisherInbox::dropOldest() {
    auto oldest = std::find_if(queue_.begin(), queue_.end(), [](const auto &a) { return isFrame(a); });
    if (oldest == queue_.end())
        return false;
    const bool video = std::get<Tag>(*oldest).media.isVideo();
    const auto drop = [this](auto at) {
        queuedBytes_ -= std::get<Tag>(*at).media.body.size();
        stats_.framesDropped++;
        unreportedLost_++;
        lostBefore_ = true;
        return queue_.erase(at);
    };
    auto rest = drop(oldest);
    // What depends on a dropped picture goes with it, up to the next key frame.
    for (needKeyFrame_ = needKeyFrame_ || video; video && rest != queue_.end();) {
        const auto *tag = std::get_if<Tag>(&*rest);
        if (tag && tag->media.kind == Kind::VideoKey) {
            needKeyFrame_ = false;
            break;
        }
        rest = tag && tag->media.kind == Kind::Video ? drop(rest) : rest + 1;
    }
    const auto frame = std::find_if(queue_.begin(), queue_.end(), [](const auto &a) { return isFrame(a); });
    mergeHeaders(static_cast<std::size_t>(frame - queue_.begin()));
    return true;
}

std::optional<Arrival> PublisherInbox::next() {
    std::unique_lock lock(mutex_);
    while (!interrupted_ && queue_.empty()) {
        readerWaits_ = true;
        lock.unlock();
        bell_.await();
        lock.lock();
    }
    if (interrupted_)
        return std::nullopt;
    return takeFirst();
}

bool PublisherInbox::worthALook(std::optional<Arrival> &news) {
    std::lock_guard lock(mutex_);
    if (std::exchange(wasInterrupted_, false) || interrupted_)
        return true;
    if (queue_.empty())
        return false;
    const auto &first = queue_.front();
    if (!std::holds_alternative<Tag>(first) && !std::holds_alternative<StreamOver>(first))
        news = takeFirst();
    return true;
}

void PublisherInbox::callWhenWorthALook(std::function<void()> look) {
    std::lock_guard lock(mutex_);
    look_ = std::move(look);
}

Arrival PublisherInbox::takeFirst() {
    Arrival arrival = std::move(queue_.front());
    queue_.pop_front();
    if (auto *tag = std::get_if<Tag>(&arrival)) {
        queuedBytes_ -= tag->media.body.size();
        tag->discont = std::exchange(lostBefore_, false) || tag->discont;
        if (unreportedLost_ > 0 && tag->media.arrival - lossReportedAt_ >= kLossReportInterval) {
            tag->lost = std::exchange(unreportedLost_, 0);
            lossReportedAt_ = tag->media.arrival;
        }
    } else {
        newsLeaves(arrival);
        if (auto *ended = std::get_if<Ended>(&arrival))
            ended->lost = std::exchange(unreportedLost_, 0);
    }
    return arrival;
}

void PublisherInbox::interrupt(bool on) {
    std::lock_guard lock(mutex_);
    interrupted_ = on;
    wasInterrupted_ = wasInterrupted_ || on;
    if (on && std::exchange(readerWaits_, false))
        bell_.ring();
    else if (on && look_)
        look_();
}

InboxStats PublisherInbox::stats() const {
    std::lock_guard lock(mutex_);
    InboxStats stats = stats_;
    stats.queuedMs = queuedMs();
    stats.jitterMs = static_cast<std::uint64_t>(jitter_.ms() + 0.5);
    return stats;
}

} // namespace lt::rtmpserversrc
