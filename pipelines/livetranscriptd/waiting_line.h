// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <set>
#include <string>
#include <vector>

namespace lt::service {

/// Places of which there are few, given to sessions in the order in which they asked. One thread.
class WaitingLine {
public:
    explicit WaitingLine(std::size_t places) : places_(places) {}

    /// True: it has a place now; else it stands in line. Asking again changes nothing.
    bool ask(const std::string &session) {
        if (holders_.count(session))
            return true;
        if (std::find(line_.begin(), line_.end(), session) != line_.end())
            return false;
        line_.push_back(session);
        return !admit().empty();
    }

    /// Gives up the place, or the stand in line. Returns those who have a place from now on.
    std::vector<std::string> leave(const std::string &session) {
        holders_.erase(session);
        std::erase(line_, session);
        return admit();
    }

    /// Fewer places take none away from who has one.
    std::vector<std::string> resize(std::size_t places) {
        places_ = places;
        return admit();
    }

    std::size_t waiting() const { return line_.size(); }
    std::size_t held() const { return holders_.size(); }

private:
    std::vector<std::string> admit() {
        std::vector<std::string> admitted;
        while (!line_.empty() && holders_.size() < places_) {
            holders_.insert(line_.front());
            admitted.push_back(std::move(line_.front()));
            line_.pop_front();
        }
        return admitted;
    }

    std::size_t places_;
    std::set<std::string> holders_;
    std::deque<std::string> line_;
};

} // namespace lt::service
