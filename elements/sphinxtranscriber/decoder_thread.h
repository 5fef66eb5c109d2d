// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/sphinxtranscriber/decoder.h"
#include "elements/sphinxtranscriber/sphinx_stream.h"

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

namespace lt::sphinx {

/// One decoder and the thread it computes on: not an IO thread, because decoding fills a processor. Serves
/// one stream after the other.
class DecoderThread {
public:
    /// Runs on the thread, once. Null when there is no decoder; whoever made it has said so.
    using Load = std::function<std::unique_ptr<Decoder>()>;
    enum class State { Loading, Ready, Failed };

    explicit DecoderThread(Load load);
    /// Waits for what cannot be interrupted: loading, or a slice of audio.
    ~DecoderThread();
    DecoderThread(const DecoderThread &) = delete;
    DecoderThread &operator=(const DecoderThread &) = delete;

    /// From now on this stream, none when null. The one before should have been aborted.
    void serve(std::shared_ptr<SphinxStream> stream);
    State state() const { return state_; }

private:
    struct Desk;
    static void run(const std::shared_ptr<Desk> &desk, const Load &load, std::atomic<State> &state);

    const std::shared_ptr<Desk> desk_;
    std::atomic<State> state_ = State::Loading;
    std::thread thread_; // last: uses what is above
};

} // namespace lt::sphinx
