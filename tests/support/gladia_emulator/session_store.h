// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/gladia_emulator/session.h"

#include <memory>
#include <string_view>
#include <vector>

namespace lt::emulator {

/// The sessions, oldest first. Those that are over are forgotten when there are more than `kept`.
class SessionStore {
public:
    explicit SessionStore(std::size_t kept) : kept_(kept) {}

    void add(std::shared_ptr<Session> session);
    std::shared_ptr<Session> byId(std::string_view id) const;
    std::shared_ptr<Session> byToken(std::string_view token) const;
    void remove(std::string_view id);
    void clear() { sessions_.clear(); }
    const std::vector<std::shared_ptr<Session>> &all() const { return sessions_; }
    /// Not over yet.
    std::size_t live() const;

private:
    const std::size_t kept_;
    std::vector<std::shared_ptr<Session>> sessions_;
};

} // namespace lt::emulator
