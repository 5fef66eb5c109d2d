// SPDX-License-Identifier: LGPL-2.1-or-later
// What happens to the server and to all its connections.
#include "tests/support/gladia_emulator/fault_actions.h"
#include "tests/support/gladia_emulator/http_reply.h"
#include "tests/support/gladia_emulator/live_server.h"

#include <algorithm>

namespace lt::emulator {

void LiveServer::applyFaults() {
    for (const auto &occurrence : faults_.takeDue())
        happen(occurrence);
    for (const auto &connection : connections_)
        connection->faultsChanged();
    faultTimer_.reset();
    if (const auto wait = faults_.msUntilDue())
        faultTimer_ = thread_.startTimer(static_cast<unsigned>(*wait), [this] {
            const support::SourceRef self = std::move(faultTimer_);
            applyFaults();
            return false;
        });
    changed_();
}

void LiveServer::timeMoved() {
    applyFaults();
    endOutages();
    for (const auto &session : store_.all())
        session->checkLimits();
    changed_();
}

void LiveServer::happen(const Faults::Occurrence &occurrence) {
    const Fault &fault = occurrence.fault;
    print(std::string("-- ") + nameOf(fault.kind));
    if (fault.kind == FaultKind::kOutage && fault.silent) {
        beginSilence(fault.forMs);
    } else if (fault.kind == FaultKind::kOutage || fault.kind == FaultKind::kRestart) {
        goOffTheAir(fault.forMs);
        if (fault.forgetSessions)
            store_.clear();
    } else {
        for (const auto &connection : connections_) {
            if (occurrence.connection == 0 || occurrence.connection == connection->number())
                perform(fault, *connection);
        }
    }
}

bool LiveServer::goOnTheAir(GError **error) {
    if (!socket_.listen(error))
        return false;
    const auto shared = socket_.share(error);
    return shared && soup_server_listen_socket(server_.get(), shared.get(), SoupServerListenOptions{}, error);
}

void LiveServer::goOffTheAir(std::int64_t forMs) {
    setSilent(false);
    parked_.forget();
    for (const auto &connection : connections_)
        connection->drop();
    if (!offTheAirUntilMs_) {
        soup_server_disconnect(server_.get());
        socket_.stop();
    }
    const std::int64_t until = options_.clock.monotonicMilliseconds() + forMs;
    offTheAirUntilMs_ = std::max(offTheAirUntilMs_.value_or(until), until);
    endOutages();
}

void LiveServer::beginSilence(std::int64_t forMs) {
    const std::int64_t until = options_.clock.monotonicMilliseconds() + forMs;
    silentUntilMs_ = std::max(silentUntilMs_.value_or(until), until);
    setSilent(true);
    endOutages();
}

/// Ends those whose time is over, and comes back for the others. Of overlapping ones the longest counts.
void LiveServer::endOutages() {
    const std::int64_t now = options_.clock.monotonicMilliseconds();
    if (offTheAirUntilMs_ && now >= *offTheAirUntilMs_) {
        offTheAirUntilMs_.reset();
        GError *problem = nullptr;
        if (!goOnTheAir(&problem)) {
            const support::ErrorRef owned(problem);
            print(std::string("cannot listen again: ") + owned->message);
        }
        reachableAgain();
    }
    if (silentUntilMs_ && now >= *silentUntilMs_) {
        reachableAgain();
        setSilent(false);
    }
    outageTimer_.reset();
    if (!offTheAirUntilMs_ && !silentUntilMs_)
        return;
    const std::int64_t next =
        std::min(offTheAirUntilMs_.value_or(G_MAXINT64), silentUntilMs_.value_or(G_MAXINT64));
    outageTimer_ = thread_.startTimer(static_cast<unsigned>(next - now), [this] {
        const support::SourceRef self = std::move(outageTimer_);
        endOutages();
        return false;
    });
}

void LiveServer::reachableAgain() {
    reachableAgainUs_ = g_get_monotonic_time();
    recovering_.clear();
    for (const auto &session : store_.all()) {
        if (session->state() == Session::State::kRecording)
            recovering_.insert(session->identity().id);
    }
}

void LiveServer::setSilent(bool silent) {
    silent_ = silent;
    if (!silent)
        silentUntilMs_.reset();
    for (const auto &session : store_.all())
        session->freeze(silent);
    for (const auto &connection : connections_)
        connection->freeze(silent);
    if (!silent)
        parked_.release();
}

void LiveServer::refuse(SoupServerMessage *message, const Fault &fault) {
    if (fault.retryAfterS > 0)
        soup_message_headers_replace(soup_server_message_get_response_headers(message), "Retry-After",
                                     std::to_string(fault.retryAfterS).c_str());
    const std::vector<std::string> errors =
        fault.status == SOUP_STATUS_BAD_REQUEST
            ? std::vector<std::string>{"refused on demand of a fault script"}
            : std::vector<std::string>{};
    replyError(message, fault.status, fault.message.empty() ? usualMessage(fault.status) : fault.message,
               errors);
}

} // namespace lt::emulator
