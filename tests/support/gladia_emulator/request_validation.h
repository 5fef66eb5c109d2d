// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/gladia_emulator/audio_format.h"
#include "tests/support/gladia_emulator/messages_config.h"
#include "tests/support/gladia_emulator/speech_segmenter.h"
#include "tests/support/glib_refs.h"

#include <string>
#include <string_view>
#include <vector>

namespace lt::emulator {

/// What the body of POST /v2/live asks for, as far as the emulator acts on it.
struct LiveConfig {
    AudioFormat format;
    SegmenterConfig segmenter;
    MessagesConfig messages;
    std::vector<std::string> languages;
    std::vector<std::string> translationTargets; ///< empty: no translation
    bool entities = false;
    bool sentiment = false;
    bool summarization = false;
    bool chapterization = false;
    std::string callbackUrl; ///< empty: no callbacks
    MessagesConfig callbackMessages;
    std::string customMetadata; ///< JSON object, or empty
    std::string requestParams;  ///< the body with the defaults filled in, JSON
};

struct ValidationResult {
    LiveConfig config;
    /// One sentence each, as in the "validation_errors" of the answer; empty: the request is accepted.
    std::vector<std::string> errors;
};

/// Checks `body` against the documented fields and ranges. An empty body means {}. With `strict` a key that
/// is not documented is an error as well; the service itself refuses some of them and takes others.
ValidationResult validateLiveRequest(std::string_view body, bool strict);

} // namespace lt::emulator
