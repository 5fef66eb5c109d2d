// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/admission/stream_guard.h"
#include "lib/net/event_loop.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lt::broadcast {

/// Which rendering of a message a viewer gets.
enum class ViewerForm : std::uint8_t {
    V1,      ///< transcripts alone, of type "transcript"
    V1Split, ///< likewise, of types "transcript_partial" and "transcript_final" (?types=split)
    V2,      ///< everything
    V2Split,
};
constexpr std::size_t kViewerForms = 4;

constexpr bool isV2(ViewerForm form) {
    return form >= ViewerForm::V2;
}
constexpr bool isSplit(ViewerForm form) {
    return form == ViewerForm::V1Split || form == ViewerForm::V2Split;
}

/// What a viewer leaves out.
struct ViewerFilter {
    bool finalsOnly = false;
    std::vector<std::string> languages; ///< lower case; empty: all

    bool operator==(const ViewerFilter &) const = default;
    bool everything() const { return !finalsOnly && languages.empty(); }
    /// A message in no language ("") passes; "en" takes "en-GB" too.
    bool takes(bool isPartial, std::string_view language) const;
};

/// The last message a returning viewer has seen.
struct ViewerPosition {
    std::string epoch;
    std::uint64_t seq = 0;

    bool operator==(const ViewerPosition &) const = default;
};

/// Who a viewer is and what it asked for: filled where it is let in, consumed by its room.
struct ViewerProfile {
    ViewerForm form = ViewerForm::V1;
    ViewerFilter filter;
    std::optional<ViewerPosition> since;  ///< version 2: resume here
    std::optional<std::uint32_t> rewind;  ///< version 2: finals of the snapshot, at most kMaxRewind
    std::string userId;                   ///< "" when unknown
    bool mayCoordinate = true;            ///< version 2: may claim the lease
    std::optional<net::TimePoint> expiry; ///< of its token: closed with 4401 then
    StreamPassRef pass;                   ///< held until the viewer's socket is closed; null: not counted
};

constexpr std::uint32_t kMaxRewind = 1000;
constexpr const char *kViewerSubprotocol = "livetranscript.v2";

/// Reads the parameters of docs/viewer-protocol.md, but for credentials. `query` answers "" for what is
/// absent; `subprotocol`: the client offered kViewerSubprotocol. On nonsense nothing, and `error` is a
/// sentence.
std::optional<ViewerProfile> viewerProfileOf(const std::function<std::string_view(const char *name)> &query,
                                             bool subprotocol, std::string &error);

} // namespace lt::broadcast
