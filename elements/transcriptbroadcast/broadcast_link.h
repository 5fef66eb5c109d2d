// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptbroadcast/viewer_notifier.h"
#include "lib/broadcast/broadcast_server.h"
#include "lib/metrics/rate.h"
#include "lib/metrics/registry.h"

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <gst/gst.h>

namespace lt::broadcast {

/// The element's hold on its room: opened and closed by state changes, used by the streaming thread, and what
/// the room tells reaches the application by way of a notifier. Any thread.
class BroadcastLink : private RoomWatcher {
public:
    /// `element` owns this.
    explicit BroadcastLink(GstElement *element)
        : element_(element), notifier_(std::make_shared<ViewerNotifier>(element)) {}

    bool open(const std::string &address, std::uint16_t port, const AccessSettings &access,
              const std::string &session, const RoomSettings &settings, AttachError &error);
    /// Viewers are closed with 1001. Not while publish() runs.
    void close();

    /// Port in use, 0 while closed.
    std::uint16_t port() const;
    /// What the room did; of the last one while closed, null before the first.
    std::shared_ptr<const RoomCounts> counts() const;

    /// Streaming thread.
    void publish(RoomMessage message);
    void setHeartbeat(const std::string &source, std::uint32_t intervalMs, std::uint32_t maxMissed);
    void setResting(bool resting);
    void setRecogniser(const std::string &name);

    /// Ends the session: viewers get what waits and a close. waitFlushed() then returns true when that is
    /// done, or false when interrupt() ended the wait; it may be called again.
    void endSession();
    bool waitFlushed();
    void interrupt(bool interrupted);

private:
    void onViewerAdded(const ViewerInfoRef &viewer) override;
    void onViewerRemoved(const ViewerInfoRef &viewer, Departure departure) override;
    void onSlowViewer(const ViewerInfoRef &viewer, std::size_t messages, std::size_t bytes) override;
    void onLeaseChanged(const ViewerInfoRef &holder, std::uint64_t token) override;
    void onSessionFlushed() override;
    ViewerNotice noticeOf(ViewerNotice::Kind kind, const ViewerInfoRef &viewer) const;

    void logSent();

    GstElement *const element_;
    const std::shared_ptr<ViewerNotifier> notifier_;
    metrics::Rate sent_;                           // streaming thread
    std::optional<metrics::SessionSeries> series_; // while open; set and reset while nothing streams

    mutable std::mutex mutex_; // guards all below; nothing but the attachment's quick calls happen under it
    std::condition_variable changed_;
    std::unique_ptr<BroadcastServer::Attachment> attachment_;
    std::shared_ptr<const RoomCounts> counts_;
    bool flushed_ = true;
    bool interrupted_ = false;
};

} // namespace lt::broadcast
