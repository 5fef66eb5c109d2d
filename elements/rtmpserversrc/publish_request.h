// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/rtmp/publish_door.h"

#include <glib-object.h>
#include <gst/gst.h>

namespace lt::rtmpserversrc {

/// The element's door: its tokens first (null: none are wanted), then the application by the signal
/// "publish-request" of `element`, which outlives it.
std::shared_ptr<rtmp::PublishDoor> makeElementDoor(GstElement *element,
                                                   std::shared_ptr<rtmp::PublishDoor> tokens);

void installPublishRequest(GObjectClass *klass);

} // namespace lt::rtmpserversrc
