// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/rtmpserversrc/publisher_inbox.h"
#include "elements/rtmpserversrc/stream_clock.h"
#include "lib/gst/refs.h"

#include <string>

#include <gst/gst.h>

/// What the element tells its application. No locks may be held: each of these posts.
namespace lt::rtmpserversrc {

struct StreamNames {
    std::string app;
    std::string stream;
};

/// Element messages "rtmpserversrc/publish", "rtmpserversrc/unpublish" (before it a WARNING when the codec
/// was the reason, or frames were lost) and "rtmpserversrc/gap", whichever `news` is; nothing for a tag.
void reportNews(GstElement *element, const StreamNames &names, const Arrival &news, const StreamClock &clock);
/// ERROR: cannot listen.
void reportListenError(GstElement *element, const net::ListenError &failure);
/// WARNING: frames were dropped because downstream is slow.
void reportLost(GstElement *element, guint64 frames);
/// WARNING: a publisher sends more than it may.
void reportThrottled(GstElement *element, const std::string &peer, guint bitsPerSecond);

/// The property `stats`; either pointer may be null before the first start.
StructureRef statsOf(const PublisherInbox *inbox, const rtmp::StreamStatsBox *box);

} // namespace lt::rtmpserversrc
