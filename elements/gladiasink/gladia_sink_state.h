// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/gladia_messages.h"
#include "elements/gladiasink/gladia_settings.h"
#include "elements/gladiasink/gladia_stream.h"
#include "elements/gladiasink/gstgladiasink.h"
#include "elements/gladiasink/heartbeat_policies.h"
#include "lib/recogniser/audio_intake.h"
#include "lib/recogniser/transcript_pusher.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

/// What a GstGladiaSink holds, and the C++ half of what it does. The GObject shell is in gstgladiasink.cpp,
/// the pads in it too.
namespace lt::gladia {

class GladiaSinkState {
public:
    GladiaSinkState(GstGladiaSink *element, GstPad *sinkPad, GstPad *sourcePad);

    // ---- properties: any thread
    bool set(guint id, const GValue *value);
    bool get(guint id, GValue *value) const;
    std::string session() const;

    // ---- state changes
    void readEnvironment();
    /// READY→PAUSED, before the pads are activated. False, with an error posted, when the settings are no
    /// good.
    bool open();
    void setPlaying(bool playing);
    /// PAUSED→READY, before the pads are deactivated: nothing waits any more.
    void unblock();
    /// PAUSED→READY, after that.
    void close();

    // ---- sink pad: streaming thread
    GstFlowReturn chain(BufferRef buffer);
    bool takeCaps(const GstCaps *caps);
    bool takeSegment(const GstSegment *segment);
    void takeStreamStart(GstEvent *event);
    void takeEos(GstEvent *event);
    void forward(EventRef event);
    void flushStart();
    void flushStop();

    // ---- either pad, any thread
    /// Takes the policy when `event` is a heartbeat.
    void heartbeat(GstEvent *event);
    bool latency(GstQuery *query);

    // ---- source pad's task
    void startTask();
    void turn();

private:
    std::shared_ptr<GladiaStream> stream() const;
    void startStream();
    AudioBacklog::Policy policy();
    void negotiate();
    TranscriptPusher::Callbacks pusherCallbacks();
    TranscriptPusher::Times times() const;
    void reachedEos(std::uint32_t seqnum);
    void postEos(std::uint32_t seqnum);

    GstElement *const element_;
    GstPad *const sinkPad_;
    GstPad *const sourcePad_;
    const std::shared_ptr<TranscriptQueue> output_;
    TranscriptPusher pusher_;

    // Under the sink pad's stream lock.
    AudioIntake intake_;
    std::optional<guint> groupId_;
    std::optional<TranscriptQueue::Writer> writer_; // also set while the pads are inactive
    std::optional<AudioBacklog::Policy> policy_;    // decided with the first buffer

    std::atomic<bool> upstreamLive_ = false;

    // Never held across a push, a post, a query, or anything that waits.
    mutable std::mutex mutex_; // guards all below
    GladiaSettings settings_;
    GladiaEnvironment environment_;
    std::optional<GladiaStream::Settings> streamSettings_; // from READY→PAUSED on
    std::shared_ptr<GladiaMessages> messages_;
    std::shared_ptr<GladiaStream> stream_;
    HeartbeatPolicies heartbeats_;
    std::string resolvedSession_;
    bool playing_ = false;
    std::uint32_t eosSeqnum_ = 0; // of the EOS that has left by the source pad; 0: none
};

} // namespace lt::gladia
