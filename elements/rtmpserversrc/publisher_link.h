// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/rtmpserversrc/publisher_inbox.h"
#include "elements/rtmpserversrc/reports.h"
#include "elements/rtmpserversrc/settings.h"
#include "lib/gst/refs.h"

#include <memory>
#include <mutex>

#include <gst/gst.h>

namespace lt::rtmpserversrc {

/// The element's hold on its stream at the process's RTMP server. Inbox and statistics outlive close().
class PublisherLink {
public:
    /// Binds and claims, waits for nobody. False after it has posted an error on `element`. State changes
    /// only, as close().
    bool open(GstElement *element, const Settings &settings, const StreamNames &names);
    /// From its return on nothing is written to the inbox.
    void close();

    // Any thread.
    /// Null before the first open().
    std::shared_ptr<PublisherInbox> inbox() const;
    /// 0 while closed.
    guint port() const;
    StructureRef stats() const;

private:
    // State changes only. The claim goes before the server.
    std::shared_ptr<rtmp::RtmpServer> server_;
    std::unique_ptr<rtmp::RtmpServer::Claim> claim_;

    mutable std::mutex mutex_; // guards all below
    std::shared_ptr<PublisherInbox> inbox_;
    std::shared_ptr<const rtmp::StreamStatsBox> stats_;
    guint port_ = 0;
};

} // namespace lt::rtmpserversrc
