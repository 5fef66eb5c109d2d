// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/unique_fd.h"
#include "tests/support/process.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace lt::support {

/// ffmpeg publishing AAC to an RTMP server in real time: silence, until the test gives it something to play.
/// So a test can wait until everyone listens before the sound it is about begins.
class LivePublisher {
public:
    static constexpr int kSampleRate = 16000; ///< of what play() takes; mono

    /// `video` adds what a video conference sends: 1280x720 H.264 at 15 frames a second.
    explicit LivePublisher(const std::string &url, bool video = false);
    /// Ends abruptly unless finish() was called.
    ~LivePublisher();
    LivePublisher(const LivePublisher &) = delete;
    LivePublisher &operator=(const LivePublisher &) = delete;

    /// Plays after what is still to be played, then silence again. Any thread.
    void play(const std::vector<std::int16_t> &samples);
    /// Plays what is left, then leaves as a publisher should. Returns ffmpeg's exit status.
    int finish();
    Process &process() { return *process_; }

private:
    void feed();
    std::vector<std::int16_t> nextBlock(bool &last);

    net::UniqueFd input_; // ffmpeg's standard input
    std::unique_ptr<Process> process_;
    std::mutex mutex_; // guards the next three
    std::deque<std::int16_t> pending_;
    bool finishing_ = false;
    bool abandoned_ = false;
    std::condition_variable changed_;
    std::thread feeder_;
};

} // namespace lt::support
