// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptstore/database.h"

#include <string>
#include <vector>

#include <glib.h>

/// What the tests of the store put into it.
namespace store_test {

using lt::store::StoredMessage;

/// Unlike g_assert_cmpstr(), for texts that are temporary.
inline void expectText(const std::string &got, const std::string &wanted) {
    g_assert_cmpstr(got.c_str(), ==, wanted.c_str());
}

inline const lt::store::Origin kOrigin{"demo", "run-1", 1767225600000};

inline lt::Transcript spoken(const std::string &id, const std::string &text, std::uint64_t revision = 1,
                             bool isFinal = true) {
    lt::Transcript transcript;
    transcript.epoch = "e1";
    transcript.utteranceId = id;
    transcript.revision = revision;
    transcript.isFinal = isFinal;
    transcript.language = "en";
    transcript.text = text;
    transcript.startNs = 1500000000;
    transcript.endNs = 2000000000;
    transcript.confidence = 0.5;
    return transcript;
}

inline StoredMessage stored(const lt::Transcript &transcript, const lt::store::Origin &origin = kOrigin) {
    return lt::store::makeMessage(transcript, origin, 1767225601500, 1);
}

inline StoredMessage stored(const std::string &id, const std::string &text, std::uint64_t revision = 1,
                            bool isFinal = true) {
    return stored(spoken(id, text, revision, isFinal));
}

/// Everything a message can hold, with text that is hard on quoting.
inline lt::Transcript everything() {
    lt::Transcript transcript = spoken("u-all", "He said \"a\\b\", {NULL}, 'c' % ü 😀\nnew line\t.");
    transcript.channel = 1;
    transcript.speaker = "Zoë \"Z\"";
    transcript.participantId = "p-1";
    transcript.words = {{"He", 1500000000, 1600000000, 0.9}, {"said \"a\\b\"", 1600000000, 1700000000, -1}};
    return transcript;
}

inline const lt::store::Patience &patience() {
    static const lt::store::Patience plenty(lt::store::TimePoint::clock::now() + std::chrono::hours(1));
    return plenty;
}

inline void assertDone(const lt::store::Answer &answer) {
    g_assert_cmpstr(answer.sentence.c_str(), ==, "");
    g_assert_true(answer.done());
}

/// All that is stored of a session, in its order.
inline std::vector<StoredMessage> readAll(lt::store::Database &database, const std::string &session = "demo",
                                          bool finalsOnly = false) {
    std::vector<StoredMessage> found;
    lt::store::Selection selection;
    selection.session = session;
    selection.finalsOnly = finalsOnly;
    assertDone(database.read(
        selection,
        [&](const StoredMessage &message) {
            found.push_back(message);
            return true;
        },
        patience()));
    return found;
}

} // namespace store_test
