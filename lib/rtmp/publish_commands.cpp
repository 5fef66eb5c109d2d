// SPDX-License-Identifier: LGPL-2.1-or-later

/// The part of PublishSession that understands commands.
#include "lib/rtmp/publish_session.h"

#include "lib/rtmp/replies.h"

namespace lt::rtmp {

void PublishSession::command(const MessageHeader &header, Bytes body) {
    AmfReader amf(body, limits_);
    const auto name = amf.next();
    const auto transactionValue = amf.next();
    if (!name || !name->isString()) {
        finish(SessionEnd::Violation, "unreadable command");
        return;
    }
    const double transaction =
        transactionValue && transactionValue->isNumber() ? transactionValue->number : 0;
    // Unreadable arguments count as absent.
    const AmfValue object = amf.next().value_or(AmfValue());
    const AmfValue argument = amf.next().value_or(AmfValue());
    const std::string_view what = name->text;

    if (what == "connect") {
        connect(transaction, object);
    } else if (state_ == State::Connecting) {
        finish(SessionEnd::Violation, "a command before connect");
    } else if (what == "createStream") {
        if (++streamsCreated_ > limits_.messageStreams)
            finish(SessionEnd::Violation, "too many message streams");
        else
            answer(transaction, replies::streamCreated(transaction, streamsCreated_));
    } else if (what == "releaseStream" || what == "FCPublish") {
        answer(transaction, replies::done(transaction));
        if (what == "FCPublish" && transaction != 0)
            sendCommand(0, replies::fcPublish());
    } else if (what == "publish") {
        publish(header.messageStream, argument);
    } else if (what == "play" || what == "play2") {
        messageStream_ = header.messageStream;
        sendCommand(messageStream_,
                    replies::status("error", "NetStream.Play.Failed", "This server only takes publishers."));
        finish(SessionEnd::Refused, "a player, not a publisher");
    } else if (what == "FCUnpublish" || what == "closeStream") {
        unpublish(what);
    } else if (what == "deleteStream") {
        // Some publishers name the stream instead of giving its number.
        if (!argument.isNumber() || argument.number == messageStream_)
            unpublish(what);
    } else if (what != "_result" && what != "_error" && what != "onStatus") {
        answer(transaction,
               replies::failed(transaction, "NetConnection.Call.Failed", "This server has no such method."));
    }
}

void PublishSession::publish(std::uint32_t messageStream, const AmfValue &name) {
    if (state_ != State::Connected) {
        close("This connection is publishing already.");
        return;
    }
    state_ = State::Deciding;
    messageStream_ = messageStream;
    PublishRequest request;
    request.software = software_;
    if (streamsCreated_ == 0 || messageStream == 0)
        request.problem = "publish needs a message stream: createStream comes first.";
    else
        StreamAddress::parse(app_, name.isString() ? std::string_view(name.text) : std::string_view(),
                             limits_, request.address, request.problem);
    events_.publishRequested(request);
}

void PublishSession::unpublish(std::string_view command) {
    if (state_ == State::Publishing || state_ == State::Deciding)
        finish(SessionEnd::Unpublished, std::string("the publisher ended the stream with ").append(command));
}

} // namespace lt::rtmp
