// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"

#include <string>

#include <gst/gst.h>

/// How the elements of one pipeline agree on the session's name (docs/architecture.md, "Session name").
namespace lt {

/// Type of the GstContext; its structure has one field "session" (string).
constexpr const char *kSessionContextType = "livetranscript.session";
constexpr const char *kDefaultSession = "default";

/// The name for an element whose `session` property is unset: from downstream of `pad` (may be null), then
/// from the application or an enclosing bin (NEED_CONTEXT), else kDefaultSession. Names that are no slug are
/// passed over with a warning in the log. Call in a state change or from the streaming thread, without locks:
/// it queries and posts.
LT_EXPORT std::string resolveSession(GstElement *element, GstPad *pad);

/// For an element whose `session` is set: tells the enclosing bins, so that they can answer the others. No
/// locks.
LT_EXPORT void announceSession(GstElement *element, const std::string &session);

/// Answers a CONTEXT query for the session; false when `query` asks for something else or `session` is empty.
LT_EXPORT bool answerSessionQuery(GstQuery *query, const std::string &session);

} // namespace lt
