// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/rtmpserversrc/publisher_inbox.h"
#include "lib/gst/refs.h"

#include <deque>
#include <memory>

#include <gst/gst.h>

namespace lt::rtmpserversrc {

/// Turns what the inbox gives out into buffers, stamped with the stream's time. The pad's task alone.
class StreamOutput {
public:
    virtual ~StreamOutput() = default;
    /// What has to be negotiated before this tag's buffers; null when nothing new.
    virtual CapsRef newCaps(const Tag &tag) = 0;
    /// Appends the buffers of a tag: none, or one, or a header before it.
    virtual void add(Tag tag, std::deque<BufferRef> &out) = 0;
};

/// FLV, one buffer per tag.
std::unique_ptr<StreamOutput> makeFlvOutput(bool withVideo);
/// The publisher's coded audio as it is, with the caps a decoder needs.
std::unique_ptr<StreamOutput> makeAudioOutput();

/// Caps of coded audio.
CapsRef capsOf(const rtmp::AudioFormat &format);

} // namespace lt::rtmpserversrc
