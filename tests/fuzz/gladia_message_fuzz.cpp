// SPDX-License-Identifier: LGPL-2.1-or-later
// What Gladia answers and says: whatever comes, texts are one line of UTF-8 without spaces around, times and
// numbers are within their bounds, and what is made of it is a transcript that can be read again.
#include "elements/gladiasink/ack_scanner.h"
#include "elements/gladiasink/protocol.h"
#include "elements/gladiasink/session_transcripts.h"
#include "elements/gladiasink/utterance_scanner.h"
#include "tests/fuzz/fuzz_target.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include <glib.h>

using namespace lt;
using namespace lt::gladia;

namespace {

void require(bool holds, const char *what) {
    if (holds)
        return;
    std::fprintf(stderr, "not so: %s\n", what);
    std::abort();
}

void checkText(const std::string &text) {
    require(g_utf8_validate_len(text.data(), text.size(), nullptr), "a text is UTF-8");
    for (const char c : text)
        require(!g_ascii_iscntrl(c), "a text is one line");
    if (text.empty())
        return;
    require(!g_unichar_isspace(g_utf8_get_char(text.c_str())), "a text begins without a space");
    const char *last = g_utf8_find_prev_char(text.c_str(), text.c_str() + text.size());
    require(!g_unichar_isspace(g_utf8_get_char(last)), "a text ends without a space");
}

void checkSeconds(double seconds) {
    require(std::isfinite(seconds) && seconds >= 0 && seconds <= 1e7, "a time is within a session");
}

void checkConfidence(double confidence) {
    require(confidence == -1 || (confidence >= 0 && confidence <= 1), "a confidence is 0 to 1 or unknown");
}

struct Check {
    void operator()(const Utterance &said) const {
        checkText(said.text);
        checkText(said.language);
        checkSeconds(said.start);
        checkSeconds(said.end);
        require(said.end >= said.start, "an utterance does not end before its start");
        require(said.channel >= 0 && said.channel <= 255, "a channel is 0 to 255");
        require(g_utf8_validate_len(said.id.data(), said.id.size(), nullptr), "an id is UTF-8");
        checkConfidence(said.confidence);
        for (const SpokenWord &word : said.words) {
            checkText(word.text);
            require(!word.text.empty(), "a word has letters");
            checkSeconds(word.start);
            checkSeconds(word.end);
            checkConfidence(word.confidence);
        }
    }
    void operator()(const AddOnResult &result) const {
        (*this)(result.utterance);
        checkSeconds(result.originalStart);
        for (const gladia::Finding &finding : result.findings) {
            for (const std::string *text : {&finding.type, &finding.emotion, &finding.text})
                checkText(*text);
            require(finding.end >= finding.start, "a finding does not end before its start");
        }
    }
    void operator()(const Summary &summary) const { checkText(summary.text); }
    void operator()(const StopAck &ack) const { checkSeconds(ack.leftToProcess); }
    void operator()(const AudioAck &) const {}
    void operator()(const AudioRefused &refused) const { quoted(refused.reason); }
    void operator()(const ServiceError &error) const { quoted(error.reason); }
    void operator()(const OtherMessage &other) const { quoted(other.type); }

    static void quoted(const std::string &text) {
        require(g_utf8_validate_len(text.data(), text.size(), nullptr), "a quotation is UTF-8");
        require(text.size() <= 1200, "a quotation is short");
    }
};

/// A session that has heard a minute of audio.
SessionTranscripts aMinute() {
    constexpr AudioFormat kFormat{Encoding::Pcm, 16000, 1};
    SessionTranscripts transcripts;
    transcripts.reset("epoch", kFormat);
    transcripts.timeline().append(60 * 32000, 1'000'000'000, 5, 6);
    return transcripts;
}

void checkTranscript(const SpokenTranscript &spoken) {
    const Transcript &made = spoken.transcript;
    require(made.startNs != kNoTime && made.endNs >= made.startNs, "a transcript has its time");
    std::string error;
    const auto read = transcriptFromJson(toJson(made), error);
    require(read && read->text == made.text && read->utteranceId == made.utteranceId &&
                read->findings.size() == made.findings.size() && read->words.size() == made.words.size(),
            "what is written is read again");
}

void pass(SessionTranscripts &transcripts, const ServerMessage &message) {
    if (const auto *said = std::get_if<Utterance>(&message)) {
        if (const auto spoken = transcripts.make(*said, 7))
            checkTranscript(*spoken);
    } else if (const auto *result = std::get_if<AddOnResult>(&message)) {
        if (const auto spoken = transcripts.make(*result, 7))
            checkTranscript(*spoken);
    } else if (const auto *summary = std::get_if<Summary>(&message)) {
        checkTranscript(transcripts.make(*summary, 7));
    }
}

bool isSame(const Utterance &one, const Utterance &other) {
    const auto sameWord = [](const SpokenWord &a, const SpokenWord &b) {
        return a.text == b.text && a.start == b.start && a.end == b.end && a.confidence == b.confidence;
    };
    return one.id == other.id && one.isFinal == other.isFinal && one.start == other.start &&
           one.end == other.end && one.confidence == other.confidence && one.channel == other.channel &&
           one.language == other.language && one.speaker == other.speaker && one.text == other.text &&
           std::equal(one.words.begin(), one.words.end(), other.words.begin(), other.words.end(), sameWord);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char *>(data), size);
    std::string error;
    if (const auto ack = scanAudioAck(bytes)) {
        const auto message = parseAnyMessage(bytes, error);
        const auto *same = message ? std::get_if<AudioAck>(&*message) : nullptr;
        require(same && same->startByte == ack->startByte && same->endByte == ack->endByte,
                "the short cut leads where the parser does");
    }
    if (const auto said = scanUtterance(bytes)) {
        const auto message = parseAnyMessage(bytes, error);
        const auto *same = message ? std::get_if<Utterance>(&*message) : nullptr;
        require(same && isSame(*said, *same), "the short cut hears what the parser does");
    }
    if (const auto message = parseServerMessage(bytes, error)) {
        std::visit(Check(), *message);
        SessionTranscripts transcripts = aMinute();
        pass(transcripts, *message);
        pass(transcripts, *message); // and once more
    } else {
        require(!error.empty(), "what is no message is refused in words");
    }
    error.clear();
    if (const auto reply = parseInitReply(bytes, error)) {
        require(!reply->id.empty() && reply->id.size() <= 1000, "a session has a name");
        require(g_utf8_validate_len(reply->id.data(), reply->id.size(), nullptr), "the name is UTF-8");
        require(!reply->url.empty(), "a session has an address");
    } else {
        require(!error.empty(), "what is no reply is refused in words");
    }
    return 0;
}
