// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/rtmpserversrc/publisher_inbox.h"
#include "lib/gst/refs.h"

#include <string>

#include <gst/gst.h>

/// What the element tells its application. No locks may be held: each of these posts.
namespace lt::rtmpserversrc {

struct StreamNames {
    std::string app;
    std::string stream;
};

/// Element message "rtmpserversrc/publish".
void reportPublished(GstElement *element, const StreamNames &names, const Published &news);
/// Element message "rtmpserversrc/unpublish"; before it a WARNING when the codec was the reason.
void reportEnded(GstElement *element, const StreamNames &names, const Ended &news);
/// Element message "rtmpserversrc/gap", in running time.
void reportGap(GstElement *element, const StreamNames &names, GstClockTime from, GstClockTime to);
/// WARNING: frames were dropped because downstream is slow.
void reportLost(GstElement *element, guint64 frames);

/// The property `stats`; either pointer may be null before the first start.
StructureRef statsOf(const PublisherInbox *inbox, const rtmp::StreamStatsBox *box);

} // namespace lt::rtmpserversrc
