// SPDX-License-Identifier: LGPL-2.1-or-later
// The program that holds a service to the rules of admission, against livetranscriptd. Arguments:
// livetranscriptd, pipelines/session.launch, livetranscript-admission.
#include "tests/support/gladia_emulator/emulator.h"
#include "tests/support/live_service.h"

#include <glib.h>

using namespace lt::support;
using lt::emulator::GladiaEmulator;

namespace {

constexpr unsigned kPatience = 120000;

std::string program, description, prober;

struct Outcome {
    int status;
    std::string output;
};

Outcome probe(const LiveService &service, const std::vector<std::string> &more) {
    std::vector<std::string> command{prober, "--server=127.0.0.1",
                                     "--rtmp-port=" + std::to_string(service.rtmpPort()),
                                     "--port=" + std::to_string(service.port())};
    command.insert(command.end(), more.begin(), more.end());
    Process process(command);
    const auto status = process.waitForEnd(kPatience);
    if (!status)
        g_error("it does not end: %s", process.output().c_str());
    return {*status, process.output()};
}

void expectLine(const Outcome &outcome, const std::string &line) {
    if (outcome.output.find(line) == std::string::npos)
        g_error("\"%s\" is not in: %s", line.c_str(), outcome.output.c_str());
}

void all_rules_hold() {
    GladiaEmulator emulator;
    LiveService service(
        {program,
         description,
         emulator.url(),
         {"BACKPRESSURE_MAX_STREAMS=4", "BACKPRESSURE_MAX_RATE=5", "BACKPRESSURE_GRACE_PERIOD=1"}});
    const auto outcome = probe(service, {"--dtmf"});
    expectLine(outcome, "6/6\n");
    g_assert_cmpint(outcome.status, ==, 0);
    service.end();
}

void what_cannot_be_tried_names_the_setting() {
    GladiaEmulator emulator;
    LiveService service({program, description, emulator.url(), {"BACKPRESSURE_GRACE_PERIOD=1"}});
    const auto outcome = probe(service, {"--tests=3,4,5"});
    expectLine(outcome, "FAILED 3");
    expectLine(outcome, "BACKPRESSURE_MAX_STREAMS=4");
    expectLine(outcome, "FAILED 4");
    expectLine(outcome, "BACKPRESSURE_MAX_RATE=5 is not set: the viewers' door took 20 messages");
    expectLine(outcome, "passed 5");
    expectLine(outcome, "1/3\n");
    g_assert_cmpint(outcome.status, ==, 1);
    service.end();
}

void where_nothing_listens_it_says_so() {
    Process process({prober, "--server=127.0.0.1", "--port=" + std::to_string(freePort())});
    g_assert_true(process.waitForEnd() == 2);
    g_assert_true(process.output().find("no service answers") != std::string::npos);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_assert_cmpint(argc, ==, 4);
    program = argv[1];
    description = argv[2];
    prober = argv[3];
    g_test_add_func("/admission/all_rules_hold", all_rules_hold);
    g_test_add_func("/admission/what_cannot_be_tried_names_the_setting",
                    what_cannot_be_tried_names_the_setting);
    g_test_add_func("/admission/where_nothing_listens_it_says_so", where_nothing_listens_it_says_so);
    return g_test_run();
}
