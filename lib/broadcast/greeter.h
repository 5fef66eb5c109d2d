// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/frame.h"
#include "lib/broadcast/history.h"
#include "lib/broadcast/viewer_notices.h"
#include "lib/broadcast/viewer_profile.h"

#include <cstdint>
#include <vector>

namespace lt::broadcast {

/// What a viewer of version 2 is sent when it joins: hello, then either what it has missed or a snapshot. The
/// latter two are built when first asked for after a change and shared by all who join until the next one.
/// On the room's thread.
class Greeter {
public:
    explicit Greeter(const History &history) : history_(history) {}

    /// `hello` says all but whether the viewer's position was good, which is filled in. `finals`: of a
    /// snapshot, unless the viewer asks for another number.
    std::vector<FrameRef> greet(Hello &hello, const ViewerProfile &profile, std::size_t finals);
    /// The history has changed.
    void invalidate() { built_.clear(); }

private:
    static constexpr std::size_t kMaxBuilt = 16;

    struct Built {
        bool isReplay;
        std::uint64_t number; // of finals, or the position
        bool split;
        ViewerFilter filter;
        FrameRef frame; // null: nothing to send

        bool sameRequest(const Built &other) const {
            return isReplay == other.isReplay && number == other.number && split == other.split &&
                   filter == other.filter;
        }
    };
    FrameRef build(const Built &request, const Hello &hello) const;
    FrameRef find(Built request, const Hello &hello);

    const History &history_;
    std::vector<Built> built_;
};

} // namespace lt::broadcast
