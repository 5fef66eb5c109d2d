// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptbroadcast/broadcast_link.h"

#include <chrono>
#include <utility>

namespace lt::broadcast {

namespace {

/// The room gives up after 2 s by itself; this is for a fan-out thread that has come to a stop.
constexpr auto kFlushGuard = std::chrono::seconds(4);

} // namespace

bool BroadcastLink::open(const std::string &address, std::uint16_t port, const AccessSettings &access,
                         const std::string &session, const RoomSettings &settings, AttachError &error) {
    auto attachment = BroadcastServer::attach(address, port, access, session, settings, *this, error);
    if (!attachment)
        return false;
    attachment->setResting(true); // until PLAYING
    std::lock_guard lock(mutex_);
    counts_ = attachment->counts();
    attachment_ = std::move(attachment);
    session_ = session;
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
    std::lock_guard lock(mutex_);
    if (attachment_)
        attachment_->publish(std::move(message));
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

void BroadcastLink::onSessionFlushed() {
    std::lock_guard lock(mutex_);
    flushed_ = true;
    changed_.notify_all();
}

void BroadcastLink::onViewerAdded(std::uint64_t id, const std::string &peer) {
    postViewer("transcriptbroadcast/client-added", id, peer, nullptr);
}

void BroadcastLink::onViewerRemoved(std::uint64_t id, const std::string &peer, Departure departure) {
    postViewer("transcriptbroadcast/client-removed", id, peer, departureWord(departure));
}

void BroadcastLink::postViewer(const char *name, std::uint64_t id, const std::string &peer,
                               const char *reason) {
    GstStructure *structure;
    {
        std::lock_guard lock(mutex_);
        structure =
            gst_structure_new(name, "session", G_TYPE_STRING, session_.c_str(), "client-id", G_TYPE_UINT64,
                              guint64{id}, "peer", G_TYPE_STRING, peer.c_str(), "clients", G_TYPE_UINT64,
                              guint64{counts_ ? counts_->viewers.load() : 0}, nullptr);
    }
    if (reason)
        gst_structure_set(structure, "reason", G_TYPE_STRING, reason, nullptr);
    GST_INFO_OBJECT(element_, "%" GST_PTR_FORMAT, static_cast<gpointer>(structure));
    gst_element_post_message(element_, gst_message_new_element(GST_OBJECT(element_), structure));
}

} // namespace lt::broadcast
