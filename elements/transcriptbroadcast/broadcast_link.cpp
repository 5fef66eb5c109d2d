// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptbroadcast/broadcast_link.h"

#include <chrono>
#include <utility>

GST_DEBUG_CATEGORY_EXTERN(gst_transcript_broadcast_debug);
#define GST_CAT_DEFAULT gst_transcript_broadcast_debug

namespace lt::broadcast {

namespace {

/// The room gives up after 2 s by itself; this is for a fan-out thread that has come to a stop.
constexpr auto kFlushGuard = std::chrono::seconds(4);

} // namespace

bool BroadcastLink::open(const std::string &address, std::uint16_t port, const AccessSettings &access,
                         const std::string &session, const RoomSettings &settings, AttachError &error) {
    notifier_->begin(session);
    auto attachment = BroadcastServer::attach(address, port, access, session, settings, *this, error);
    if (!attachment)
        return false;
    attachment->setResting(true); // until PLAYING
    series_ = metrics::registry().session(session);
    std::lock_guard lock(mutex_);
    counts_ = attachment->counts();
    attachment_ = std::move(attachment);
    flushed_ = true;
    return true;
}

void BroadcastLink::close() {
    std::unique_ptr<BroadcastServer::Attachment> last;
    {
        std::lock_guard lock(mutex_);
        last = std::move(attachment_);
    }
    // Outside the lock: this waits for the fan-out thread, which may be about to tell us something.
    last.reset();
    series_.reset();
    notifier_->end();
}

std::uint16_t BroadcastLink::port() const {
    std::lock_guard lock(mutex_);
    return attachment_ ? attachment_->port() : 0;
}

std::shared_ptr<const RoomCounts> BroadcastLink::counts() const {
    std::lock_guard lock(mutex_);
    return counts_;
}

void BroadcastLink::publish(RoomMessage message) {
    {
        std::lock_guard lock(mutex_);
        if (!attachment_)
            return;
        attachment_->publish(std::move(message));
    }
    logSent();
}

void BroadcastLink::logSent() {
    sent_.count();
    const auto second = sent_.tell(static_cast<std::uint64_t>(g_get_monotonic_time()) * 1000);
    if (!second || !series_)
        return;
    const auto counts = this->counts();
    GST_INFO_OBJECT(
        element_, "[TX] fps=%.1f q=%" G_GINT64_FORMAT " drops=%" G_GUINT64_FORMAT " session=%s",
        second->perSecond, static_cast<gint64>(series_->gauge(metrics::names::kSessionQueueSize).value()),
        static_cast<guint64>(counts->droppedPartials + counts->droppedFinals), series_->slug().c_str());
}

void BroadcastLink::setHeartbeat(const std::string &source, std::uint32_t intervalMs,
                                 std::uint32_t maxMissed) {
    std::lock_guard lock(mutex_);
    if (attachment_)
        attachment_->setHeartbeat(source, intervalMs, maxMissed);
}

void BroadcastLink::setResting(bool resting) {
    std::lock_guard lock(mutex_);
    if (attachment_)
        attachment_->setResting(resting);
}

void BroadcastLink::setRecogniser(const std::string &name) {
    std::lock_guard lock(mutex_);
    if (attachment_)
        attachment_->setRecogniser(name);
}

void BroadcastLink::endSession() {
    std::lock_guard lock(mutex_);
    if (!attachment_)
        return;
    flushed_ = false;
    attachment_->endSession();
}

bool BroadcastLink::waitFlushed() {
    std::unique_lock lock(mutex_);
    const bool told = changed_.wait_for(lock, kFlushGuard, [this] { return flushed_ || interrupted_; });
    return flushed_ || !told;
}

void BroadcastLink::interrupt(bool interrupted) {
    std::lock_guard lock(mutex_);
    interrupted_ = interrupted;
    changed_.notify_all();
}

/// After what was told of viewers before: the application hears of the end last.
void BroadcastLink::onSessionFlushed() {
    notifier_->afterwards([this] {
        std::lock_guard lock(mutex_);
        flushed_ = true;
        changed_.notify_all();
    });
}

ViewerNotice BroadcastLink::noticeOf(ViewerNotice::Kind kind, const ViewerInfoRef &viewer) const {
    ViewerNotice notice{kind, viewer};
    std::lock_guard lock(mutex_);
    notice.viewers = counts_ ? counts_->viewers.load() : 0;
    return notice;
}

void BroadcastLink::onViewerAdded(const ViewerInfoRef &viewer) {
    notifier_->add(noticeOf(ViewerNotice::Kind::Added, viewer));
}

void BroadcastLink::onViewerRemoved(const ViewerInfoRef &viewer, Departure departure) {
    ViewerNotice notice = noticeOf(ViewerNotice::Kind::Removed, viewer);
    notice.departure = departure;
    notifier_->add(std::move(notice));
}

void BroadcastLink::onSlowViewer(const ViewerInfoRef &viewer, std::size_t messages, std::size_t bytes) {
    ViewerNotice notice = noticeOf(ViewerNotice::Kind::Slow, viewer);
    notice.messages = messages;
    notice.bytes = bytes;
    notifier_->add(std::move(notice));
}

void BroadcastLink::onLeaseChanged(const ViewerInfoRef &holder, std::uint64_t token) {
    ViewerNotice notice = noticeOf(ViewerNotice::Kind::LeaseChanged, holder);
    notice.token = token;
    notifier_->add(std::move(notice));
}

} // namespace lt::broadcast
