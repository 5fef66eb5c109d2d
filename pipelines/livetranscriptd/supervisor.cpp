// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/supervisor.h"

#include "pipelines/livetranscriptd/sound_watch.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace lt::service {

namespace {

std::int64_t unixMs() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

} // namespace

/// One session's life carried out: SessionLife decides, this does it.
class Supervisor::Session : public PipelineListener {
public:
    Session(Supervisor &supervisor, std::string name)
        : supervisor_(supervisor), name_(std::move(name)), begunUnixMs_(unixMs()) {}
    ~Session() override { cancelTimer(); }

    /// `waits`: its audio is kept until admit().
    void begin(bool waits) {
        waits_ = waits;
        carryOut(life_.begun(now()));
    }
    void admit() {
        if (!std::exchange(waits_, false))
            return;
        say("admitted");
        if (pipeline_)
            pipeline_->release();
        supervisor_.client_.sessionWaits(name_, false);
        changed();
    }
    void end() { carryOut(life_.endWanted()); }

    SessionReport report() const {
        const bool runs = life_.state() == SessionLife::State::Running;
        std::string state(runs && waits_ ? "waiting" : stateName(life_.state()));
        return {name_, std::move(state), life_.restarts(), lastError_, waits_, publisher_, begunUnixMs_};
    }

private:
    using Action = SessionLife::Action;

    net::TimePoint now() const { return supervisor_.loop_->now(); }

    void carryOut(Action action) {
        if (action == Action::None)
            return;
        if (action != Action::Finish)
            changed();
        switch (action) {
        case Action::None:
            return;
        case Action::Start:
            return start();
        case Action::Drain:
            say("draining");
            if (waits_) // nobody has heard its audio: there are no last words to wait for
                return carryOut(life_.drainTimedOut());
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
        pipeline_->start(std::move(description), waits_);
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
    void pipelinePlays() override {
        say("running");
        if (waits_)
            supervisor_.client_.sessionWaits(name_, true);
    }
    void publisherCame(const PublisherName &publisher) override {
        publisher_ = publisher;
        publishedAt_ = net::Clock::now();
        say("published", publisher.peer + (publisher.software.empty() ? "" : " ") + publisher.software);
        changed();
        if (life_.state() != SessionLife::State::Running)
            return;
        idleLimit_ = supervisor_.limits_.idleTimeout;
        leftBehind_.reset();
        watch();
    }
    void publisherLeft(const std::string &reason) override {
        publisher_ = {};
        say("unpublished", reason);
        changed();
        if (life_.state() == SessionLife::State::Running)
            cancelTimer(); // the grace period is the source's business
    }
    /// As long as there is a publisher: ends the session when nothing has been heard for idleLimit_, or when
    /// the publisher has left and the pipeline cannot tell, because something in it does not return.
    void watch() {
        const net::Duration look = supervisor_.limits_.shutdownTimeout / 2;
        const auto leftBehind = pipeline_->leftBehind();
        if (leftBehind != std::exchange(leftBehind_, leftBehind))
            leftSince_ = net::Clock::now(); // a slow one that moves is let finish
        else if (leftBehind && net::Clock::now() - leftSince_ >= look)
            return endBlocked();
        watchIdle(look);
    }
    void endBlocked() {
        say("blocked", "its publisher has left, and its pipeline does not move");
        end();
        if (life_.state() == SessionLife::State::Draining) // which EOS cannot help as long as nothing moves
            startTimer(supervisor_.limits_.shutdownTimeout, [this] { carryOut(life_.drainTimedOut()); });
    }
    void watchIdle(net::Duration look) {
        if (idleLimit_ <= net::Duration::zero())
            return startTimer(look, [this] { watch(); });
        const auto present = net::Clock::now();
        const auto left = IdleRule{idleLimit_}.left(std::max(pipeline_->lastHeard(), publishedAt_), present);
        if (left > net::Duration::zero())
            return startTimer(std::min(left, look), [this] { watch(); });
        say("idle", "nothing was heard for " +
                        std::to_string(std::chrono::duration_cast<std::chrono::seconds>(idleLimit_).count()) +
                        " s");
        end();
    }
    void pipelineWarned(const std::string &sentence) override { say("warning", sentence); }
    void pipelineEnded() override { carryOut(life_.ended()); }
    void pipelineStopped() override {
        cancelTimer();
        pipeline_.reset();
        carryOut(life_.stopped());
    }

    void changed() { supervisor_.client_.sessionChanged(report()); }

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
    const std::int64_t begunUnixMs_;
    bool waits_ = false; // for a place at the recogniser
    PublisherName publisher_;
    net::TimePoint publishedAt_{};
    net::Duration idleLimit_{};                           // as it was when the publisher came
    std::optional<std::chrono::milliseconds> leftBehind_; // when last looked at
    net::TimePoint leftSince_{};                          // that it has been so
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
    const bool waits = !recogniserPlaces_.ask(session);
    if (waits)
        client_.sessionEvent(session, "waiting",
                             "all " + std::to_string(limits_.recogniserPlaces) +
                                 " sessions of the recogniser are in use; the audio is kept meanwhile");
    begun.begin(waits);
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
        sessions_.at(name)->admit();
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
            found->second->admit();
    if (sessions_.empty() && allOver_)
        std::exchange(allOver_, nullptr)();
}

} // namespace lt::service
