// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/speech.h"

#include <cstring>
#include <memory>

#include <glib.h>
#include <glib/gstdio.h>

namespace lt::support {

namespace {

struct GFreeText {
    void operator()(gchar *text) const noexcept { g_free(text); }
};
using Text = std::unique_ptr<gchar, GFreeText>;

/// Samples of the first `data` chunk. The header is flite's own; anything odd ends in no samples.
std::vector<std::int16_t> samplesOf(const gchar *wav, gsize size) {
    for (gsize at = 12; at + 8 <= size;) {
        guint32 length = 0;
        std::memcpy(&length, wav + at + 4, sizeof length);
        length = GUINT32_FROM_LE(length);
        const gsize begin = at + 8;
        if (std::memcmp(wav + at, "data", 4) == 0) {
            const gsize bytes = MIN(static_cast<gsize>(length), size - begin) / 2 * 2;
            std::vector<std::int16_t> samples(bytes / 2);
            std::memcpy(samples.data(), wav + begin, bytes);
            return samples;
        }
        at = begin + length;
    }
    return {};
}

} // namespace

std::vector<std::int16_t> speak(const std::string &text, const std::string &voice) {
    gchar *name = nullptr;
    const int file = g_file_open_tmp("speech-XXXXXX.wav", &name, nullptr);
    if (file < 0)
        return {};
    const Text path(name);
    g_close(file, nullptr);
    const char *arguments[] = {"flite",      "-voice", voice.c_str(), "-t",
                               text.c_str(), "-o",     path.get(),    nullptr};
    gint status = 0;
    gchar *content = nullptr;
    gsize size = 0;
    const bool spoken = g_spawn_sync(nullptr, const_cast<gchar **>(arguments), nullptr, G_SPAWN_SEARCH_PATH,
                                     nullptr, nullptr, nullptr, nullptr, &status, nullptr) &&
                        g_spawn_check_wait_status(status, nullptr) &&
                        g_file_get_contents(path.get(), &content, &size, nullptr);
    const Text wav(content);
    g_unlink(path.get());
    return spoken ? samplesOf(wav.get(), size) : std::vector<std::int16_t>();
}

std::vector<std::int16_t> silence(double seconds) {
    return std::vector<std::int16_t>(static_cast<std::size_t>(seconds * 16000));
}

std::vector<std::int16_t> inARow(const std::vector<std::vector<std::int16_t>> &parts, double pause) {
    std::vector<std::int16_t> all;
    const auto rest = silence(pause);
    for (const auto &part : parts) {
        all.insert(all.end(), part.begin(), part.end());
        all.insert(all.end(), rest.begin(), rest.end());
    }
    return all;
}

const std::vector<std::string> &plainSentences() {
    static const std::vector<std::string> sentences = {
        "the weather is nice today and we are going to the park",
        "please call the office before noon tomorrow",
        "good morning everybody and welcome to the meeting",
        "the train to london leaves at half past nine",
        "she bought three apples and a loaf of bread",
        "we have to finish this project by the end of the month",
        "can you tell me where the nearest station is",
        "the children were playing in the garden all afternoon",
        "he opened the window because it was very hot",
        "my brother works for a large company in the city",
        "the number you have called is not available",
        "thank you very much for your help and good night",
        "there is a letter for you on the kitchen table",
        "this river is the longest in the whole country",
        "the doctor told him to stay in bed for a week",
        "they have lived in the same house for twenty years",
    };
    return sentences;
}

} // namespace lt::support
