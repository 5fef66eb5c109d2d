// SPDX-License-Identifier: LGPL-2.1-or-later
// Neither the API key nor the token in a WebSocket's address shows up anywhere, however much is logged: the
// logs of GStreamer at the highest level, of GLib and libsoup, messages on the bus, dot files.
// The service refuses, quotes the key in its answer, breaks connections and closes them with the key as the
// reason; all that is logged of it is searched.
#include "tests/support/dtmf_tone.h"
#include "tests/support/gladia_emulator/emulator.h"
#include "tests/support/process.h"

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <glib.h>

using namespace lt::support;
using lt::emulator::EmulatorOptions;
using lt::emulator::Fault;
using lt::emulator::FaultKind;
using lt::emulator::GladiaEmulator;

namespace {

constexpr const char *kKey = "k-secret-2b71e09d";

std::string writeDigits(const TemporaryDirectory &directory) {
    const auto samples = makeDtmf("12345,67890");
    const auto bytes = static_cast<std::uint32_t>(samples.size() * sizeof samples[0]);
    const auto header = wavHeader(16000, 1, bytes);
    const std::string path = directory.file("digits.wav");
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char *>(header.data()), static_cast<std::streamsize>(header.size()));
    file.write(reinterpret_cast<const char *>(samples.data()), bytes);
    return path;
}

/// Fails the test when a secret stands in a line.
void search(std::istream &text, const std::string &where, const std::vector<std::string> &secrets) {
    for (std::string line; std::getline(text, line);)
        for (const std::string &secret : secrets)
            if (line.find(secret) != std::string::npos)
                g_error("%s: %s", where.c_str(), line.c_str());
}

bool fileContains(const std::string &path, const char *text) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);)
        if (line.find(text) != std::string::npos)
            return true;
    return false;
}

/// Runs a pipeline that tells all it can, with the service doing `fault`, and searches what it told.
void lookEverywhere(const std::optional<Fault> &fault) {
    EmulatorOptions options;
    options.key = kKey;
    GladiaEmulator emulator(options);
    if (fault)
        emulator.faults().add(*fault);
    const TemporaryDirectory directory;
    const std::string log = directory.file("log"), dots = directory.file("dots");
    std::filesystem::create_directory(dots);
    Process pipeline({"gst-launch-1.0", "-v", "-m", "filesrc", "location=" + writeDigits(directory), "!",
                      "wavparse", "!", "pcmchunker", "!", "gladiasink", "post-messages=true",
                      "on-error=error", "max-attempts=2", "!", "wsheartbeat", "!", "fakesink", "async=false"},
                     {"GLADIA_URL=" + emulator.url(), std::string("GLADIA_API_KEY=") + kKey, "GST_DEBUG=*:9",
                      "GST_DEBUG_FILE=" + log, "G_MESSAGES_DEBUG=all", "GST_DEBUG_DUMP_DOT_DIR=" + dots});
    g_assert_true(pipeline.waitForEnd(60000).has_value());

    std::vector<std::string> secrets{kKey};
    for (const auto &session : emulator.report().sessions)
        secrets.push_back(session.token);
    std::istringstream output(pipeline.output());
    search(output, "output", secrets);
    std::ifstream lines(log);
    search(lines, "log", secrets);
    std::size_t drawings = 0;
    for (const auto &dot : std::filesystem::directory_iterator(dots)) {
        std::ifstream file(dot.path());
        search(file, dot.path().filename(), secrets);
        drawings += fileContains(dot.path(), "gladiasink");
    }
    // It was all there to be searched.
    g_assert_cmpuint(drawings, >, 0);
    g_assert_true(fileContains(log, "gladiasink"));
    g_assert_true(pipeline.output().find("gladiasink") != std::string::npos);
    g_assert_true(fault || secrets.size() == 2);
    g_assert_true(fault || pipeline.output().find("GLib-GIO-DEBUG") != std::string::npos);
}

} // namespace

static void nothing_shows_when_all_goes_well() {
    lookEverywhere(std::nullopt);
}

static void nothing_shows_when_the_request_is_refused_in_words() {
    lookEverywhere(
        Fault{.kind = FaultKind::kRefusePost, .status = 401, .message = std::string("unknown key ") + kKey});
}

static void nothing_shows_when_the_socket_is_refused() {
    lookEverywhere(Fault{.kind = FaultKind::kRefuseUpgrade, .times = 0, .status = 403});
}

static void nothing_shows_when_the_connection_breaks() {
    lookEverywhere(Fault{.kind = FaultKind::kReset, .atByte = 16000});
}

static void nothing_shows_when_the_socket_is_closed_in_words() {
    lookEverywhere(Fault{
        .kind = FaultKind::kClose, .atByte = 16000, .code = 4400, .reason = std::string("key ") + kKey});
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/secrets/nothing shows when all goes well", nothing_shows_when_all_goes_well);
    g_test_add_func("/secrets/nothing shows when the request is refused in words",
                    nothing_shows_when_the_request_is_refused_in_words);
    g_test_add_func("/secrets/nothing shows when the socket is refused",
                    nothing_shows_when_the_socket_is_refused);
    g_test_add_func("/secrets/nothing shows when the connection breaks",
                    nothing_shows_when_the_connection_breaks);
    g_test_add_func("/secrets/nothing shows when the socket is closed in words",
                    nothing_shows_when_the_socket_is_closed_in_words);
    return g_test_run();
}
