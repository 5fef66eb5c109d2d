// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/latency/stages.h"

#include <glib.h>

using namespace lt::bench;

namespace {

constexpr int kRate = 1000; // a frame is a millisecond
constexpr std::int64_t kMs = 1'000'000;

/// One utterance, "12", whose last sound is at 500 ms; the codec shifts it by 20 ms.
struct Session {
    SpeechPlan plan;
    PublisherLog publisher;
    std::vector<LineMessage> line;
    std::vector<ViewerMessage> viewer;

    Session() {
        plan.utterances.push_back({"12", 500});
        for (std::int64_t at = 10; at <= 1000; at += 10) {
            publisher.handed.append(at * kMs, 10);
            publisher.decoded.append((at + 15) * kMs, 10); // 15 ms later
        }
        line.push_back({"u", false, 0.42, 450 * kMs, 451 * kMs, 700 * kMs, 701 * kMs, 702 * kMs});
        line.push_back({"u", true, 0.52, 540 * kMs, 541 * kMs, 1200 * kMs, 1201 * kMs, 1203 * kMs});
        viewer.push_back({1, "u", false, " 1", 705 * kMs});
        viewer.push_back({2, "u", true, " 1 2", 1210 * kMs});
    }
    SessionPaths join() const { return lt::bench::join(plan, kRate, publisher, line, viewer); }
};

void expectProblem(const Session &session, const char *part) {
    for (const std::string &problem : session.join().problems)
        if (problem.find(part) != problem.npos)
            return;
    g_error("nothing was said of \"%s\"", part);
}

void the_stages_are_the_whole_way() {
    const auto result = Session().join();
    g_assert_cmpuint(result.problems.size(), ==, 0);
    g_assert_cmpuint(result.paths.size(), ==, 2);
    const Path &last = result.paths[1];
    g_assert_true(last.isFinal);
    g_assert_cmpint(last.totalNs, ==, (1210 - 500) * kMs); // frame 499 was handed over at 500
    g_assert_cmpint(last[Stage::Codec], ==, (535 - 500) * kMs);
    g_assert_cmpint(last[Stage::Ingest], ==, 5 * kMs);
    g_assert_cmpint(last[Stage::Sending], ==, 1 * kMs);
    g_assert_cmpint(last[Stage::Provider], ==, 659 * kMs);
    g_assert_cmpint(last[Stage::Parsing], ==, 1 * kMs);
    g_assert_cmpint(last[Stage::Passing], ==, 2 * kMs);
    g_assert_cmpint(last[Stage::Fanout], ==, 7 * kMs);
    g_assert_cmpint(last.ownNs(), ==, 16 * kMs);
}

void a_partial_is_measured_from_what_it_covers() {
    const auto result = Session().join();
    g_assert_false(result.paths[0].isFinal);
    g_assert_cmpint(result.paths[0].totalNs, ==, (705 - 400) * kMs);
}

void a_partial_that_covers_no_more_is_no_news() {
    Session session;
    session.line.insert(session.line.begin() + 1, session.line[0]);
    session.viewer[1].seq = 3;
    session.viewer.insert(session.viewer.begin() + 1, {2, "u", false, " 1", 706 * kMs});
    const auto result = session.join();
    g_assert_cmpuint(result.problems.size(), ==, 0);
    g_assert_true(result.paths[0].isNews);
    g_assert_false(result.paths[1].isNews);
    g_assert_true(result.paths[2].isNews);
}

void what_does_not_fit_is_said() {
    Session swapped;
    std::swap(swapped.viewer[0].seq, swapped.viewer[1].seq);
    expectProblem(swapped, "is not what was broadcast");
    Session misheard;
    misheard.viewer[1].text = " 1 3";
    expectProblem(misheard, "said 12, heard 1 3");
    Session silent;
    silent.viewer.pop_back();
    expectProblem(silent, "1 utterances, 0 finals");
    Session backwards;
    backwards.line[1].pushedNs = backwards.line[1].receivedNs - 2 * kMs;
    expectProblem(backwards, "before it came");
    Session late;
    late.line[0].endSeconds = 5;
    expectProblem(late, "never published");
}

void a_plan_says_the_same_again() {
    SpeechSettings settings;
    settings.seconds = 5;
    const SpeechPlan one = planSpeech(settings), two = planSpeech(settings);
    g_assert_true(one.samples == two.samples);
    g_assert_cmpuint(one.utterances.size(), >=, 2);
    for (const auto &utterance : one.utterances) {
        g_assert_cmpint(one.samples[utterance.endFrame + 10], ==, 0);
        bool sound = false;
        for (std::size_t i = utterance.endFrame - 200; i < utterance.endFrame; i++)
            sound = sound || one.samples[i] != 0;
        g_assert_true(sound);
    }
    settings.seed = 2;
    g_assert_false(planSpeech(settings).samples == one.samples);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/latency/the stages are the whole way", the_stages_are_the_whole_way);
    g_test_add_func("/latency/a partial is measured from what it covers",
                    a_partial_is_measured_from_what_it_covers);
    g_test_add_func("/latency/a partial that covers no more is no news",
                    a_partial_that_covers_no_more_is_no_news);
    g_test_add_func("/latency/what does not fit is said", what_does_not_fit_is_said);
    g_test_add_func("/latency/a plan says the same again", a_plan_says_the_same_again);
    return g_test_run();
}
