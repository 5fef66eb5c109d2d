// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptbroadcast/broadcast_settings.h"

#include "lib/net/io_threads.h"

#include <chrono>

namespace {

struct NumberProperty {
    const char *name, *nick, *blurb;
    guint minimum, maximum, byDefault;
};

/// In the order of BroadcastSettings::Number.
constexpr NumberProperty kNumbers[] = {
    {"max-queue", "Maximum queue",
     "Messages that may wait for one slow viewer before the oldest are dropped, partials first", 1, 100000,
     500},
    {"max-queue-bytes", "Maximum queue in bytes",
     "Bytes of messages that may wait for one slow viewer before the oldest are dropped, partials first",
     1024, 1024 * 1024 * 1024, 1024 * 1024},
    {"max-partial-age-ms", "Maximum age of a partial",
     "A partial that has waited for a slow viewer for longer is dropped, in milliseconds (0 = never)", 0,
     3600000, 3000},
    {"write-timeout-ms", "Write timeout",
     "A viewer for which something waits and that takes nothing for this long is closed with code 1013, in "
     "milliseconds (0 = never)",
     0, 3600000, 10000},
    {"dedup-window", "Dedup window",
     "Finals remembered, so that one that comes again is not sent again (0 = off)", 0, 1000000, 1000},
    {"history", "History",
     "Finals that a viewer of protocol version 2 is sent when it joins (0 = none, and no resumption)", 0,
     1000, 100},
    {"lease-ttl-ms", "Lease time to live",
     "The coordinator lease passes on when its holder does not renew it for this long, in milliseconds", 100,
     3600000, 5000},
    {"drain-ms", "Drain time",
     "Leaving without EOS closes the viewers a batch after the other over at most this time, in milliseconds "
     "(0 = all at once)",
     0, 5000, 1000},
    {"room-linger-ms", "Room linger time",
     "Viewers, numbers and history of the session stay for this long when the element stops without EOS, for "
     "the next element of the session, in milliseconds",
     0, 3600000, 0},
    {"io-threads", "IO threads", "Threads over which this session's viewers are spread", 1,
     lt::net::kMaxFanoutLoops, 1},
    {"max-message-rate", "Maximum message rate",
     "Messages a viewer may send in a second; one more closes it with code 1008 (0 = any number)", 0, 100000,
     20},
};
static_assert(std::size(kNumbers) == BroadcastSettings::NumberCount);

std::string textOf(const GValue *value) {
    const gchar *text = g_value_get_string(value);
    return text ? text : "";
}

} // namespace

BroadcastSettings::BroadcastSettings() {
    for (std::size_t i = 0; i < NumberCount; i++)
        numbers[i] = kNumbers[i].byDefault;
}

bool BroadcastSettings::set(guint id, const GValue *value) {
    switch (id) {
    case PROP_ADDRESS:
        address = textOf(value).empty() ? kDefaultAddress : textOf(value);
        return true;
    case PROP_PORT:
        port = g_value_get_uint(value);
        return true;
    case PROP_SESSION:
        session = textOf(value);
        return true;
    default:
        if (id < PROP_FIRST_NUMBER || id >= PROP_FIRST_NUMBER + NumberCount)
            return access.set(id, value);
        numbers[id - PROP_FIRST_NUMBER] = g_value_get_uint(value);
        return true;
    }
}

bool BroadcastSettings::get(guint id, GValue *value) const {
    switch (id) {
    case PROP_ADDRESS:
        g_value_set_string(value, address.c_str());
        return true;
    case PROP_PORT:
        g_value_set_uint(value, port);
        return true;
    case PROP_SESSION:
        g_value_set_string(value, session.empty() ? nullptr : session.c_str());
        return true;
    default:
        if (id < PROP_FIRST_NUMBER || id >= PROP_FIRST_NUMBER + NumberCount)
            return access.get(id, value);
        g_value_set_uint(value, numbers[id - PROP_FIRST_NUMBER]);
        return true;
    }
}

lt::broadcast::RoomSettings BroadcastSettings::room() const {
    const auto milliseconds = [this](Number number) {
        return std::chrono::milliseconds(numbers[number]);
    };
    lt::broadcast::RoomSettings room;
    room.maxQueue = numbers[MaxQueue];
    room.maxQueueBytes = numbers[MaxQueueBytes];
    room.maxPartialAge = milliseconds(MaxPartialAge);
    room.writeTimeout = milliseconds(WriteTimeout);
    room.dedupWindow = numbers[DedupWindow];
    room.history = numbers[History];
    room.leaseTtl = milliseconds(LeaseTtl);
    room.drain = milliseconds(Drain);
    room.linger = milliseconds(RoomLinger);
    room.ioThreads = numbers[IoThreads];
    room.maxMessageRate = numbers[MaxMessageRate];
    return room;
}

void BroadcastSettings::install(GObjectClass *klass) {
    const auto ready =
        static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
    const auto readonly = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    g_object_class_install_property(
        klass, PROP_ADDRESS,
        g_param_spec_string("address", "Address",
                            "IP address to listen on; 0.0.0.0 or :: for all of the machine's",
                            kDefaultAddress, ready));
    g_object_class_install_property(
        klass, PROP_PORT,
        g_param_spec_uint("port", "Port", "TCP port to listen on (0 = any free one, see current-port)", 0,
                          65535, kDefaultPort, ready));
    g_object_class_install_property(klass, PROP_CURRENT_PORT,
                                    g_param_spec_uint("current-port", "Current port",
                                                      "TCP port in use (0 = not listening)", 0, 65535, 0,
                                                      readonly));
    g_object_class_install_property(
        klass, PROP_SESSION,
        g_param_spec_string("session", "Session",
                            "Name of the session, 1-128 of [A-Za-z0-9_.-] (unset = from the context "
                            "livetranscript.session, else \"default\")",
                            nullptr, ready));
    for (guint i = 0; i < NumberCount; i++) {
        const NumberProperty &number = kNumbers[i];
        g_object_class_install_property(klass, PROP_FIRST_NUMBER + i,
                                        g_param_spec_uint(number.name, number.nick, number.blurb,
                                                          number.minimum, number.maximum, number.byDefault,
                                                          ready));
    }
    g_object_class_install_property(klass, PROP_STATS,
                                    g_param_spec_boxed("stats", "Statistics",
                                                       "Counts of messages and viewers since the last start",
                                                       GST_TYPE_STRUCTURE, readonly));
    AccessProperties::install(klass);
}
