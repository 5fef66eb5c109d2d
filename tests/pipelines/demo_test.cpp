// SPDX-License-Identifier: LGPL-2.1-or-later
// ./pipelines/demo as a newcomer meets it. Argument: its path; LT_BUILD names the tree that is built.
#include "tests/support/process.h"

#include <csignal>
#include <string>
#include <vector>

#include <glib.h>

using namespace lt::support;

namespace {

std::string demo;

struct Ports {
    int page = freePort();
    int rtmp = freePort();

    std::vector<std::string> command(const std::vector<std::string> &more = {}) const {
        std::vector<std::string> words = {demo, "--port", std::to_string(page), "--rtmp-port",
                                          std::to_string(rtmp)};
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }
};

/// Everything the demo started is gone: its output is closed by all of them and its ports are free.
void checkNothingIsLeft(const Ports &ports) {
    g_assert_false(waitForListener(ports.page, 0));
    g_assert_false(waitForListener(ports.rtmp, 0));
}

void it_shows_finals_and_ends_by_itself() {
    const Ports ports;
    Process run(ports.command({"--seconds", "7", "--emulator"}), {"GLADIA_API_KEY="});
    const auto status = run.waitForEnd(2 * kPatienceMs);
    const std::string output = run.output();
    g_test_message("%s", output.c_str());
    g_assert_true(status == 0);
    g_assert_nonnull(g_strstr_len(output.c_str(), -1, "a local emulator of Gladia"));
    const std::string page = "http://127.0.0.1:" + std::to_string(ports.page) + "/";
    g_assert_nonnull(g_strstr_len(output.c_str(), -1, page.c_str()));
    g_assert_nonnull(g_strstr_len(output.c_str(), -1, "\nfinal: "));
    checkNothingIsLeft(ports);
}

void without_a_key_the_offline_recogniser_hears_real_words() {
    const char *tree = g_getenv("LT_BUILD");
    if (!tree || !g_file_test((std::string(tree) + "/plugins/libgstsphinx.so").c_str(), G_FILE_TEST_EXISTS))
        return g_test_skip("this build has no offline recogniser");
    const Ports ports;
    Process run(ports.command({"--seconds", "12"}), {"GLADIA_API_KEY="});
    const auto status = run.waitForEnd(3 * kPatienceMs);
    const std::string output = run.output();
    g_test_message("%s", output.c_str());
    g_assert_true(status == 0);
    g_assert_nonnull(g_strstr_len(output.c_str(), -1, "offline recogniser"));
    g_assert_nonnull(g_strstr_len(output.c_str(), -1, " spoken by a computer"));
    checkNothingIsLeft(ports);
}

void an_interruption_ends_everything() {
    const Ports ports;
    Process run(ports.command({"--emulator"}), {"GLADIA_API_KEY="});
    g_assert_true(run.waitFor("partial: "));
    run.signal(SIGINT);
    g_assert_true(run.waitForEnd() == 0);
    checkNothingIsLeft(ports);
}

void what_cannot_be_published_is_named() {
    const Ports ports;
    const TemporaryDirectory directory;
    g_assert_true(g_file_set_contents(directory.file("words.txt").c_str(), "no sound in here", -1, nullptr));
    Process run(ports.command({directory.file("words.txt")}), {"GLADIA_API_KEY="});
    g_assert_true(run.waitForEnd() == 1);
    g_assert_true(run.waitFor("Invalid data found"));
    g_assert_true(run.waitFor("no viewer received a final transcript"));
    checkNothingIsLeft(ports);
}

void a_wrong_recogniser_address_is_named() {
    const Ports ports;
    const std::string nobody = "GLADIA_URL=http://127.0.0.1:" + std::to_string(freePort());
    Process run(ports.command(), {"GLADIA_API_KEY=not-a-real-key", nobody});
    g_assert_true(run.waitForEnd(2 * kPatienceMs) == 1);
    g_assert_true(run.waitFor("Cannot connect to Gladia"));
    checkNothingIsLeft(ports);
}

void a_port_in_use_is_refused_with_advice() {
    const Ports ports;
    Process occupant({"python3", "-m", "http.server", std::to_string(ports.page), "--bind", "127.0.0.1"});
    g_assert_true(waitForListener(ports.page));
    Process run(ports.command());
    g_assert_true(run.waitForEnd() == 1);
    g_assert_true(
        run.waitFor("port " + std::to_string(ports.page) + " is in use; choose others with --port"));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    demo = argv[1];
    g_test_add_func("/demo/it shows finals and ends by itself", it_shows_finals_and_ends_by_itself);
    g_test_add_func("/demo/without a key the offline recogniser hears real words",
                    without_a_key_the_offline_recogniser_hears_real_words);
    g_test_add_func("/demo/an interruption ends everything", an_interruption_ends_everything);
    g_test_add_func("/demo/what cannot be published is named", what_cannot_be_published_is_named);
    g_test_add_func("/demo/a wrong recogniser address is named", a_wrong_recogniser_address_is_named);
    g_test_add_func("/demo/a port in use is refused with advice", a_port_in_use_is_refused_with_advice);
    return g_test_run();
}
