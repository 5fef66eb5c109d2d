// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace lt::sphinx {

/// Sends what PocketSphinx says to GStreamer's log, category pocketsphinx, instead of stderr. It has one log
/// per process, and another one per thread. Any number of times, before PocketSphinx is used on a thread.
void redirectPocketSphinxLog();

/// Forgets, and afterwards tells, the errors PocketSphinx reported on this thread: one line.
void forgetPocketSphinxErrors();
std::string pocketSphinxErrors();

} // namespace lt::sphinx
