// SPDX-License-Identifier: LGPL-2.1-or-later
// What announces itself on a socket of TCP, and what is read in rounds.
#include "lib/ws/gathered_reads.h"

#include "lib/net/unique_fd.h"

#include <condition_variable>
#include <mutex>
#include <string>

#include <arpa/inet.h>
#include <glib.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

using namespace lt;
using lt::ws::GatheredReads;

namespace {

constexpr std::chrono::seconds kPatience{20}; // only ever reached when something hangs
constexpr std::size_t kSmall = 200;

/// Both ends of a connection, and the reads of one of them.
class Rig {
public:
    /// `reads`: false leaves everything where it is.
    explicit Rig(bool reads) : reads_(reads) {
        net::UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto *plain = reinterpret_cast<sockaddr *>(&address);
        g_assert_cmpint(::bind(listener.get(), plain, size), ==, 0);
        g_assert_cmpint(::listen(listener.get(), 1), ==, 0);
        g_assert_cmpint(::getsockname(listener.get(), plain, &size), ==, 0);
        peer_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        g_assert_cmpint(::connect(peer_.get(), plain, size), ==, 0);
        socket_.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        loop_ = std::make_shared<net::EventLoop>("test");
        gathered_ = std::make_unique<GatheredReads>(loop_, [this] { read(); });
    }
    ~Rig() {
        loop_->runSync([this] { gathered_.reset(); });
    }

    /// On the loop, in one piece: no round comes in between.
    void on(const std::function<void(GatheredReads &)> &task) {
        loop_->runSync([&] { task(*gathered_); });
    }
    /// From on().
    void mayWait(std::size_t bytes) { gathered_->mayWait(socket_.get(), bytes); }
    /// Returns when it has come.
    void send(std::size_t bytes) {
        const int before = waiting();
        const std::string text(bytes, 'x');
        g_assert_cmpint(::send(peer_.get(), text.data(), bytes, MSG_NOSIGNAL), ==,
                        static_cast<gssize>(bytes));
        while (!reads_ && waiting() != before + static_cast<int>(bytes))
            g_thread_yield();
    }
    bool readable() const {
        pollfd wanted{socket_.get(), POLLIN, 0};
        return ::poll(&wanted, 1, 0) == 1;
    }
    int lowWater() const {
        int value = 0;
        socklen_t size = sizeof value;
        g_assert_cmpint(::getsockopt(socket_.get(), SOL_SOCKET, SO_RCVLOWAT, &value, &size), ==, 0);
        return value;
    }
    void untilRead(std::size_t bytes) {
        std::unique_lock lock(mutex_);
        g_assert_true(changed_.wait_for(lock, kPatience, [&] { return bytes_ == bytes; }));
    }
    void untilRounds(int rounds) {
        std::unique_lock lock(mutex_);
        g_assert_true(changed_.wait_for(lock, kPatience, [&] { return rounds_ >= rounds; }));
    }

private:
    int waiting() const {
        int bytes = 0;
        g_assert_cmpint(::ioctl(socket_.get(), FIONREAD, &bytes), ==, 0);
        return bytes;
    }
    void read() {
        char buffer[4096];
        const ssize_t got = reads_ ? ::recv(socket_.get(), buffer, sizeof buffer, 0) : 0;
        std::lock_guard lock(mutex_);
        rounds_++;
        bytes_ += got > 0 ? static_cast<std::size_t>(got) : 0;
        changed_.notify_all();
    }

    const bool reads_;
    net::UniqueFd peer_, socket_;
    std::mutex mutex_; // guards the next three
    std::condition_variable changed_;
    std::size_t bytes_ = 0;
    int rounds_ = 0;
    std::shared_ptr<net::EventLoop> loop_;
    std::unique_ptr<GatheredReads> gathered_;
};

} // namespace

static void a_lone_small_message_waits_and_a_second_one_announces_both() {
    Rig rig(false);
    rig.on([&](GatheredReads &) {
        rig.mayWait(kSmall);
        rig.send(kSmall);
        g_assert_false(rig.readable());
        rig.send(kSmall);
        g_assert_true(rig.readable());
    });
}

static void a_longer_message_announces_itself() {
    Rig rig(false);
    rig.on([&](GatheredReads &) {
        rig.mayWait(kSmall);
        rig.send(kSmall + 40);
        g_assert_true(rig.readable());
    });
}

static void messages_that_grow_are_followed() {
    Rig rig(false);
    rig.on([&](GatheredReads &) {
        for (std::size_t bytes = kSmall; bytes < kSmall + 100; bytes++) {
            rig.mayWait(bytes);
            g_assert_cmpint(rig.lowWater(), >, static_cast<int>(bytes) + 1);
        }
        rig.mayWait(kSmall);
        g_assert_cmpint(rig.lowWater(), <=, static_cast<int>(kSmall) + 64);
    });
}

static void what_lies_there_is_read_all_the_same() {
    Rig rig(true);
    rig.on([&](GatheredReads &) {
        rig.mayWait(kSmall);
        rig.send(1);
    });
    rig.untilRead(1);
}

static void after_some_quiet_rounds_everything_announces_itself_again() {
    Rig rig(false);
    rig.on([&](GatheredReads &) {
        rig.mayWait(kSmall);
        rig.send(1);
        g_assert_false(rig.readable());
    });
    rig.untilRounds(GatheredReads::kQuietRounds);
    rig.on([&](GatheredReads &) { g_assert_cmpint(rig.lowWater(), ==, 1); });
    g_assert_true(rig.readable());
}

static void a_socket_that_is_let_go_announces_everything_at_once() {
    Rig rig(false);
    rig.on([&](GatheredReads &gathered) {
        rig.mayWait(kSmall);
        rig.send(1);
        gathered.end();
        g_assert_true(rig.readable());
    });
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/ws-gathered-reads/a_lone_small_message_waits_and_a_second_one_announces_both",
                    a_lone_small_message_waits_and_a_second_one_announces_both);
    g_test_add_func("/ws-gathered-reads/a_longer_message_announces_itself",
                    a_longer_message_announces_itself);
    g_test_add_func("/ws-gathered-reads/messages_that_grow_are_followed", messages_that_grow_are_followed);
    g_test_add_func("/ws-gathered-reads/what_lies_there_is_read_all_the_same",
                    what_lies_there_is_read_all_the_same);
    g_test_add_func("/ws-gathered-reads/after_some_quiet_rounds_everything_announces_itself_again",
                    after_some_quiet_rounds_everything_announces_itself_again);
    g_test_add_func("/ws-gathered-reads/a_socket_that_is_let_go_announces_everything_at_once",
                    a_socket_that_is_let_go_announces_everything_at_once);
    return g_test_run();
}
