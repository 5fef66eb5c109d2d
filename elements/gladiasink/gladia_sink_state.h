// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/gladia_messages.h"
#include "elements/gladiasink/gladia_settings.h"
#include "elements/gladiasink/gladia_stream.h"
#include "elements/gladiasink/gstgladiasink.h"
#include "elements/gladiasink/heartbeat_policies.h"
#include "lib/metrics/registry.h"
#include "lib/recogniser/recogniser_pads.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

/// What a GstGladiaSink holds, and the C++ half of what it does. The GObject shell is in gstgladiasink.cpp.
namespace lt::gladia {

class GladiaSinkState {
public:
    GladiaSinkState(GstGladiaSink *element, GstPad *sinkPad, GstPad *sourcePad);

    RecogniserPads &pads() { return pads_; }

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
    void unblock() { pads_.unblock(); }
    /// PAUSED→READY, after the pads are deactivated.
    void close();

    // ---- either pad, any thread
    /// Takes the policy when `event` is a heartbeat.
    void heartbeat(GstEvent *event);

private:
    std::shared_ptr<RecogniserStream> startStream(TranscriptQueue::Writer output);
    RecogniserPads::Callbacks callbacks();
    std::shared_ptr<GladiaStream> stream() const;
    std::shared_ptr<const GladiaMessages> messages() const;
    void postError(const SettingsError &error) const;
    void reportDelay();
    void reachedEos(std::uint32_t seqnum);
    void postEos(std::uint32_t seqnum) const;

    GstElement *const element_;
    GstPad *const sourcePad_;

    // Never held across a push, a post, a query, or anything that waits.
    mutable std::mutex mutex_; // guards all below
    GladiaSettings settings_;
    GladiaEnvironment environment_;
    std::optional<GladiaStream::Settings> streamSettings_; // between READY→PAUSED and PAUSED→READY
    std::shared_ptr<const GladiaMessages> messages_;       // then, too
    std::shared_ptr<GladiaStream> stream_;                 // then, too
    std::optional<metrics::SessionSeries> series_;         // then, too
    HeartbeatPolicies heartbeats_;
    bool playing_ = false;
    std::uint32_t eosSeqnum_ = 0; // of the EOS that has left by the source pad; 0: none

    RecogniserPads pads_; // last: uses what is above
};

} // namespace lt::gladia
