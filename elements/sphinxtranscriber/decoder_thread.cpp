// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/sphinxtranscriber/decoder_thread.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include <pthread.h>

namespace lt::sphinx {

/// What is handed to the thread. A stream wakes it through a weak reference, so neither keeps the other.
struct DecoderThread::Desk {
    std::mutex mutex; // guards all below
    std::condition_variable changed;
    std::shared_ptr<SphinxStream> stream;
    bool raised = false;
    bool stop = false;

    void raise() {
        std::lock_guard lock(mutex);
        raised = true;
        changed.notify_one();
    }

    /// False: stop. The stream may be null.
    bool wait(std::shared_ptr<SphinxStream> &next) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return raised || stop; });
        raised = false;
        next = stream;
        return !stop;
    }
};

DecoderThread::DecoderThread(Load load)
    : desk_(std::make_shared<Desk>()),
      thread_([desk = desk_, load = std::move(load), this] { run(desk, load, state_); }) {}

DecoderThread::~DecoderThread() {
    std::shared_ptr<SphinxStream> last;
    {
        std::lock_guard lock(desk_->mutex);
        desk_->stop = true;
        last.swap(desk_->stream);
        desk_->changed.notify_one();
    }
    if (last)
        last->abort(AudioBacklog::Result::Flushing);
    thread_.join();
}

void DecoderThread::serve(std::shared_ptr<SphinxStream> stream) {
    if (stream)
        stream->setWake([weak = std::weak_ptr(desk_)] {
            if (const auto desk = weak.lock())
                desk->raise();
        });
    std::lock_guard lock(desk_->mutex);
    desk_->stream.swap(stream); // the one before goes after the lock
    desk_->raised = true;
    desk_->changed.notify_one();
}

void DecoderThread::run(const std::shared_ptr<Desk> &desk, const Load &load, std::atomic<State> &state) {
    pthread_setname_np(pthread_self(), "lt-sphinx");
    const std::unique_ptr<Decoder> decoder = load();
    state = decoder ? State::Ready : State::Failed;
    std::shared_ptr<SphinxStream> next, serving;
    while (desk->wait(next)) {
        if (next != serving) {
            serving = next;
            if (serving && decoder && decoder->reset())
                serving->attach(*decoder);
            else if (serving)
                serving->fail();
        }
        if (serving)
            serving->work();
    }
}

} // namespace lt::sphinx
