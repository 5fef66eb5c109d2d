// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/supervisor.h"

#include "pipelines/livetranscriptd/session_pipeline.h"

#include <utility>

namespace lt::service {

/// One session's life carried out: SessionLife decides, this does it.
class Supervisor::Session : public PipelineListener {
public:
    Session(Supervisor &supervisor, std::string name)
        : supervisor_(supervisor), name_(std::move(name)), begun_(supervisor.loop_->now()) {}
    ~Session() override { cancelTimer(); }

    void grant() { carryOut(life_.granted(now())); }
    void end() { carryOut(life_.endWanted()); }

    SessionReport report() const {
        const std::chrono::duration<double> age = now() - begun_;
        return {name_, std::string(stateName(life_.state())), life_.restarts(), lastError_, age.count()};
    }

private:
    using Action = SessionLife::Action;

    net::TimePoint now() const { return supervisor_.loop_->now(); }

    void carryOut(Action action) {
        switch (action) {
        case Action::None:
            return;
        case Action::Start:
            return start();
        case Action::Drain:
            say("draining");
            pipeline_->drain();
            return startTimer(supervisor_.limits_.drainTimeout, [this] { carryOut(life_.drainTimedOut()); });
        case Action::Stop:
            pipeline_->stop();
            return startTimer(supervisor_.limits_.shutdownTimeout, [this] { giveUp(); });
        case Action::Delay:
            say("restarting", lastError_);
            return startTimer(life_.delay(), [this] { carryOut(life_.backedOff(now())); });
        case Action::Finish:
            cancelTimer();
            say(life_.gaveUp() ? "failed" : "over", life_.gaveUp() ? lastError_ : std::string());
            return supervisor_.forget(name_); // destroys this
        }
    }

    void start() {
        say("starting");
        std::string problem;
        auto description = supervisor_.client_.describe(name_, problem);
        pipeline_ = std::make_unique<SessionPipeline>(name_, supervisor_.loop_, *this);
        if (!problem.empty())
            return pipelineFailed(problem);
        pipeline_->start(std::move(description));
        if (supervisor_.limits_.publisherTimeout.count() > 0)
            startTimer(supervisor_.limits_.publisherTimeout, [this] {
                say("deserted", "no publisher has come");
                end();
            });
    }

    /// The pipeline hangs on its way to NULL.
    void giveUp() {
        supervisor_.stuck_++;
        say("stuck", "its pipeline did not stop within " +
                         std::to_string(supervisor_.limits_.shutdownTimeout.count()) + " ms; " +
                         std::to_string(supervisor_.stuck_) + " so far, " + std::to_string(kMaxStuck) +
                         " end the taking of new sessions");
        pipelineStopped();
    }

    void pipelineFailed(const std::string &sentence) override {
        const auto action = life_.failed(now());
        if (action == Action::None)
            return; // an error often comes with others in its train
        lastError_ = sentence;
        say("error", sentence);
        carryOut(action);
    }
    void pipelinePlays() override { say("running"); }
    void publisherCame() override {
        say("published");
        if (life_.state() == SessionLife::State::Running)
            cancelTimer();
    }
    void pipelineWarned(const std::string &sentence) override { say("warning", sentence); }
    void pipelineEnded() override { carryOut(life_.ended()); }
    void pipelineStopped() override {
        cancelTimer();
        pipeline_.reset();
        carryOut(life_.stopped());
    }

    void say(const char *event, const std::string &detail = {}) {
        supervisor_.client_.sessionEvent(name_, event, detail);
    }

    void startTimer(net::Duration delay, net::Task task) {
        cancelTimer();
        timer_ = supervisor_.loop_->startTimer(delay, [this, task = std::move(task)] {
            timer_ = 0;
            task();
        });
    }
    void cancelTimer() { supervisor_.loop_->cancelTimer(std::exchange(timer_, 0)); }

    Supervisor &supervisor_;
    const std::string name_;
    const net::TimePoint begun_;
    SessionLife life_;
    std::unique_ptr<SessionPipeline> pipeline_;
    net::EventLoop::TimerId timer_ = 0; // one at a time: each state waits for one thing
    std::string lastError_;
};

Supervisor::Supervisor(std::shared_ptr<net::EventLoop> loop, const SupervisorLimits &limits,
                       SupervisorClient &client)
    : loop_(std::move(loop)), limits_(limits), client_(client), recogniserPlaces_(limits.recogniserPlaces) {}

Supervisor::~Supervisor() = default;

bool Supervisor::begin(const std::string &session) {
    if (!accepting() || sessions_.count(session))
        return false;
    auto &begun = *(sessions_[session] = std::make_unique<Session>(*this, session));
    if (recogniserPlaces_.ask(session))
        begun.grant();
    else
        client_.sessionEvent(session, "waiting",
                             "all " + std::to_string(limits_.recogniserPlaces) +
                                 " sessions of the recogniser are in use");
    return true;
}

void Supervisor::end(const std::string &session) {
    if (const auto found = sessions_.find(session); found != sessions_.end())
        found->second->end();
}

void Supervisor::endAll(std::function<void()> done) {
    ending_ = true;
    allOver_ = std::move(done);
    std::vector<std::string> names;
    for (const auto &[name, session] : sessions_)
        names.push_back(name);
    for (const auto &name : names)
        end(name);
    if (sessions_.empty() && allOver_)
        std::exchange(allOver_, nullptr)();
}

void Supervisor::setLimits(const SupervisorLimits &limits) {
    limits_ = limits;
    for (const auto &name : recogniserPlaces_.resize(limits.recogniserPlaces))
        sessions_.at(name)->grant();
}

std::vector<SessionReport> Supervisor::report() const {
    std::vector<SessionReport> reports;
    for (const auto &[name, session] : sessions_)
        reports.push_back(session->report());
    return reports;
}

void Supervisor::forget(const std::string &session) {
    const std::string name = session; // the argument belongs to what is destroyed here
    sessions_.erase(name);
    const auto admitted = recogniserPlaces_.leave(name);
    client_.sessionOver(name);
    for (const auto &next : admitted)
        if (const auto found = sessions_.find(next); found != sessions_.end())
            found->second->grant();
    if (sessions_.empty() && allOver_)
        std::exchange(allOver_, nullptr)();
}

} // namespace lt::service
