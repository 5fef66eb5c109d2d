// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/gladia_emulator/session.h"

#include <cstdint>
#include <vector>

namespace lt::emulator {

/// "queued", "processing" or "done".
const char *jobStatus(const Session &session);
/// The job object of GET /v2/live/{id} and of the list.
support::JsonObjectRef jobObject(const Session &session);
/// The recording as a WAV file. Empty audio is a valid file as well.
std::vector<std::uint8_t> recordingFile(const Session &session);

} // namespace lt::emulator
