// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/viewer_notices.h"

#include "lib/transcript/json_writer.h"

#include <array>
#include <chrono>

namespace lt::broadcast {

namespace {

constexpr int kProtocol = 2;
constexpr std::array<const char *, 4> kStateWords = {"waiting", "live", "paused", "queued"};

std::string_view wordOf(RoomState state) {
    return kStateWords[static_cast<std::size_t>(state)];
}

std::int64_t milliseconds(net::Duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

JsonWriter begin(std::string_view type) {
    JsonWriter writer;
    writer.beginObject().key("type").string(type);
    return writer;
}

std::string end(JsonWriter &writer, std::int64_t unixMs) {
    writer.key("serverTimestamp").integer(unixMs).endObject();
    return writer.take();
}

void writeText(JsonWriter &writer, std::string_view name, std::string_view text) {
    if (!text.empty())
        writer.key(name).string(text);
}

void writeHolder(JsonWriter &writer, std::string_view name, const std::optional<LeaseView> &holder) {
    writer.key(name);
    if (!holder) {
        writer.null();
        return;
    }
    writer.beginObject().key("token").unsignedInteger(holder->token);
    writer.key("viewerId").unsignedInteger(holder->viewerId);
    writeText(writer, "userId", holder->userId);
    writer.key("ttlMs").integer(holder->ttlMs).endObject();
}

void writePosition(JsonWriter &writer, std::string_view session, std::string_view epoch, std::uint64_t seq) {
    writer.key("sessionSlug").string(session).key("epoch").string(epoch).key("seq").unsignedInteger(seq);
}

} // namespace

std::string helloMessage(const Hello &hello) {
    JsonWriter writer = begin("hello");
    writer.key("protocol").integer(kProtocol);
    writePosition(writer, hello.session, hello.epoch, hello.seq);
    writer.key("state").string(wordOf(hello.state));
    if (hello.resumed)
        writer.key("resumed").boolean(*hello.resumed);
    writer.key("viewerId").unsignedInteger(hello.viewerId);
    writeText(writer, "userId", hello.userId);
    writer.key("mayCoordinate").boolean(hello.mayCoordinate);
    writeText(writer, "recogniser", hello.recogniser);
    writer.key("heartbeat");
    if (hello.heartbeat)
        writer.beginObject()
            .key("intervalMs")
            .integer(milliseconds(hello.heartbeat->interval))
            .key("deadlineMs")
            .integer(milliseconds(hello.heartbeat->deadline))
            .endObject();
    else
        writer.null();
    writeHolder(writer, "lease", hello.lease);
    return end(writer, hello.unixMs);
}

std::string snapshotMessage(const Stamp &stamp, std::string_view epoch, const History::Excerpt &excerpt) {
    JsonWriter writer = begin("snapshot");
    writePosition(writer, stamp.session, epoch, stamp.seq);
    writer.key("afterSeq").unsignedInteger(excerpt.afterSeq);
    writer.key("messages").raw("[" + excerpt.messages + "]");
    return end(writer, stamp.unixMs);
}

std::string replayMessage(std::uint64_t fromSeq, const History::Range &range, std::int64_t unixMs) {
    JsonWriter writer = begin("replay");
    writer.key("fromSeq").unsignedInteger(fromSeq).key("toSeq").unsignedInteger(range.toSeq);
    writer.key("afterSeq").unsignedInteger(range.afterSeq);
    writer.key("messages").raw("[" + range.messages + "]");
    return end(writer, unixMs);
}

std::string gapMessage(const QueueDrops &drops, std::int64_t unixMs) {
    const ClassCount lost = drops.total();
    JsonWriter writer = begin("gap");
    writer.key("fromSeq").unsignedInteger(drops.firstSeq).key("toSeq").unsignedInteger(drops.lastSeq);
    writer.key("partials").unsignedInteger(lost.partials).key("finals").unsignedInteger(lost.finals);
    return end(writer, unixMs);
}

std::string stateMessage(RoomState state, std::int64_t unixMs) {
    JsonWriter writer = begin("state");
    writer.key("state").string(wordOf(state));
    return end(writer, unixMs);
}

std::string pongMessage(std::int64_t unixMs) {
    JsonWriter writer = begin("pong");
    return end(writer, unixMs);
}

std::string errorMessage(RefusalCode code, std::string_view request, std::string_view sentence) {
    JsonWriter writer = begin("error");
    writer.key("code").string(refusalWord(code));
    writeText(writer, "request", request);
    writer.key("message").string(sentence).endObject();
    return writer.take();
}

std::string shutdownMessage(std::uint32_t reconnectAfterMs, std::string_view reason, std::int64_t unixMs) {
    JsonWriter writer = begin("shutdown");
    writer.key("reconnectAfterMs").unsignedInteger(reconnectAfterMs).key("reason").string(reason);
    return end(writer, unixMs);
}

std::string sessionEndMessage(const Stamp &stamp, std::string_view epoch) {
    JsonWriter writer = begin("session_end");
    writePosition(writer, stamp.session, epoch, stamp.seq);
    return end(writer, stamp.unixMs);
}

std::string leaseMessage(const LeaseNews &news, bool toEverybody) {
    JsonWriter writer = begin("lease");
    writer.key("event").string(news.event);
    writeHolder(writer, "holder", news.holder);
    if (!toEverybody) {
        writer.key("you").string(news.isHolder ? "holder" : news.position > 0 ? "candidate" : "none");
        if (news.position > 0)
            writer.key("position").unsignedInteger(news.position);
    }
    writer.key("candidates").unsignedInteger(news.candidates);
    return end(writer, news.unixMs);
}

std::string insightMessage(const Stamp &stamp, const LeaseView &holder, std::string_view data) {
    JsonWriter writer = begin("insight");
    writer.key("sessionSlug").string(stamp.session).key("seq").unsignedInteger(stamp.seq);
    writer.key("token").unsignedInteger(holder.token).key("viewerId").unsignedInteger(holder.viewerId);
    writeText(writer, "userId", holder.userId);
    writer.key("data").raw(data);
    return end(writer, stamp.unixMs);
}

} // namespace lt::broadcast
