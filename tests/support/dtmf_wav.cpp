// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes a WAV file that carries a DTMF sequence, for publishers that read files (ffmpeg, gst-launch-1.0).
#include "tests/support/dtmf_tone.h"
#include "tests/support/glib_refs.h"

#include <cstdio>
#include <string_view>

using namespace lt::support;

static bool writeWav(const char *path, const DtmfTiming &timing, int channels, const char *sequence) {
    const auto samples = spreadToChannels(makeDtmf(sequence, timing), channels);
    const auto bytes = static_cast<std::uint32_t>(samples.size() * sizeof(samples[0]));
    const auto header = wavHeader(timing.sampleRate, channels, bytes);
    FILE *file = std::string_view(path) == "-" ? stdout : std::fopen(path, "wb");
    if (!file)
        return false;
    bool ok = std::fwrite(header.data(), 1, header.size(), file) == header.size() &&
              std::fwrite(samples.data(), 1, bytes, file) == bytes;
    ok = (file == stdout ? std::fflush(file) : std::fclose(file)) == 0 && ok;
    return ok;
}

int main(int argc, char **argv) {
    DtmfTiming timing;
    int channels = 1;
    char **rest = nullptr;
    const GOptionEntry entries[] = {
        {"digit-ms", 0, 0, G_OPTION_ARG_INT, &timing.digitMs, "length of each tone (100)", "MS"},
        {"gap-ms", 0, 0, G_OPTION_ARG_INT, &timing.gapMs, "silence after each tone (100)", "MS"},
        {"pause-ms", 0, 0, G_OPTION_ARG_INT, &timing.pauseMs, "silence for each ',' (1000)", "MS"},
        {"lead-ms", 0, 0, G_OPTION_ARG_INT, &timing.leadMs, "silence before the first tone (0)", "MS"},
        {"tail-ms", 0, 0, G_OPTION_ARG_INT, &timing.tailMs, "silence after the last tone (0)", "MS"},
        {"rate", 0, 0, G_OPTION_ARG_INT, &timing.sampleRate, "samples per second (16000)", "HZ"},
        {"channels", 0, 0, G_OPTION_ARG_INT, &channels, "all carry the same sound (1)", "N"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rest, nullptr, "SEQUENCE FILE"},
        {}};
    OptionContextRef context(
        g_option_context_new("- write SEQUENCE (0-9 A-D * # and , for a pause) to FILE or -"));
    g_option_context_add_main_entries(context.get(), entries, nullptr);
    GError *error = nullptr;
    if (!g_option_context_parse(context.get(), &argc, &argv, &error)) {
        std::fprintf(stderr, "dtmf-wav: %s\n", error->message);
        g_error_free(error);
        return 2;
    }
    if (!rest || g_strv_length(rest) != 2) {
        std::fprintf(stderr, "dtmf-wav: wants a sequence and a file; see --help\n");
        g_strfreev(rest);
        return 2;
    }
    if (timing.sampleRate < 8000 || timing.sampleRate > 192000 || channels < 1 || channels > 8 ||
        timing.digitMs > 60000 || timing.gapMs > 60000 || timing.pauseMs > 60000 || timing.leadMs > 3600000 ||
        timing.tailMs > 3600000) {
        std::fprintf(stderr, "dtmf-wav: rate must be 8000 to 192000, channels 1 to 8, times at most a minute "
                             "(lead and tail: an hour)\n");
        g_strfreev(rest);
        return 2;
    }
    const bool ok = writeWav(rest[1], timing, channels, rest[0]);
    if (!ok)
        std::perror("dtmf-wav: cannot write the file");
    g_strfreev(rest);
    return ok ? 0 : 1;
}
