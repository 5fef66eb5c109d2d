// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/emulator.h"
#include "tests/support/gladia_emulator/fault_script.h"
#include "tests/support/gladia_emulator/live_server.h"
#include "tests/support/loop_thread.h"

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace lt::emulator {

namespace {
/// Apart from what the sessions and the server draw.
constexpr std::uint64_t kScriptStream = ~0ULL;
} // namespace

class GladiaEmulator::Impl {
public:
    explicit Impl(EmulatorOptions options)
        : faults(options.clock.monotonicMilliseconds),
          scriptDraws_(options.seed, kScriptStream),
          thread_("lt-emulator") {
        std::string problem;
        thread_.call([&] {
            server_ =
                std::make_unique<LiveServer>(std::move(options), faults, thread_, [this] { changed(); });
            problem = server_->listen();
            if (!problem.empty())
                server_.reset();
        });
        if (!problem.empty())
            throw std::runtime_error(problem);
        faults.setHandler([this] { faultsChanged(); });
    }

    ~Impl() {
        faults.setHandler(nullptr);
        thread_.call([this] { server_.reset(); });
    }

    void onServer(const std::function<void(LiveServer &)> &use) const {
        thread_.call([&] { use(*server_); });
    }

    std::uint64_t changes() const {
        std::lock_guard lock(mutex_);
        return changes_;
    }

    /// False when the deadline came first.
    bool waitForChangeSince(std::uint64_t seen, std::chrono::steady_clock::time_point deadline) const {
        std::unique_lock lock(mutex_);
        return changed_.wait_until(lock, deadline, [&] { return changes_ != seen; });
    }

    void addFaults(const std::string &text) {
        const FaultScript script = parseFaultScript(text, scriptDraws_);
        if (!script.problem.empty())
            throw std::invalid_argument(script.problem);
        for (const Fault &fault : script.faults)
            faults.add(fault);
    }

    Faults faults;

private:
    /// A test that gives a fault wants it to be in force; the emulator itself is in the middle of something.
    void faultsChanged() {
        const auto apply = [this] {
            if (server_)
                server_->applyFaults();
        };
        if (thread_.onThread())
            thread_.post(apply);
        else
            thread_.call(apply);
    }

    void changed() {
        std::lock_guard lock(mutex_);
        changes_++;
        changed_.notify_all();
    }

    mutable std::mutex mutex_; // guards changes_
    mutable std::condition_variable changed_;
    std::uint64_t changes_ = 0;
    Draws scriptDraws_;
    mutable support::LoopThread thread_;
    std::unique_ptr<LiveServer> server_; // made, used and destroyed on thread_
};

GladiaEmulator::GladiaEmulator(EmulatorOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

GladiaEmulator::~GladiaEmulator() = default;

std::uint16_t GladiaEmulator::port() const {
    std::uint16_t port = 0;
    impl_->onServer([&](LiveServer &server) { port = server.port(); });
    return port;
}

std::string GladiaEmulator::url() const {
    std::string url;
    impl_->onServer([&](LiveServer &server) { url = "http://" + server.authority(); });
    return url;
}

Faults &GladiaEmulator::faults() {
    return impl_->faults;
}

EmulatorReport GladiaEmulator::report() const {
    EmulatorReport report;
    impl_->onServer([&](LiveServer &server) { report = server.report(); });
    return report;
}

bool GladiaEmulator::waitFor(const std::function<bool(const EmulatorReport &)> &holds,
                             std::chrono::milliseconds timeout) const {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    for (;;) {
        const std::uint64_t seen = impl_->changes();
        if (holds(report()))
            return true;
        if (!impl_->waitForChangeSince(seen, deadline))
            return holds(report());
    }
}

void GladiaEmulator::addFaults(const std::string &script) {
    impl_->addFaults(script);
}

void GladiaEmulator::timeMoved() {
    impl_->onServer([](LiveServer &server) { server.timeMoved(); });
}

} // namespace lt::emulator
