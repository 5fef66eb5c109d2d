// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/session_store.h"

#include <algorithm>
#include <utility>

namespace lt::emulator {

namespace {

bool isOver(const std::shared_ptr<Session> &session) {
    return session->state() == Session::State::kDone;
}

template <typename Predicate>
std::shared_ptr<Session> findIn(const std::vector<std::shared_ptr<Session>> &sessions, Predicate matches) {
    const auto found = std::find_if(sessions.begin(), sessions.end(), matches);
    return found == sessions.end() ? nullptr : *found;
}

} // namespace

void SessionStore::add(std::shared_ptr<Session> session) {
    if (sessions_.size() >= kept_) {
        const auto oldest = std::find_if(sessions_.begin(), sessions_.end(), isOver);
        if (oldest != sessions_.end())
            sessions_.erase(oldest);
    }
    sessions_.push_back(std::move(session));
}

std::shared_ptr<Session> SessionStore::byId(std::string_view id) const {
    return findIn(sessions_, [id](const auto &session) { return session->identity().id == id; });
}

std::shared_ptr<Session> SessionStore::byToken(std::string_view token) const {
    return findIn(sessions_, [token](const auto &session) { return session->identity().token == token; });
}

void SessionStore::remove(std::string_view id) {
    std::erase_if(sessions_, [id](const auto &session) { return session->identity().id == id; });
}

std::size_t SessionStore::live() const {
    return sessions_.size() -
           static_cast<std::size_t>(std::count_if(sessions_.begin(), sessions_.end(), isOver));
}

} // namespace lt::emulator
