// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/live_publisher.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>

#include <fcntl.h>
#include <glib.h>
#include <pthread.h>
#include <unistd.h>

namespace lt::support {

namespace {

constexpr std::size_t kBlockSamples = LivePublisher::kSampleRate / 50; // 20 ms

std::vector<std::string> ffmpegArguments(const std::string &url, bool video) {
    std::vector<std::string> arguments = {"ffmpeg",    "-hide_banner",
                                          "-loglevel", "error",
                                          "-f",        "s16le",
                                          "-ar",       std::to_string(LivePublisher::kSampleRate),
                                          "-ac",       "1",
                                          "-i",        "pipe:0"};
    if (video)
        arguments.insert(arguments.end(),
                         {"-re",      "-f",      "lavfi",     "-i",    "testsrc2=size=1280x720:rate=15",
                          "-map",     "0:a",     "-map",      "1:v",   "-c:v",
                          "libx264",  "-preset", "ultrafast", "-tune", "zerolatency",
                          "-pix_fmt", "yuv420p", "-g",        "30",    "-shortest"});
    arguments.insert(arguments.end(), {"-c:a", "aac", "-ar", "48000", "-b:a", "128k", "-flush_packets", "1",
                                       "-f", "flv", url});
    return arguments;
}

/// False when the reader has gone away.
bool writeAll(int fd, const std::vector<std::int16_t> &samples) {
    const auto *at = reinterpret_cast<const char *>(samples.data());
    std::size_t left = samples.size() * sizeof samples[0];
    while (left > 0) {
        const ssize_t written = ::write(fd, at, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        at += written;
        left -= static_cast<std::size_t>(written);
    }
    return true;
}

} // namespace

LivePublisher::LivePublisher(const std::string &url, bool video) {
    int ends[2];
    g_assert_cmpint(::pipe2(ends, O_CLOEXEC), ==, 0);
    const net::UniqueFd ffmpegsEnd(ends[0]);
    input_.reset(ends[1]);
    process_ =
        std::make_unique<Process>(ffmpegArguments(url, video), std::vector<std::string>{}, ffmpegsEnd.get());
    feeder_ = std::thread([this] { feed(); });
}

LivePublisher::~LivePublisher() {
    {
        const std::lock_guard lock(mutex_);
        abandoned_ = true;
        changed_.notify_all();
    }
    process_->signal(SIGKILL); // ends a write that waits for it
    if (feeder_.joinable())
        feeder_.join();
}

void LivePublisher::play(const std::vector<std::int16_t> &samples) {
    const std::lock_guard lock(mutex_);
    pending_.insert(pending_.end(), samples.begin(), samples.end());
}

int LivePublisher::finish() {
    {
        const std::lock_guard lock(mutex_);
        finishing_ = true;
    }
    feeder_.join();
    return process_->waitForEnd().value_or(-1);
}

std::vector<std::int16_t> LivePublisher::nextBlock(bool &last) {
    const std::lock_guard lock(mutex_);
    std::vector<std::int16_t> block(kBlockSamples);
    const std::size_t count = std::min(kBlockSamples, pending_.size());
    std::copy_n(pending_.begin(), count, block.begin());
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
    last = finishing_ && pending_.empty();
    return block;
}

void LivePublisher::feed() {
    sigset_t brokenPipe; // a publisher that was refused ends; write() then says so
    sigemptyset(&brokenPipe);
    sigaddset(&brokenPipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &brokenPipe, nullptr);
    auto due = std::chrono::steady_clock::now();
    bool last = false;
    while (!last && writeAll(input_.get(), nextBlock(last))) {
        due += std::chrono::milliseconds(20);
        std::unique_lock lock(mutex_);
        if (changed_.wait_until(lock, due, [this] { return abandoned_; }))
            break;
    }
    input_.reset();
}

} // namespace lt::support
