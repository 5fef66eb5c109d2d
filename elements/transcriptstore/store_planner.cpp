// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/store_planner.h"

#include <algorithm>

namespace lt::store {

namespace {

constexpr unsigned kMaxDoublings = 10;
constexpr double kSpread = 0.25; // of the wait, up or down

} // namespace

void StorePlanner::databaseWorked() {
    failures_ = 0;
    hopeless_ = false;
}

void StorePlanner::databaseFailed(TimePoint now, double chance, bool hopeless) {
    if (failures_++ == 0)
        outSince_ = now;
    hopeless_ = hopeless;
    const auto wait = hopeless
                          ? kLastRetry
                          : std::min(kLastRetry, kFirstRetry * (1 << std::min(failures_ - 1, kMaxDoublings)));
    const double factor = 1 - kSpread + 2 * kSpread * chance;
    retryAt_ = now + std::chrono::duration_cast<std::chrono::steady_clock::duration>(wait * factor);
}

bool StorePlanner::mustSpool(const Situation &situation, TimePoint now) const {
    const bool late = situation.settleBy && now >= *situation.settleBy;
    if (situation.queued == 0 || (spoolRests(now) && !(situation.finishing && late)))
        return false;
    if (late)
        return true;
    return situation.queued > policy_.maxQueue ||
           (databaseIsOut() && (hopeless_ || now >= outSince_ + kSpoolAfter));
}

TimePoint StorePlanner::wakeTime(const Situation &situation, TimePoint now) const {
    TimePoint wake = TimePoint::max();
    const auto consider = [&wake](TimePoint at) {
        wake = std::min(wake, at);
    };
    if (situation.settleBy && now < *situation.settleBy)
        consider(*situation.settleBy);
    if (situation.spooled)
        consider(retryAt_); // else it would be replayed now
    else if (situation.queued)
        consider(databaseIsOut() ? std::max(retryAt_, situation.oldest + policy_.flush)
                                 : situation.oldest + policy_.flush);
    if (situation.queued && databaseIsOut() && now < outSince_ + kSpoolAfter)
        consider(outSince_ + kSpoolAfter);
    if (situation.queued && spoolRests(now))
        consider(*spoolFailedAt_ + kSpoolRetry);
    return wake;
}

Plan StorePlanner::next(const Situation &situation, TimePoint now) const {
    const bool late = situation.settleBy && now >= *situation.settleBy;
    const bool spoolHadItsLastTry = spoolFailedAt_ && late && *spoolFailedAt_ >= *situation.settleBy;
    if (situation.finishing && late && (situation.queued == 0 || spoolHadItsLastTry))
        return {Step::Finish};
    if (mustSpool(situation, now))
        return {Step::Spool};
    const bool databaseDue = !databaseIsOut() || now >= retryAt_;
    if (situation.spooled && databaseDue)
        return {Step::Replay};
    if (situation.queued == 0 && situation.finishing && (situation.spooled == 0 || databaseIsOut()))
        return {Step::Finish}; // what is on disk is safe there, and tried again at the next start
    const bool batchDue = situation.queued >= policy_.maxBatch || situation.finishing || situation.settleBy ||
                          now >= situation.oldest + policy_.flush;
    if (situation.queued && situation.spooled == 0 && databaseDue && batchDue)
        return {Step::Commit};
    return {Step::Wait, wakeTime(situation, now)};
}

} // namespace lt::store
