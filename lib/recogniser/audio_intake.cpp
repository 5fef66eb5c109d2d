// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/recogniser/audio_intake.h"

#include <utility>

#include <gst/audio/audio.h>

namespace lt {

void AudioIntake::reset() {
    gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
    nextPts_ = GST_CLOCK_TIME_NONE;
}

bool AudioIntake::setCaps(const GstCaps *caps) {
    const GstStructure *structure = gst_caps_get_structure(caps, 0);
    gint rate = 0, channels = 0;
    if (!gst_structure_get_int(structure, "rate", &rate) ||
        !gst_structure_get_int(structure, "channels", &channels) || rate <= 0 || channels <= 0)
        return false;
    AudioFormat format;
    format.rate = static_cast<std::uint32_t>(rate);
    format.channels = static_cast<std::uint32_t>(channels);
    if (gst_structure_has_name(structure, "audio/x-alaw"))
        format.encoding = Encoding::Alaw;
    else if (gst_structure_has_name(structure, "audio/x-mulaw"))
        format.encoding = Encoding::Ulaw;
    else if (g_strcmp0(gst_structure_get_string(structure, "format"), "S16LE") != 0)
        return false;
    format_ = format;
    return true;
}

bool AudioIntake::setSegment(const GstSegment *segment) {
    if (segment->format != GST_FORMAT_TIME)
        return false;
    segment_ = *segment;
    return true;
}

bool AudioIntake::stamp(BufferRef &buffer, std::string &error) {
    if (GST_BUFFER_PTS_IS_VALID(buffer.get()))
        return true;
    if (!GST_CLOCK_TIME_IS_VALID(nextPts_) || GST_BUFFER_IS_DISCONT(buffer.get())) {
        error = "Audio must carry timestamps: the first buffer, or one after a discontinuity, has none.";
        return false;
    }
    // It follows the one before: the count of frames says when.
    buffer.reset(gst_buffer_make_writable(buffer.release()));
    GST_BUFFER_PTS(buffer.get()) = nextPts_;
    return true;
}

std::optional<AudioBlock> AudioIntake::take(BufferRef buffer, std::uint64_t nowNs, std::string &error) {
    if (!hasCaps() || segment_.format != GST_FORMAT_TIME) {
        error = hasCaps() ? "Audio came without a segment in time." : "Audio came without caps.";
        return std::nullopt;
    }
    if (!stamp(buffer, error))
        return std::nullopt;
    const auto bytesPerFrame = format_.bytesPerFrame();
    nextPts_ = GST_BUFFER_PTS(buffer.get()) + format_.nsOfBytes(gst_buffer_get_size(buffer.get()));
    buffer.reset(gst_audio_buffer_clip(buffer.release(), &segment_, static_cast<gint>(format_.rate),
                                       static_cast<gint>(bytesPerFrame)));
    if (!buffer)
        return std::nullopt;
    AudioBlock block;
    block.bytes = gst_buffer_get_size(buffer.get()) / bytesPerFrame * bytesPerFrame;
    block.runningNs = gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer.get()));
    if (block.bytes == 0 || !GST_CLOCK_TIME_IS_VALID(block.runningNs))
        return std::nullopt;
    block.buffer = std::move(buffer);
    block.enteredNs = nowNs;
    block.format = format_;
    return block;
}

} // namespace lt
