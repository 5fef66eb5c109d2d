// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/admission/stream_guard.h"

#include <utility>

namespace lt {

namespace {

StreamGuard::Why whyOf(Places::Full full) {
    switch (full) {
    case Places::Full::Session:
        return StreamGuard::Why::Session;
    case Places::Full::Address:
        return StreamGuard::Why::Address;
    case Places::Full::Total:
        break;
    }
    return StreamGuard::Why::Total;
}

} // namespace

StreamPass::~StreamPass() {
    leave();
}

void StreamPass::leave() {
    std::shared_ptr<Places> places;
    {
        std::lock_guard lock(mutex_);
        places = std::exchange(places_, nullptr);
    }
    if (places)
        places->release(session_, address_);
}

StreamGuard::StreamGuard(const PlaceLimits &limits, std::string what)
    : what_(std::move(what)), limits_(limits) {}

std::variant<StreamPassRef, StreamGuard::Denied> StreamGuard::admitStream(const std::string &session,
                                                                          const std::string &address) {
    auto pass = std::make_shared<StreamPass>();
    pass->session_ = session;
    pass->address_ = address;
    std::lock_guard lock(mutex_);
    if (!closedBecause_.empty())
        return Denied{Why::Closed, {RefusalCode::Unavailable, closedBecause_}};
    if (const auto full = places_->acquire(limits_, session, address))
        return Denied{whyOf(*full), refusalFor(*full, limits_)};
    pass->places_ = places_;
    return pass;
}

Refusal StreamGuard::refusalFor(Places::Full full, const PlaceLimits &limits) const {
    const auto sentence = [this](std::size_t limit, const char *where) {
        const std::string noun = limit == 1 ? what_.substr(0, what_.size() - 1) : what_;
        return "No more than " + std::to_string(limit) + " " + noun + " " + where + ": try again later.";
    };
    switch (full) {
    case Places::Full::Session:
        return {RefusalCode::ResourceExhausted, sentence(limits.perSession, "of one session")};
    case Places::Full::Address:
        return {RefusalCode::ResourceExhausted, sentence(limits.perAddress, "from one address")};
    case Places::Full::Total:
        break;
    }
    return {RefusalCode::ResourceExhausted, sentence(limits.total, "at a time")};
}

void StreamGuard::setLimits(const PlaceLimits &limits) {
    std::lock_guard lock(mutex_);
    limits_ = limits;
}

void StreamGuard::close(const std::string &why) {
    std::lock_guard lock(mutex_);
    closedBecause_ = why;
}

} // namespace lt
