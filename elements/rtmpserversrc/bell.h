// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cerrno>
#include <chrono>
#include <ctime>

#include <semaphore.h>

namespace lt::rtmpserversrc {

/// One thread waits, another wakes it, once for each wait. A condition variable would do, but marks its mutex
/// as fought over with every wake-up, and unlocking it then costs one more system call for each frame.
class Bell {
public:
    Bell() { sem_init(&rung_, 0, 0); }
    ~Bell() { sem_destroy(&rung_); }
    Bell(const Bell &) = delete;
    Bell &operator=(const Bell &) = delete;

    void ring() { sem_post(&rung_); }
    void await() {
        while (sem_wait(&rung_) != 0 && errno == EINTR)
            continue;
    }
    /// False when nobody has rung for so long, or the wall clock was set forward by as much.
    bool awaitFor(std::chrono::seconds limit) {
        timespec until{};
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += limit.count();
        int failed;
        while ((failed = sem_timedwait(&rung_, &until)) != 0 && errno == EINTR)
            continue;
        return failed == 0;
    }

private:
    sem_t rung_;
};

} // namespace lt::rtmpserversrc
