// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace lt::bench {

/// Processor, memory, kernel, versions of what is measured, load at the moment: a Markdown list.
/// `peerVersion` is a command whose first line names the peer; null: there is none.
std::string machineFacts(const char *peerVersion);

} // namespace lt::bench
