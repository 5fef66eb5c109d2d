// SPDX-License-Identifier: LGPL-2.1-or-later
// Real pipelines of stock elements, and one that never stops.
#include "pipelines/livetranscriptd/supervisor.h"

#include <gst/gst.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

using namespace lt;
using namespace lt::service;
using namespace std::chrono_literals;

namespace {

// An element whose way to NULL lasts until the test opens the gate.
struct Gate {
    std::mutex mutex;
    std::condition_variable opened;
    bool open = false;
} gate;

void waitAtGate() {
    std::unique_lock lock(gate.mutex);
    gate.opened.wait(lock, [] { return gate.open; });
}

void openGate() {
    std::lock_guard lock(gate.mutex);
    gate.open = true;
    gate.opened.notify_all();
}

struct StuckElement {
    GstElement parent;
};
struct StuckElementClass {
    GstElementClass parent;
};
G_DEFINE_TYPE(StuckElement, stuck_element, GST_TYPE_ELEMENT)

GstStateChangeReturn stuckChange(GstElement *element, GstStateChange transition) {
    if (transition == GST_STATE_CHANGE_READY_TO_NULL)
        waitAtGate();
    return GST_ELEMENT_CLASS(stuck_element_parent_class)->change_state(element, transition);
}
void stuck_element_class_init(StuckElementClass *type) {
    GST_ELEMENT_CLASS(type)->change_state = stuckChange;
    gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(type), "Stuck", "Test", "Never stops", "test");
}
void stuck_element_init(StuckElement *) {}

/// A supervisor on a loop of its own, and all it says.
class Rig : public SupervisorClient {
public:
    explicit Rig(SupervisorLimits limits = {}) {
        loop_->runSync([&] { supervisor = std::make_unique<Supervisor>(loop_, limits, *this); });
    }
    ~Rig() override {
        loop_->runSync([this] { supervisor.reset(); });
    }

    bool begin(const std::string &session, const std::string &description) {
        bool begun = false;
        loop_->runSync([&] {
            descriptions_[session] = description;
            begun = supervisor->begin(session);
        });
        return begun;
    }
    void end(const std::string &session) {
        loop_->runSync([&] { supervisor->end(session); });
    }
    void waitFor(const std::string &line) {
        std::unique_lock lock(mutex_);
        const bool came = said_.wait_for(lock, 30s, [&] { return count(line) > 0; });
        if (!came)
            g_error("never said: %s; but: %s", line.c_str(), all().c_str());
    }
    std::size_t times(const std::string &line) {
        std::lock_guard lock(mutex_);
        return count(line);
    }
    template <typename Call>
    auto ask(Call call) {
        decltype(call(*supervisor)) answer{};
        loop_->runSync([&] { answer = call(*supervisor); });
        return answer;
    }

    std::unique_ptr<Supervisor> supervisor; // loop thread

private:
    std::string describe(const std::string &session, std::string &problem) override {
        const auto text = descriptions_[session];
        if (text.empty())
            problem = "there is no description";
        return text;
    }
    void sessionEvent(const std::string &session, const std::string &event, const std::string &) override {
        say(session + " " + event);
    }
    void sessionChanged(const SessionReport &) override {}
    void sessionWaits(const std::string &session, bool waits) override {
        say(session + (waits ? " waits" : " waits no more"));
    }
    void sessionOver(const std::string &session) override { say(session + " free"); }

    void say(std::string line) {
        std::lock_guard lock(mutex_);
        lines_.push_back(std::move(line));
        said_.notify_all();
    }
    std::size_t count(const std::string &line) const {
        return static_cast<std::size_t>(std::count(lines_.begin(), lines_.end(), line));
    }
    std::string all() const {
        std::string text;
        for (const auto &line : lines_)
            text += line + "; ";
        return text;
    }

    std::shared_ptr<net::EventLoop> loop_ = std::make_shared<net::EventLoop>("control");
    std::map<std::string, std::string> descriptions_; // loop thread
    std::mutex mutex_;                                // guards the two below
    std::vector<std::string> lines_;
    std::condition_variable said_;
};

constexpr const char *kEndless = "audiotestsrc is-live=true samplesperbuffer=441 ! fakesink";
// Its source never lets go of the stream, so that EOS does not get in.
constexpr const char *kGreedy = "fakesrc sizetype=fixed ! identity sleep-time=1000 ! fakesink sync=false";
constexpr const char *kShort = "fakesrc num-buffers=3 ! fakesink";
constexpr const char *kBroken = "fakesrc num-buffers=1 ! identity error-after=1 ! fakesink";

void a_session_ends_with_its_stream() {
    Rig rig;
    g_assert_true(rig.begin("a", kShort));
    rig.waitFor("a free");
    g_assert_cmpuint(rig.times("a starting"), ==, 1);
    g_assert_cmpuint(rig.times("a over"), ==, 1);
    g_assert_cmpuint(rig.ask([](Supervisor &it) { return it.size(); }), ==, 0);
}

void a_name_is_taken_until_its_session_is_over() {
    Rig rig;
    g_assert_true(rig.begin("a", kEndless));
    g_assert_false(rig.begin("a", kEndless));
    rig.end("a");
    rig.waitFor("a free");
    g_assert_true(rig.begin("a", kShort));
}

void a_session_that_does_not_drain_is_stopped_when_its_time_is_over() {
    SupervisorLimits limits;
    limits.drainTimeout = 50ms;
    Rig rig(limits);
    g_assert_true(rig.begin("a", kGreedy));
    rig.waitFor("a running");
    rig.end("a");
    rig.waitFor("a free");
    g_assert_cmpuint(rig.times("a stuck"), ==, 0);
}

