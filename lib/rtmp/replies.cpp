// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/replies.h"

#include "lib/rtmp/amf0.h"

namespace lt::rtmp::replies {

namespace {

AmfWriter &info(AmfWriter &amf, std::string_view level, std::string_view code, std::string_view description) {
    return amf.beginObject()
        .key("level")
        .string(level)
        .key("code")
        .string(code)
        .key("description")
        .string(description);
}

} // namespace

Body connected(double transaction) {
    Body body;
    AmfWriter amf(body);
    amf.string("_result").number(transaction);
    amf.beginObject().key("fmsVer").string("FMS/3,5,7,7009").key("capabilities").number(31).endObject();
    info(amf, "status", "NetConnection.Connect.Success", "Connection succeeded.")
        .key("objectEncoding")
        .number(0)
        .endObject();
    return body;
}

Body done(double transaction) {
    Body body;
    AmfWriter(body).string("_result").number(transaction).null().undefined();
    return body;
}

Body streamCreated(double transaction, std::uint32_t messageStream) {
    Body body;
    AmfWriter(body).string("_result").number(transaction).null().number(messageStream);
    return body;
}

Body failed(double transaction, std::string_view code, std::string_view description) {
    Body body;
    AmfWriter amf(body);
    amf.string("_error").number(transaction).null();
    info(amf, "error", code, description).endObject();
    return body;
}

Body status(std::string_view level, std::string_view code, std::string_view description) {
    Body body;
    AmfWriter amf(body);
    amf.string("onStatus").number(0).null();
    info(amf, level, code, description).endObject();
    return body;
}

Body fcPublish() {
    Body body;
    AmfWriter amf(body);
    amf.string("onFCPublish").number(0).null();
    info(amf, "status", "NetStream.Publish.Start", "ok").endObject();
    return body;
}

} // namespace lt::rtmp::replies
