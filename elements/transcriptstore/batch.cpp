// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/batch.h"

#include <utility>

namespace lt::store {

void Batch::add(StoredMessage message) {
    const auto [place, isNew] = places_.try_emplace(identityOf(message), messages_.size());
    if (isNew)
        messages_.push_back(std::move(message));
    else if (StoredMessage &known = messages_[place->second];
             supersedes(message.transcript, known.transcript))
        known = std::move(message);
}

} // namespace lt::store
