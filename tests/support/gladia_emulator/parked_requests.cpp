// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/parked_requests.h"

#include <algorithm>
#include <utility>

namespace lt::emulator {

ParkedRequests::~ParkedRequests() {
    forget();
}

ParkedRequests::Place ParkedRequests::add(SoupServerMessage *message, Task later) {
    parked_.push_back(
        {support::ObjectRef<SoupServerMessage>(static_cast<SoupServerMessage *>(g_object_ref(message))),
         std::move(later), nullptr});
    const Place place = std::prev(parked_.end());
    place->gone =
        g_signal_connect(message, "disconnected", G_CALLBACK(+[](SoupServerMessage *gone, gpointer data) {
                             auto *self = static_cast<ParkedRequests *>(data);
                             const auto found =
                                 std::find_if(self->parked_.begin(), self->parked_.end(),
                                              [gone](const Parked &p) { return p.message.get() == gone; });
                             if (found != self->parked_.end())
                                 self->drop(found);
                         }),
                         this);
    soup_server_message_pause(message);
    return place;
}

void ParkedRequests::park(SoupServerMessage *message, unsigned delayMs, Task later) {
    const Place place = add(message, std::move(later));
    place->timer = thread_.startTimer(delayMs, [this, place] {
        resume(place);
        return false;
    });
}

void ParkedRequests::parkUntilRelease(SoupServerMessage *message, Task later) {
    add(message, std::move(later));
}

void ParkedRequests::resume(Place place) {
    const support::ObjectRef<SoupServerMessage> message(
        static_cast<SoupServerMessage *>(g_object_ref(place->message.get())));
    const Task later = std::move(place->later);
    drop(place);
    soup_server_message_unpause(message.get());
    later(message.get());
}

void ParkedRequests::drop(Place place) {
    g_signal_handler_disconnect(place->message.get(), place->gone);
    parked_.erase(place);
}

void ParkedRequests::release() {
    for (Place place = parked_.begin(); place != parked_.end();) {
        const Place next = std::next(place);
        if (!place->timer)
            resume(place);
        place = next;
    }
}

void ParkedRequests::forget() {
    while (!parked_.empty())
        drop(parked_.begin());
}

} // namespace lt::emulator
