// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/session_overview.h"
#include "lib/metrics/registry.h"
#include "pipelines/livetranscriptd/supervisor.h"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace lt::service {

/// The sessions as the world outside sees them: `/sessions`, `/readyz` and the series `service.…` of
/// `/metrics`. The control loop writes, any thread reads; nobody waits for anybody.
class SessionBoard : public broadcast::SessionOverview {
public:
    explicit SessionBoard(metrics::Registry &registry = metrics::registry());

    // Control loop's thread.
    void put(const SessionReport &report);
    void remove(const std::string &session);
    /// One line of a session's life, as the log has it.
    void count(const std::string &event);
    void setLimit(std::size_t sessions);
    void setStuck(std::size_t pipelines);
    /// From now on `/readyz` says this word; "" as long as sessions are taken.
    void close(const std::string &why);

    /// A line for people.
    std::string summary() const;
    std::vector<std::string> names() const override;
    void describe(const std::string &session, JsonWriter &object) const override;
    std::string closedBecause() const override;

private:
    struct Card {
        SessionReport report;
        metrics::SessionSeries series;
    };
    void tellWaiting(); // locked

    metrics::Registry &registry_;
    mutable std::mutex mutex_; // guards all below
    std::map<std::string, Card> cards_;
    std::size_t limit_ = 0;
    std::string closed_;
};

} // namespace lt::service
