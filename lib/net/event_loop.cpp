// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/net/event_loop.h"

#include "lib/net/turn_pacer.h"
#include "lib/net/unique_fd.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace lt::net {

namespace {

constexpr int kEventsPerTurn = 256;
constexpr Duration kLongestPace = std::chrono::milliseconds(100);
constexpr std::uint64_t kWakeTag = 0; // watch ids start at 1

UniqueFd checked(int fd, const char *what) {
    if (fd < 0)
        throw std::system_error(errno, std::generic_category(), what);
    return UniqueFd(fd);
}

} // namespace

class EventLoop::Impl {
public:
    Impl()
        : epoll(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
          wake(checked(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = kWakeTag;
        if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0)
            throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    }

    void run();
    void post(Task task);
    void stop();

    struct Watched {
        int fd;
        FdListener *listener;
    };

    const UniqueFd epoll;
    const UniqueFd wake;
    std::thread thread;
    std::atomic<std::thread::id> threadId{};

    // Loop thread only.
    std::unordered_map<WatchId, Watched> watches;
    std::multimap<TimePoint, std::pair<TimerId, Task>> timers;
    std::unordered_map<TimerId, TimePoint> deadlines;
    std::vector<Task> turnsEnd;
    std::uint64_t lastId = 0;
    TimePoint now = Clock::now();
    TurnPacer pacer;
    unsigned hasty = 0; ///< how many Hastes there are

private:
    void gather(std::size_t events);
    void runTasks();
    void runTimers();
    void endTurn();
    int timeoutMs() const;

    std::mutex mutex_; // guards the two below; never held while a task runs
    std::vector<Task> tasks_;
    bool stopping_ = false;
};

void EventLoop::Impl::post(Task task) {
    bool first;
    {
        std::lock_guard lock(mutex_);
        first = tasks_.empty();
        tasks_.push_back(std::move(task));
    }
    if (first) {
        const std::uint64_t one = 1;
        // The counter cannot overflow: it is written once per turn of the loop at most.
        [[maybe_unused]] const auto written = ::write(wake.get(), &one, sizeof one);
    }
}

void EventLoop::Impl::stop() {
    post([this] {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    });
}

void EventLoop::Impl::runTasks() {
    std::uint64_t count;
    [[maybe_unused]] const auto got = ::read(wake.get(), &count, sizeof count);
    std::vector<Task> batch;
    {
        std::lock_guard lock(mutex_);
        batch.swap(tasks_);
    }
    for (auto &task : batch)
        std::exchange(task, nullptr)();
}

void EventLoop::Impl::runTimers() {
    while (!timers.empty() && timers.begin()->first <= now) {
        auto node = timers.extract(timers.begin());
        deadlines.erase(node.mapped().first);
        node.mapped().second();
    }
}

void EventLoop::Impl::endTurn() {
    // By index: what runs may add more. The room stays for the next turn.
    for (std::size_t i = 0; i < turnsEnd.size(); i++)
        std::exchange(turnsEnd[i], nullptr)();
    turnsEnd.clear();
}

int EventLoop::Impl::timeoutMs() const {
    if (timers.empty())
        return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(timers.begin()->first - Clock::now());
    return left.count() <= 0 ? 0 : static_cast<int>(std::min<std::int64_t>(left.count(), 60000));
}

/// Lets events come together; ends early for a task or a timer.
void EventLoop::Impl::gather(std::size_t events) {
    Duration wait = pacer.after(events, now);
    if (hasty > 0)
        return;
    if (!timers.empty())
        wait = std::min(wait, timers.begin()->first - Clock::now());
    if (wait <= Duration::zero())
        return;
    pollfd task{wake.get(), POLLIN, 0};
    const timespec limit{0, std::chrono::nanoseconds(std::min<Duration>(wait, kLongestPace)).count()};
    ppoll(&task, 1, &limit, nullptr);
}

void EventLoop::Impl::run() {
    threadId = std::this_thread::get_id();
    std::array<epoll_event, kEventsPerTurn> events;
    for (;;) {
        const int count = epoll_wait(epoll.get(), events.data(), kEventsPerTurn, timeoutMs());
        now = Clock::now();
        for (int i = 0; i < count; i++) {
            const auto &event = events[static_cast<std::size_t>(i)];
            if (event.data.u64 == kWakeTag) {
                runTasks();
                continue;
            }
            // Looked up anew for each event: an earlier one of this turn may have unwatched it.
            if (auto found = watches.find(event.data.u64); found != watches.end())
                found->second.listener->onReady(event.events);
        }
        runTimers();
        endTurn();
        {
            std::lock_guard lock(mutex_);
            if (stopping_ && tasks_.empty())
                return;
        }
        if (count > 0)
            gather(static_cast<std::size_t>(count));
    }
}

EventLoop::EventLoop(const std::string &threadName) : impl_(std::make_shared<Impl>()) {
    // The thread keeps the state alive, so the last EventLoop may be dropped on the loop's own thread.
    impl_->thread = std::thread([impl = impl_] { impl->run(); });
    pthread_setname_np(impl_->thread.native_handle(), threadName.substr(0, 15).c_str());
}

EventLoop::~EventLoop() {
    impl_->stop();
    if (onLoopThread())
        impl_->thread.detach();
    else
        impl_->thread.join();
}

void EventLoop::post(Task task) {
    impl_->post(std::move(task));
}

void EventLoop::runSync(const Task &task) {
    if (onLoopThread()) {
        task();
        return;
    }
    std::mutex mutex;
    std::condition_variable done;
    bool finished = false;
    impl_->post([&] {
        task();
        // Notified under the lock: the waiter's frame is gone as soon as it is released.
        std::lock_guard lock(mutex);
        finished = true;
        done.notify_one();
    });
    std::unique_lock lock(mutex);
    done.wait(lock, [&] { return finished; });
}

bool EventLoop::onLoopThread() const {
    return std::this_thread::get_id() == impl_->threadId.load();
}

EventLoop::Mailbox EventLoop::mailbox() const {
    return Mailbox(impl_);
}

void EventLoop::Mailbox::post(Task task) const {
    if (const auto impl = impl_.lock())
        impl->post(std::move(task));
}

EventLoop::WatchId EventLoop::watch(int fd, std::uint32_t events, FdListener *listener) {
    const WatchId id = ++impl_->lastId;
    epoll_event event{};
    event.events = events;
    event.data.u64 = id;
    if (epoll_ctl(impl_->epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0)
        return 0;
    impl_->watches.emplace(id, Impl::Watched{fd, listener});
    return id;
}

void EventLoop::modify(WatchId id, std::uint32_t events) {
    const auto found = impl_->watches.find(id);
    if (found == impl_->watches.end())
        return;
    epoll_event event{};
    event.events = events;
    event.data.u64 = id;
    epoll_ctl(impl_->epoll.get(), EPOLL_CTL_MOD, found->second.fd, &event);
}

void EventLoop::unwatch(WatchId id) {
    const auto found = impl_->watches.find(id);
    if (found == impl_->watches.end())
        return;
    epoll_ctl(impl_->epoll.get(), EPOLL_CTL_DEL, found->second.fd, nullptr);
    impl_->watches.erase(found);
}

void EventLoop::setPace(Duration pace) {
    impl_->pacer = TurnPacer(pace);
}

EventLoop::Haste::Haste(EventLoop &loop) : loop_(loop) {
    loop_.impl_->hasty++;
}

EventLoop::Haste::~Haste() {
    loop_.impl_->hasty--;
}

void EventLoop::atTurnsEnd(Task task) {
    impl_->turnsEnd.push_back(std::move(task));
}

EventLoop::TimerId EventLoop::startTimer(Duration delay, Task task) {
    const TimerId id = ++impl_->lastId;
    const TimePoint due = Clock::now() + delay;
    impl_->timers.emplace(due, std::pair(id, std::move(task)));
    impl_->deadlines.emplace(id, due);
    return id;
}

void EventLoop::cancelTimer(TimerId id) {
    const auto found = impl_->deadlines.find(id);
    if (found == impl_->deadlines.end())
        return;
    auto [from, to] = impl_->timers.equal_range(found->second);
    for (; from != to; ++from) {
        if (from->second.first == id) {
            impl_->timers.erase(from);
            break;
        }
    }
    impl_->deadlines.erase(found);
}

TimePoint EventLoop::now() const {
    return impl_->now;
}

} // namespace lt::net
