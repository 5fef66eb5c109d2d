// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/greeter.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace lt::broadcast {

FrameRef Greeter::build(const Built &request, const Hello &hello) const {
    if (request.isReplay) {
        std::string wire = history_.replay(request.number, request.filter, request.split);
        return wire.empty() ? nullptr : std::make_shared<const Frame>(std::move(wire));
    }
    const auto excerpt =
        history_.excerpt(static_cast<std::size_t>(request.number), request.filter, request.split);
    return makeNotice(snapshotMessage({hello.session, hello.seq, hello.unixMs}, hello.epoch, excerpt));
}

FrameRef Greeter::find(Built request, const Hello &hello) {
    const auto known = std::find_if(built_.begin(), built_.end(),
                                    [&request](const Built &built) { return built.sameRequest(request); });
    if (known != built_.end())
        return known->frame;
    request.frame = build(request, hello);
    if (built_.size() == kMaxBuilt) // requests of many kinds: the oldest makes room
        built_.erase(built_.begin());
    built_.push_back(std::move(request));
    return built_.back().frame;
}

std::vector<FrameRef> Greeter::greet(Hello &hello, const ViewerProfile &profile, std::size_t finals) {
    const bool split = isSplit(profile.form);
    if (profile.since)
        hello.resumed = profile.since->epoch == hello.epoch && profile.since->seq <= hello.seq &&
                        history_.reachesBackTo(profile.since->seq);
    std::vector<FrameRef> frames{makeNotice(helloMessage(hello))};
    FrameRef past = hello.resumed.value_or(false)
                        ? find({true, profile.since->seq, split, profile.filter, nullptr}, hello)
                        : find({false, profile.rewind.value_or(static_cast<std::uint32_t>(finals)), split,
                                profile.filter, nullptr},
                               hello);
    if (past)
        frames.push_back(std::move(past));
    return frames;
}

} // namespace lt::broadcast
