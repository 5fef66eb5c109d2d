// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/heap.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace lt::service {

namespace {

constexpr auto kMoment = std::chrono::seconds(10);

} // namespace

void Heap::prepare() {
#if defined(__GLIBC__)
    mallopt(M_ARENA_MAX, static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
#endif
}

Heap::~Heap() {
    if (timer_)
        loop_->cancelTimer(timer_);
}

void Heap::sessionOver() {
#if defined(__GLIBC__)
    if (timer_)
        return;
    timer_ = loop_->startTimer(kMoment, [this] {
        timer_ = 0;
        malloc_trim(0);
    });
#endif
}

} // namespace lt::service
