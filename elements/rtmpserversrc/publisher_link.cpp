// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/rtmpserversrc/publisher_link.h"

#include "elements/rtmpserversrc/publish_request.h"

#include <exception>

GST_DEBUG_CATEGORY_EXTERN(gst_rtmp_server_src_debug);
#define GST_CAT_DEFAULT gst_rtmp_server_src_debug

namespace lt::rtmpserversrc {

bool PublisherLink::open(GstElement *element, const Settings &settings, const StreamNames &names) try {
    auto inbox = std::make_shared<PublisherInbox>(
        InboxOptions{settings.wantVideo(), std::chrono::milliseconds(settings.maxQueueMs)});
    auto options = settings.claimOptions();
    std::shared_ptr<rtmp::PublishDoor> tokens;
    if (settings.tokens.set()) {
        std::string problem;
        tokens = rtmp::makeTokenDoor(settings.tokens, problem);
        if (!tokens) {
            GST_ELEMENT_ERROR(element, RESOURCE, SETTINGS, ("%s", problem.c_str()), (nullptr));
            return false;
        }
    }
    options.throttled = [element, limit = settings.maxBitrate](const std::string &peer) {
        reportThrottled(element, peer, limit);
    };
    options.door = makeElementDoor(element, std::move(tokens));
    net::ListenError failure;
    rtmp::ServerLimits limits;
    limits.publishRates = settings.publishRates;
    auto server = rtmp::RtmpServer::acquire(settings.address, static_cast<std::uint16_t>(settings.port),
                                            failure, limits, settings.tls);
    if (!server) {
        reportListenError(element, failure);
        return false;
    }
    auto claim = server->claim(names.app, names.stream, options, *inbox);
    if (!claim) {
        GST_ELEMENT_ERROR(element, RESOURCE, BUSY,
                          ("Another element receives /%s/%s on %s:%u already.", names.app.c_str(),
                           names.stream.c_str(), settings.address.c_str(), server->port()),
                          (nullptr));
        return false;
    }
    std::lock_guard lock(mutex_);
    inbox_ = std::move(inbox);
    stats_ = claim->stats();
    port_ = server->port();
    server_ = std::move(server);
    claim_ = std::move(claim);
    return true;
} catch (const std::exception &error) {
    GST_ELEMENT_ERROR(element, RESOURCE, OPEN_READ, ("Cannot start the RTMP server: %s.", error.what()),
                      (nullptr));
    return false;
}

void PublisherLink::close() {
    claim_.reset();
    server_.reset();
    std::lock_guard lock(mutex_);
    port_ = 0;
}

std::shared_ptr<PublisherInbox> PublisherLink::inbox() const {
    std::lock_guard lock(mutex_);
    return inbox_;
}

guint PublisherLink::port() const {
    std::lock_guard lock(mutex_);
    return port_;
}

StructureRef PublisherLink::stats() const {
    std::shared_ptr<PublisherInbox> inbox;
    std::shared_ptr<const rtmp::StreamStatsBox> box;
    {
        std::lock_guard lock(mutex_);
        inbox = inbox_;
        box = stats_;
    }
    return statsOf(inbox.get(), box.get());
}

} // namespace lt::rtmpserversrc