void a_pipeline_that_always_fails_is_started_four_times_and_takes_nobody_down() {
    Rig rig;
    g_assert_true(rig.begin("good", kEndless));
    g_assert_true(rig.begin("bad", kBroken));
    rig.waitFor("bad free");
    g_assert_cmpuint(rig.times("bad starting"), ==, 1 + SessionLife::kRestarts);
    g_assert_cmpuint(rig.times("bad failed"), ==, 1);
    g_assert_cmpuint(rig.times("good error"), ==, 0);
    const auto report = rig.ask([](Supervisor &it) { return it.report(); });
    g_assert_cmpuint(report.size(), ==, 1);
    g_assert_cmpstr(report[0].state.c_str(), ==, "running");
}

void a_description_that_is_none_is_a_failure_like_others() {
    Rig rig;
    g_assert_true(rig.begin("a", "fakesrc ! nosuchelement"));
    g_assert_true(rig.begin("b", ""));
    rig.waitFor("a failed");
    rig.waitFor("b failed");
}

void a_session_waits_for_a_place_at_the_recogniser() {
    SupervisorLimits limits;
    limits.recogniserPlaces = 1;
    Rig rig(limits);
    g_assert_true(rig.begin("first", kEndless));
    g_assert_true(rig.begin("second", kEndless));
    rig.waitFor("second waits"); // its pipeline runs meanwhile
    g_assert_cmpuint(rig.times("second admitted"), ==, 0);
    const auto report = rig.ask([](Supervisor &it) { return it.report(); });
    g_assert_cmpstr(report.at(0).state.c_str(), ==, "running");
    g_assert_cmpstr(report.at(1).state.c_str(), ==, "waiting");
    rig.end("first");
    rig.waitFor("second admitted");
    rig.waitFor("second waits no more");
    rig.end("second");
    rig.waitFor("second free");
}

void a_session_that_waits_ends_without_waiting_for_words() {
    SupervisorLimits limits;
    limits.recogniserPlaces = 1;
    limits.drainTimeout = std::chrono::hours(1);
    Rig rig(limits);
    g_assert_true(rig.begin("first", kEndless));
    g_assert_true(rig.begin("second", kGreedy));
    rig.waitFor("second waits");
    rig.end("second");
    rig.waitFor("second free");
}

void all_are_ended_and_none_begins_afterwards() {
    Rig rig;
    for (const char *name : {"a", "b", "c"})
        g_assert_true(rig.begin(name, kEndless));
    std::mutex mutex;
    std::condition_variable told;
    bool done = false;
    rig.ask([&](Supervisor &it) {
        it.endAll([&] {
            std::lock_guard lock(mutex);
            done = true;
            told.notify_all();
        });
        return true;
    });
    std::unique_lock lock(mutex);
    g_assert_true(told.wait_for(lock, 30s, [&] { return done; }));
    g_assert_false(rig.begin("d", kShort));
}

void three_pipelines_that_hang_end_the_taking_of_sessions() {
    SupervisorLimits limits;
    limits.shutdownTimeout = 20ms;
    Rig rig(limits);
    g_assert_true(rig.begin("good", kEndless));
    for (const char *name : {"a", "b", "c"}) {
        g_assert_true(rig.ask([](Supervisor &it) { return it.accepting(); }));
        g_assert_true(rig.begin(name, std::string(kShort) + " stuckelement"));
        rig.waitFor(std::string(name) + " starting");
        rig.end(name);
        rig.waitFor(std::string(name) + " stuck");
        rig.waitFor(std::string(name) + " free");
    }
    g_assert_cmpuint(rig.ask([](Supervisor &it) { return it.stuck(); }), ==, 3);
    g_assert_false(rig.begin("d", kShort));
    g_assert_cmpuint(rig.ask([](Supervisor &it) { return it.size(); }), ==, 1);
    openGate();
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    gst_element_register(nullptr, "stuckelement", GST_RANK_NONE, stuck_element_get_type());
    g_test_add_func("/supervisor/a_session_ends_with_its_stream", a_session_ends_with_its_stream);
    g_test_add_func("/supervisor/a_name_is_taken_until_its_session_is_over",
                    a_name_is_taken_until_its_session_is_over);
    g_test_add_func("/supervisor/a_session_that_does_not_drain_is_stopped_when_its_time_is_over",
                    a_session_that_does_not_drain_is_stopped_when_its_time_is_over);
    g_test_add_func("/supervisor/a_pipeline_that_always_fails_is_started_four_times_and_takes_nobody_down",
                    a_pipeline_that_always_fails_is_started_four_times_and_takes_nobody_down);
    g_test_add_func("/supervisor/a_description_that_is_none_is_a_failure_like_others",
                    a_description_that_is_none_is_a_failure_like_others);
    g_test_add_func("/supervisor/a_session_waits_for_a_place_at_the_recogniser",
                    a_session_waits_for_a_place_at_the_recogniser);
    g_test_add_func("/supervisor/a_session_that_waits_ends_without_waiting_for_words",
                    a_session_that_waits_ends_without_waiting_for_words);
    g_test_add_func("/supervisor/all_are_ended_and_none_begins_afterwards",
                    all_are_ended_and_none_begins_afterwards);
    g_test_add_func("/supervisor/three_pipelines_that_hang_end_the_taking_of_sessions",
                    three_pipelines_that_hang_end_the_taking_of_sessions);
    return g_test_run();
}
