// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/utterance_book.h"

namespace lt::gladia {

UtteranceBook::Entry UtteranceBook::note(const std::string &id, bool isFinal, bool hasText) {
    if (finished_.contains(id))
        return {Verdict::Repeated, 0};
    const auto found = revisions_.find(id);
    const std::uint64_t revision = found == revisions_.end() ? 1 : found->second + 1;
    if (isFinal)
        finish(id);
    if (!hasText && (!isFinal || revision == 1))
        return {Verdict::Empty, 0};
    if (isFinal)
        return {Verdict::Pass, revision};
    if (revision == 1)
        openOrder_.push_back(id);
    revisions_[id] = revision;
    while (openOrder_.size() > kMaxOpen) {
        revisions_.erase(openOrder_.front());
        openOrder_.pop_front();
    }
    return {Verdict::Pass, revision};
}

void UtteranceBook::finish(const std::string &id) {
    revisions_.erase(id);
    std::erase(openOrder_, id);
    finished_.insert(id);
    finishedOrder_.push_back(id);
    if (finishedOrder_.size() > kMaxFinished) {
        finished_.erase(finishedOrder_.front());
        finishedOrder_.pop_front();
    }
}

} // namespace lt::gladia
