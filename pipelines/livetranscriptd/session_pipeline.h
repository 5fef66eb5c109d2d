// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/event_loop.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace lt::service {

/// Who publishes; empty: nobody.
struct PublisherName {
    std::string peer; ///< "127.0.0.1:50312"
    std::string software;
};

/// Told on the control loop's thread.
class PipelineListener {
public:
    virtual ~PipelineListener() = default;
    /// It cannot be made, or an element posted an error. `sentence` names the element.
    virtual void pipelineFailed(const std::string &sentence) = 0;
    virtual void pipelinePlays() = 0;
    /// Its source has a publisher, or has none any more.
    virtual void publisherCame(const PublisherName &publisher) = 0;
    virtual void publisherLeft(const std::string &reason) = 0;
    virtual void pipelineWarned(const std::string &sentence) = 0;
    /// EOS has reached all sinks; see drain() too.
    virtual void pipelineEnded() = 0;
    /// Answer to stop(): it is in NULL.
    virtual void pipelineStopped() = 0;
};

/// One pipeline made from a description. Whatever may take long or hang - making it, state changes, the last
/// unreference - happens on a thread made for it, in order: an element that never returns holds up nothing
/// but its own pipeline. Control loop's thread only.
class SessionPipeline {
public:
    SessionPipeline(std::string name, std::shared_ptr<net::EventLoop> loop, PipelineListener &listener);
    /// The listener is told nothing any more. A pipeline that has not been stopped is left to its thread.
    ~SessionPipeline();
    SessionPipeline(const SessionPipeline &) = delete;
    SessionPipeline &operator=(const SessionPipeline &) = delete;

    /// Makes the pipeline and sets it to PLAYING. Once. `held`: its recogniser keeps the audio until
    /// release().
    void start(std::string description, bool held);
    void release();
    /// When anything was last heard in it; at first, when it was made.
    net::TimePoint lastHeard() const;
    /// What it has not taken yet of a publisher who has left for good, whether or not publisherLeft() has
    /// come: that comes from the streaming thread. Nothing while there is one.
    std::optional<std::chrono::milliseconds> leftBehind() const;
    /// Sends EOS through it. One that does not play yet has nothing to say: pipelineEnded() follows.
    void drain();
    /// Sets it to NULL; pipelineStopped() follows, unless an element never lets go.
    void stop();

private:
    class Body;
    std::shared_ptr<Body> body_;
};

} // namespace lt::service
