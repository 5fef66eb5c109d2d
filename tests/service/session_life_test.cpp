// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/session_life.h"
#include "pipelines/livetranscriptd/waiting_line.h"

#include <glib.h>

using namespace lt::service;
using State = SessionLife::State;
using Action = SessionLife::Action;
using namespace std::chrono_literals;

namespace {

const SessionLife::TimePoint kStart{1h};

enum class Input { Granted, Failed, Ended, EndWanted, DrainTimedOut, Stopped, BackedOff };

Action feed(SessionLife &life, Input input, SessionLife::TimePoint now = kStart) {
    switch (input) {
    case Input::Granted:
        return life.begun(now);
    case Input::Failed:
        return life.failed(now);
    case Input::Ended:
        return life.ended();
    case Input::EndWanted:
        return life.endWanted();
    case Input::DrainTimedOut:
        return life.drainTimedOut();
    case Input::Stopped:
        return life.stopped();
    case Input::BackedOff:
        return life.backedOff(now);
    }
    return Action::None;
}

/// The shortest way into a state.
SessionLife in(State state) {
    static const std::pair<State, std::vector<Input>> kWays[] = {
        {State::New, {}},
        {State::Running, {Input::Granted}},
        {State::Draining, {Input::Granted, Input::EndWanted}},
        {State::Stopping, {Input::Granted, Input::Ended}},
        {State::Clearing, {Input::Granted, Input::Failed}},
        {State::Restarting, {Input::Granted, Input::Failed, Input::Stopped}},
        {State::Over, {Input::EndWanted}},
    };
    SessionLife life;
    for (const auto &[wanted, way] : kWays)
        if (wanted == state)
            for (const Input input : way)
                feed(life, input);
    g_assert_true(life.state() == state);
    return life;
}

void every_event_is_defined_in_every_state() {
    struct Outcome {
        State next;
        Action action;
    };
    constexpr auto S = State::Stopping;
    const struct {
        State state;
        Outcome outcomes[7]; // in the order of Input
    } kTable[] = {
        {State::New,
         {{State::Running, Action::Start},
          {State::New, Action::None},
          {State::New, Action::None},
          {State::Over, Action::Finish},
          {State::New, Action::None},
          {State::New, Action::None},
          {State::New, Action::None}}},
        {State::Running,
         {{State::Running, Action::None},
          {State::Clearing, Action::Stop},
          {S, Action::Stop},
          {State::Draining, Action::Drain},
          {State::Running, Action::None},
          {State::Running, Action::None},
          {State::Running, Action::None}}},
        {State::Draining,
         {{State::Draining, Action::None},
          {S, Action::Stop},
          {S, Action::Stop},
          {State::Draining, Action::None},
          {S, Action::Stop},
          {State::Draining, Action::None},
          {State::Draining, Action::None}}},
        {S,
         {{S, Action::None},
          {S, Action::None},
          {S, Action::None},
          {S, Action::None},
          {S, Action::None},
          {State::Over, Action::Finish},
          {S, Action::None}}},
        {State::Clearing,
         {{State::Clearing, Action::None},
          {State::Clearing, Action::None},
          {State::Clearing, Action::None},
          {S, Action::None},
          {State::Clearing, Action::None},
          {State::Restarting, Action::Delay},
          {State::Clearing, Action::None}}},
        {State::Restarting,
         {{State::Restarting, Action::None},
          {State::Restarting, Action::None},
          {State::Restarting, Action::None},
          {State::Over, Action::Finish},
          {State::Restarting, Action::None},
          {State::Restarting, Action::None},
          {State::Running, Action::Start}}},
        {State::Over,
         {{State::Over, Action::None},
          {State::Over, Action::None},
          {State::Over, Action::None},
          {State::Over, Action::None},
          {State::Over, Action::None},
          {State::Over, Action::None},
          {State::Over, Action::None}}},
    };
    for (const auto &[state, outcomes] : kTable)
        for (int input = 0; input < 7; input++) {
            auto life = in(state);
            const auto action = feed(life, static_cast<Input>(input));
            g_test_message("%d in %s", input, std::string(stateName(state)).c_str());
            g_assert_true(action == outcomes[input].action);
            g_assert_true(life.state() == outcomes[input].next);
        }
}

void the_fourth_failure_in_a_row_is_the_last() {
    SessionLife life;
    life.begun(kStart);
    std::vector<SessionLife::Duration> delays;
    for (int i = 0; i < SessionLife::kRestarts; i++) {
        g_assert_true(life.failed(kStart) == Action::Stop);
        g_assert_true(life.stopped() == Action::Delay);
        delays.push_back(life.delay());
        g_assert_true(life.backedOff(kStart) == Action::Start);
    }
    g_assert_true(delays == (std::vector<SessionLife::Duration>{500ms, 1s, 2s}));
    g_assert_false(life.gaveUp());
    g_assert_true(life.failed(kStart) == Action::Stop);
    g_assert_true(life.gaveUp());
    g_assert_true(life.stopped() == Action::Finish);
}

void a_pipeline_that_was_sound_for_a_minute_is_restarted_as_if_for_the_first_time() {
    SessionLife life;
    auto now = kStart;
    life.begun(now);
    for (int i = 0; i < 10; i++) {
        now += SessionLife::kSound;
        g_assert_true(life.failed(now) == Action::Stop);
        g_assert_true(life.stopped() == Action::Delay);
        g_assert_true(life.delay() == SessionLife::kFirstDelay);
        g_assert_true(life.backedOff(now) == Action::Start);
    }
}

using Names = std::vector<std::string>;

void places_are_given_in_the_order_of_asking() {
    WaitingLine line(2);
    g_assert_true(line.ask("a"));
    g_assert_true(line.ask("b"));
    g_assert_false(line.ask("c"));
    g_assert_false(line.ask("d"));
    g_assert_false(line.ask("c"));
    g_assert_true(line.ask("a"));
    g_assert_cmpuint(line.waiting(), ==, 2);
    g_assert_true(line.leave("a") == Names{"c"});
    g_assert_true(line.leave("d") == Names{});
    g_assert_true(line.leave("c") == Names{});
    g_assert_cmpuint(line.held(), ==, 1);
    g_assert_cmpuint(line.waiting(), ==, 0);
}

void more_places_are_given_at_once_and_fewer_take_none_away() {
    WaitingLine line(1);
    line.ask("a"), line.ask("b"), line.ask("c");
    g_assert_true(line.resize(3) == (Names{"b", "c"}));
    g_assert_true(line.resize(1) == Names{});
    g_assert_cmpuint(line.held(), ==, 3);
    g_assert_false(line.ask("d"));
    g_assert_true(line.leave("a") == Names{});
    g_assert_true(line.leave("b") == Names{});
    g_assert_true(line.leave("c") == Names{"d"});
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/session_life/every_event_is_defined_in_every_state",
                    every_event_is_defined_in_every_state);
    g_test_add_func("/session_life/the_fourth_failure_in_a_row_is_the_last",
                    the_fourth_failure_in_a_row_is_the_last);
    g_test_add_func(
        "/session_life/a_pipeline_that_was_sound_for_a_minute_is_restarted_as_if_for_the_first_time",
        a_pipeline_that_was_sound_for_a_minute_is_restarted_as_if_for_the_first_time);
    g_test_add_func("/waiting_line/places_are_given_in_the_order_of_asking",
                    places_are_given_in_the_order_of_asking);
    g_test_add_func("/waiting_line/more_places_are_given_at_once_and_fewer_take_none_away",
                    more_places_are_given_at_once_and_fewer_take_none_away);
    return g_test_run();
}
