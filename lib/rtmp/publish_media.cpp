// SPDX-License-Identifier: LGPL-2.1-or-later

/// The part of PublishSession that sorts what a publisher publishes.
#include "lib/rtmp/publish_session.h"

#include "lib/rtmp/byte_order.h"
#include "lib/rtmp/printable.h"

namespace lt::rtmp {

namespace {

constexpr std::size_t kSubTagHeader = 11;
constexpr std::size_t kSubTagTrailer = 4;
constexpr std::size_t kMetadataTextMax = 256;
constexpr double kMetadataNumberMax = 16384;

} // namespace

void PublishSession::media(std::uint8_t type, std::uint32_t timestamp, Block body) {
    hadMedia_ = true;
    if (type == kAudio)
        audio(timestamp, std::move(body));
    else
        video(timestamp, std::move(body));
}

void PublishSession::audio(std::uint32_t timestamp, Block body) {
    using Verdict = AudioTrack::Verdict;
    counters_.audioBytes += body.size();
    const Verdict verdict = audio_.look(body);
    switch (verdict) {
    case Verdict::Frame:
    case Verdict::Config:
        counters_.audioFrames += verdict == Verdict::Frame;
        events_.media(
            {.kind = verdict == Verdict::Frame ? MediaTag::Kind::Audio : MediaTag::Kind::AudioConfig,
             .timestamp = timestamp,
             .arrival = lastByteAt_,
             .body = std::move(body),
             .format = audio_.format(),
             .headerBytes = audio_.headerBytes()});
        return;
    case Verdict::BeforeConfig:
        counters_.audioBeforeConfig++;
        return;
    case Verdict::Malformed:
        counters_.audioMalformed++;
        return;
    case Verdict::Silence:
    case Verdict::Ignored:
        counters_.audioIgnored++;
        return;
    case Verdict::Unsupported: {
        close("The audio codec is not supported: this stream takes AAC, MP3" +
              std::string(terms_.takeOpus ? ", G.711 and Opus" : " and G.711") + ", the publisher sends " +
              audio_.unsupported() + ".");
        end_ = SessionEnd::Unsupported;
        return;
    }
    }
}

void PublishSession::video(std::uint32_t timestamp, Block body) {
    using Verdict = VideoTrack::Verdict;
    counters_.videoFrames++;
    counters_.videoBytes += body.size();
    counters_.videoKeyFrames += !body.empty() && isKeyFrame(body.at(0));
    const Verdict verdict = terms_.wantVideo ? video_.look(body.bytes()) : Verdict::Dropped;
    if (verdict == Verdict::Dropped) {
        counters_.videoDropped++;
        return;
    }
    events_.media({.kind = verdict == Verdict::Config     ? MediaTag::Kind::VideoConfig
                           : verdict == Verdict::KeyFrame ? MediaTag::Kind::VideoKey
                                                          : MediaTag::Kind::Video,
                   .timestamp = timestamp,
                   .arrival = lastByteAt_,
                   .body = std::move(body)});
}

/// Passes on what is known to be harmless: a demuxer would follow any nesting and believe any number.
void PublishSession::metadata(const MessageHeader &header, Bytes body) {
    AmfReader amf(body, limits_);
    auto name = amf.next();
    if (name && name->isString() && name->text == "@setDataFrame")
        name = amf.next();
    const auto object = amf.next();
    if (!name || name->text != "onMetaData" || !object || !object->isObject()) {
        counters_.messagesDropped++;
        return;
    }
    std::vector<std::uint8_t> clean;
    AmfWriter writer(clean);
    writer.string("onMetaData").beginObject();
    const std::size_t empty = clean.size();
    for (const char *key : {"encoder", "metadatacreator"}) {
        const auto text = printable(object->memberText(key), kMetadataTextMax);
        if (!text.empty())
            writer.key(key).string(text);
    }
    for (const char *key : {"width", "height", "framerate"}) {
        const auto *value = terms_.wantVideo ? object->member(key) : nullptr;
        if (value && value->isNumber() && value->number >= 1 && value->number <= kMetadataNumberMax)
            writer.key(key).number(value->number);
    }
    if (clean.size() == empty)
        return;
    writer.endObject();
    Block tag(clean.size());
    tag.append(clean);
    events_.media({.kind = MediaTag::Kind::Metadata,
                   .timestamp = header.timestamp,
                   .arrival = lastByteAt_,
                   .body = std::move(tag)});
}

void PublishSession::aggregate(const MessageHeader &header, Bytes body) {
    bool first = true;
    std::uint32_t firstTime = 0;
    while (!body.empty() && !over()) {
        if (body.size() < kSubTagHeader) {
            finish(SessionEnd::Violation, "aggregate message ends too early");
            return;
        }
        const std::uint8_t type = body[0];
        const std::size_t size = readU24(body.data() + 1);
        const std::uint32_t time = readU24(body.data() + 4) | static_cast<std::uint32_t>(body[7]) << 24;
        if (body.size() - kSubTagHeader < size) {
            finish(SessionEnd::Violation, "aggregate message ends too early");
            return;
        }
        if (first)
            firstTime = time;
        first = false;
        const Bytes content = body.subspan(kSubTagHeader, size);
        const std::uint32_t timestamp = header.timestamp + (time - firstTime);
        if (type == kAudio || type == kVideo) {
            Block copy(size);
            copy.append(content);
            media(type, timestamp, std::move(copy));
        } else {
            counters_.messagesDropped++;
        }
        // The last sub-message may lack its back pointer.
        body = body.subspan(std::min(body.size(), kSubTagHeader + size + kSubTagTrailer));
    }
}

} // namespace lt::rtmp
