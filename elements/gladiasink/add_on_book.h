// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/protocol.h"

#include <cstddef>
#include <deque>
#include <set>
#include <string>
#include <tuple>

namespace lt::gladia {

/// Which utterance of a session an add-on result is about, and which results were there already. The service
/// names the utterance by its id or by the counter in it alone. Bounded. Pure, one thread.
class AddOnBook {
public:
    /// A final that results may come for.
    void noteFinal(const std::string &id, int channel, double start);

    /// The id of the utterance that `result` is about; when that is not known, a name made of the result.
    std::string utteranceOf(const AddOnResult &result) const;
    /// False when there was such a result of this utterance in this language.
    bool isNew(AddOnResult::Kind kind, const std::string &utteranceId, const std::string &language);

private:
    static constexpr std::size_t kMaxFinals = 256;
    static constexpr std::size_t kMaxResults = 4096;

    struct Final {
        std::string id;
        int channel;
        double start;
    };
    using Key = std::tuple<AddOnResult::Kind, std::string, std::string>;

    std::deque<Final> finals_; // oldest first
    std::set<Key> results_;
    std::deque<Key> resultOrder_; // oldest first
};

} // namespace lt::gladia
