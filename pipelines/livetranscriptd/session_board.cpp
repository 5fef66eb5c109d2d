// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/session_board.h"

#include <algorithm>

namespace lt::service {

namespace names = metrics::names;

namespace {

constexpr const char *kFull = "no more sessions";

std::int64_t gaugeOf(std::size_t count) {
    return static_cast<std::int64_t>(count);
}

} // namespace

SessionBoard::SessionBoard(metrics::Registry &registry) : registry_(registry) {
    // All series are there from the start, so that a monitor can tell "none" from "not measured".
    for (const auto *gauge : {&names::kSessions, &names::kSessionsWaiting, &names::kPipelinesStuck})
        registry_.gauge(*gauge).set(0);
    for (const auto *counter :
         {&names::kSessionsBegun, &names::kSessionsFailed, &names::kSessionsIdle, &names::kRestarts})
        registry_.counter(*counter);
}

void SessionBoard::put(const SessionReport &report) {
    std::lock_guard lock(mutex_);
    const auto [found, isNew] = cards_.try_emplace(report.name, Card{report, registry_.session(report.name)});
    Card &card = found->second;
    card.report = report;
    card.series.gauge(names::kSessionStart).set(report.begunUnixMs / 1000);
    card.series.gauge(names::kSessionRestarts).set(report.restarts);
    card.series.gauge(names::kSessionWaiting).set(report.waiting ? 1 : 0);
    if (isNew)
        registry_.counter(names::kSessionsBegun).add();
    tellWaiting();
}

void SessionBoard::remove(const std::string &session) {
    std::lock_guard lock(mutex_);
    cards_.erase(session);
    tellWaiting();
}

void SessionBoard::tellWaiting() {
    registry_.gauge(names::kSessions).set(gaugeOf(cards_.size()));
    const auto waiting = std::count_if(cards_.begin(), cards_.end(),
                                       [](const auto &each) { return each.second.report.waiting; });
    registry_.gauge(names::kSessionsWaiting).set(waiting);
}

void SessionBoard::count(const std::string &event) {
    if (event == "restarting")
        registry_.counter(names::kRestarts).add();
    else if (event == "failed")
        registry_.counter(names::kSessionsFailed).add();
    else if (event == "idle")
        registry_.counter(names::kSessionsIdle).add();
}

void SessionBoard::setLimit(std::size_t sessions) {
    registry_.gauge(names::kSessionLimit).set(gaugeOf(sessions));
    std::lock_guard lock(mutex_);
    limit_ = sessions;
}

void SessionBoard::setStuck(std::size_t pipelines) {
    registry_.gauge(names::kPipelinesStuck).set(gaugeOf(pipelines));
}

void SessionBoard::close(const std::string &why) {
    std::lock_guard lock(mutex_);
    closed_ = why;
}

std::string SessionBoard::summary() const {
    std::lock_guard lock(mutex_);
    std::string line = std::to_string(cards_.size()) + " of " + std::to_string(limit_) + " sessions, " +
                       std::to_string(registry_.gauge(names::kSessionsWaiting).value()) + " of them waiting";
    if (const auto stuck = registry_.gauge(names::kPipelinesStuck).value())
        line += ", " + std::to_string(stuck) + " pipelines stuck";
    return closed_.empty() ? line : closed_ + ": " + line;
}

std::vector<std::string> SessionBoard::names() const {
    std::vector<std::string> all;
    std::lock_guard lock(mutex_);
    for (const auto &[name, card] : cards_)
        all.push_back(name);
    return all;
}

void SessionBoard::describe(const std::string &session, JsonWriter &object) const {
    SessionReport report;
    {
        std::lock_guard lock(mutex_);
        const auto found = cards_.find(session);
        if (found == cards_.end())
            return;
        report = found->second.report;
    }
    object.key("state").string(report.state).key("sinceUnixMs").integer(report.begunUnixMs);
    object.key("restarts").integer(report.restarts);
    object.key("publisher");
    if (report.publisher.peer.empty())
        object.null();
    else
        object.beginObject()
            .key("address")
            .string(report.publisher.peer)
            .key("software")
            .string(report.publisher.software)
            .endObject();
    if (!report.lastError.empty())
        object.key("lastError").string(report.lastError);
}

std::string SessionBoard::closedBecause() const {
    std::lock_guard lock(mutex_);
    if (!closed_.empty())
        return closed_;
    return limit_ > 0 && cards_.size() >= limit_ ? kFull : "";
}

} // namespace lt::service
