// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/soak/session.h"

#include "tests/soak/viewer.h"
#include "tests/support/dtmf_tone.h"
#include "tests/support/live_publisher.h"
#include "tests/support/raw_viewer.h"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <sstream>
#include <thread>

namespace lt::soak {

using support::LivePublisher;

namespace {

constexpr auto kPatience = std::chrono::minutes(3);
constexpr auto kLook = std::chrono::milliseconds(50);

support::DtmfTiming quick() {
    support::DtmfTiming timing;
    timing.digitMs = 60;
    timing.gapMs = 60;
    timing.tailMs = 500; // closes the utterance
    return timing;
}

} // namespace

void Tally::problem(const std::string &sentence) {
    const std::chrono::duration<double> since = std::chrono::steady_clock::now() - begin_;
    const std::lock_guard lock(mutex_);
    problems_.push_back(sentence);
    std::fprintf(stderr, "# after %.0f s: %s\n", since.count(), sentence.c_str());
}

std::vector<std::string> Tally::problems() const {
    const std::lock_guard lock(mutex_);
    return problems_;
}

SessionScript::SessionScript(support::LiveService &service, const SessionPlan &plan, Tally &tally,
                             const std::atomic<bool> &over)
    : service_(service), plan_(plan), tally_(tally), over_(over), random_(plan.seed) {}

std::size_t SessionScript::draw(std::size_t least, std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(least, most)(random_);
}

/// One session from its first viewer to its end.
class SessionScript::Life {
public:
    Life(SessionScript &script, std::string name) : script_(script), name_(std::move(name)) {}

    void run() {
        for (std::size_t i = 0; i + 1 < script_.plan_.viewers; i++) // there before the publisher
            viewers_.push_back(join());
        stalled_ = std::make_unique<test::RawViewer>(static_cast<std::uint16_t>(script_.service_.port()),
                                                     "/ws/" + name_ + "?v=2");
        script_.tally_.stalled++;
        if (!publish())
            return;
        const auto utterances = script_.draw(script_.plan_.leastUtterances, script_.plan_.mostUtterances);
        for (std::size_t i = 0; i < utterances; i++) {
            if (!say())
                return;
            change();
            if (script_.draw(0, 3) == 0 && !killAndReturn())
                return;
        }
        end();
    }

private:
    std::unique_ptr<Viewer> join() {
        script_.tally_.viewers++;
        return std::make_unique<Viewer>(script_.service_.port(), name_);
    }
    void problem(const std::string &what) { script_.tally_.problem(name_ + ": " + what); }
    std::string howIsThePublisher() const {
        auto &process = publisher_->process();
        return process.ended() ? "; its publisher has ended: " + process.output() : "; its publisher runs";
    }

    bool publish() {
        const auto line = "event=published session=" + name_;
        const auto before = script_.service_.timesSaid(line);
        const auto limit = std::chrono::steady_clock::now() + kPatience;
        publisher_ = std::make_unique<LivePublisher>(script_.service_.url(name_));
        while (std::chrono::steady_clock::now() < limit) {
            // Who comes back before the loss was noticed is refused, and ends; the next attempt is let in.
            if (publisher_->process().ended())
                publisher_ = std::make_unique<LivePublisher>(script_.service_.url(name_));
            else if (script_.service_.timesSaid(line) > before)
                return true;
            std::this_thread::sleep_for(kLook);
        }
        problem("its publisher is not let in: " + publisher_->process().output());
        return false;
    }

    /// Six digits that nobody else says, and the wait for them.
    bool say() {
        char digits[8];
        std::snprintf(digits, sizeof digits, "%02zu%04u", script_.plan_.number % 100,
                      ++script_.said_ % 10000);
        publisher_->play(support::makeDtmf(digits, quick()));
        said_ += digits;
        if (viewers_.front()->waitForDigits(said_))
            return true;
        problem("said \"" + said_ + "\", heard \"" + digitsOf(viewers_.front()->finals()) + "\"" +
                howIsThePublisher());
        explain();
        return false;
    }

    /// For whoever looks for the reason: what the other viewers have, and what the service said of the
    /// session.
    void explain() const {
        for (const auto &viewer : viewers_)
            std::fprintf(stderr, "#   a viewer %s\n", viewer->state().c_str());
        std::istringstream log(script_.service_.output());
        for (std::string line; std::getline(log, line);)
            if (line.find(name_) != std::string::npos)
                std::fprintf(stderr, "#   %s\n", line.c_str());
    }

    /// One viewer goes, another comes; the first one stays.
    void change() {
        const auto index = script_.draw(1, viewers_.size() - 1);
        gone_.push_back(viewers_[index]->finals());
        viewers_[index] = join();
    }

    /// In a pause: all that was said has been heard, nothing is on its way.
    bool killAndReturn() {
        publisher_->process().signal(SIGKILL);
        publisher_.reset();
        script_.tally_.kills++;
        return publish();
    }

    void end() {
        if (publisher_->finish() != 0)
            problem("its publisher failed: " + publisher_->process().output());
        const auto witness = [&] {
            if (!viewers_.front()->waitForSessionEnd())
                problem("its viewers were not told of its end");
            return viewers_.front()->finals();
        }();
        script_.tally_.finals += witness.size();
        if (digitsOf(witness) != said_)
            problem("said \"" + said_ + "\", heard in the end \"" + digitsOf(witness) + "\"");
        for (auto &viewer : viewers_) {
            viewer->waitForSessionEnd();
            check(viewer->finals(), witness);
            if (viewer->gaps() > 0)
                problem("a viewer that reads was told of a gap");
        }
        for (const auto &finals : gone_)
            check(finals, witness);
        script_.tally_.lives++;
    }

    void check(const std::vector<Final> &heard, const std::vector<Final> &witness) {
        script_.tally_.deliveries += heard.size();
        if (const auto doubled = doubledIn(heard); !doubled.empty())
            problem("the final " + doubled + " came twice");
        if (!isPiece(heard, witness))
            problem("a viewer heard \"" + digitsOf(heard) + "\" of \"" + digitsOf(witness) + "\"");
    }

    SessionScript &script_;
    const std::string name_;
    std::vector<std::unique_ptr<Viewer>> viewers_; // the first is the witness
    std::unique_ptr<test::RawViewer> stalled_;
    std::unique_ptr<LivePublisher> publisher_;
    std::vector<std::vector<Final>> gone_;
    std::string said_;
};

void SessionScript::run() {
    for (unsigned life = 0; !over_; life++) {
        char name[32];
        std::snprintf(name, sizeof name, "s%02zu-%04u", plan_.number, life);
        Life(*this, name).run();
        std::this_thread::sleep_for(std::chrono::milliseconds(draw(0, 500)));
    }
}

} // namespace lt::soak
