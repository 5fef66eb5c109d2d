// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/rtmpserversrc/stream_output.h"

#include "elements/rtmpserversrc/sample_clock.h"
#include "lib/rtmp/flv.h"

#include <cstdlib>

namespace lt::rtmpserversrc {

namespace {

/// Part of the message's own memory, which the buffer takes over.
BufferRef wrap(std::uint8_t *region, std::size_t start, std::size_t size, std::size_t room) {
    return BufferRef(gst_buffer_new_wrapped_full(static_cast<GstMemoryFlags>(0), region, room, start, size,
                                                 region, std::free));
}

class FlvOutput final : public StreamOutput {
public:
    explicit FlvOutput(bool withVideo) : withVideo_(withVideo) {}

    CapsRef newCaps(const Tag &) override {
        return offset_ == 0 ? CapsRef(gst_caps_new_empty_simple("video/x-flv")) : CapsRef();
    }

    void add(Tag tag, std::deque<BufferRef> &out) override {
        if (offset_ == 0)
            out.push_back(header(tag.ms));
        const auto ms = tag.ms;
        const bool delta = tag.media.kind == rtmp::MediaTag::Kind::Video;
        const auto flv =
            rtmp::makeFlvTag(tag.media.flvType(), static_cast<std::uint32_t>(ms), std::move(tag.media.body));
        BufferRef buffer = wrap(flv.region, flv.start, flv.size, flv.start + flv.size);
        stamp(buffer.get(), ms);
        if (tag.discont)
            GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
        if (delta)
            GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT);
        out.push_back(std::move(buffer));
    }

private:
    BufferRef header(std::uint64_t ms) {
        const auto bytes = rtmp::flvHeader(true, withVideo_);
        BufferRef buffer(gst_buffer_new_memdup(bytes.data(), bytes.size()));
        stamp(buffer.get(), ms);
        GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_HEADER);
        return buffer;
    }

    void stamp(GstBuffer *buffer, std::uint64_t ms) {
        GST_BUFFER_PTS(buffer) = GST_BUFFER_DTS(buffer) = ms * GST_MSECOND;
        // The demuxer takes offset 0 for the beginning of a file, and nothing else.
        GST_BUFFER_OFFSET(buffer) = offset_;
        offset_ += gst_buffer_get_size(buffer);
        GST_BUFFER_OFFSET_END(buffer) = offset_;
    }

    const bool withVideo_;
    guint64 offset_ = 0;
};

class AudioOutput final : public StreamOutput {
public:
    CapsRef newCaps(const Tag &tag) override {
        const auto &format = tag.media.format;
        if (tag.media.kind != rtmp::MediaTag::Kind::Audio || format == format_)
            return {};
        const bool same = format_ && *format_ == *format; // another publisher, the same audio
        format_ = format;
        return same ? CapsRef() : capsOf(*format);
    }

    void add(Tag tag, std::deque<BufferRef> &out) override {
        if (tag.media.kind != rtmp::MediaTag::Kind::Audio)
            return;
        const auto payload = tag.media.payload();
        const unsigned samples = format_->samplesIn(payload);
        const auto time = clock_.place(tag.ms, samples, format_->rate, tag.discont);
        const std::size_t size = payload.size();
        const std::size_t start = tag.media.body.start() + tag.media.headerBytes;
        BufferRef buffer = wrap(tag.media.body.release(), start, size, start + size);
        GST_BUFFER_PTS(buffer.get()) = GST_BUFFER_DTS(buffer.get()) = time.pts;
        if (samples > 0)
            GST_BUFFER_DURATION(buffer.get()) = time.duration;
        if (tag.discont)
            GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
        out.push_back(std::move(buffer));
    }

private:
    std::shared_ptr<const rtmp::AudioFormat> format_;
    SampleClock clock_;
};

} // namespace

std::unique_ptr<StreamOutput> makeFlvOutput(bool withVideo) {
    return std::make_unique<FlvOutput>(withVideo);
}

std::unique_ptr<StreamOutput> makeAudioOutput() {
    return std::make_unique<AudioOutput>();
}

CapsRef capsOf(const rtmp::AudioFormat &format) {
    using rtmp::AudioCodec;
    GstStructure *audio = nullptr;
    switch (format.codec) {
    case AudioCodec::Aac:
        audio = gst_structure_new("audio/mpeg", "mpegversion", G_TYPE_INT, 4, "stream-format", G_TYPE_STRING,
                                  "raw", "framed", G_TYPE_BOOLEAN, TRUE, nullptr);
        break;
    case AudioCodec::Mp3:
        audio = gst_structure_new("audio/mpeg", "mpegversion", G_TYPE_INT, 1, "layer", G_TYPE_INT, 3,
                                  "parsed", G_TYPE_BOOLEAN, TRUE, nullptr);
        break;
    case AudioCodec::Alaw:
        audio = gst_structure_new_empty("audio/x-alaw");
        break;
    case AudioCodec::Mulaw:
        audio = gst_structure_new_empty("audio/x-mulaw");
        break;
    case AudioCodec::Opus:
        audio = gst_structure_new("audio/x-opus", "channel-mapping-family", G_TYPE_INT, 0, nullptr);
        break;
    case AudioCodec::None:
        return {};
    }
    gst_structure_set(audio, "rate", G_TYPE_INT, static_cast<gint>(format.rate), "channels", G_TYPE_INT,
                      static_cast<gint>(format.channels), nullptr);
    if (format.codec == AudioCodec::Aac) {
        const BufferRef data(gst_buffer_new_memdup(format.codecData.data(), format.codecData.size()));
        gst_structure_set(audio, "codec_data", GST_TYPE_BUFFER, data.get(), nullptr);
    }
    CapsRef caps(gst_caps_new_empty());
    gst_caps_append_structure(caps.get(), audio);
    return caps;
}

} // namespace lt::rtmpserversrc
