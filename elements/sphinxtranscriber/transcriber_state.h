// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/sphinxtranscriber/decoder_thread.h"
#include "elements/sphinxtranscriber/gstsphinxtranscriber.h"
#include "elements/sphinxtranscriber/sphinx_decoder.h"
#include "elements/sphinxtranscriber/sphinx_stream.h"
#include "elements/sphinxtranscriber/transcriber_settings.h"
#include "lib/recogniser/recogniser_messages.h"
#include "lib/recogniser/recogniser_pads.h"

#include <memory>
#include <mutex>
#include <optional>
#include <string>

/// What a GstSphinxTranscriber holds, and the C++ half of what it does. The GObject shell is in
/// gstsphinxtranscriber.cpp.
namespace lt::sphinx {

class TranscriberState {
public:
    TranscriberState(GstSphinxTranscriber *element, GstPad *sinkPad, GstPad *sourcePad);

    RecogniserPads &pads() { return pads_; }

    // ---- properties: any thread
    bool set(guint id, const GValue *value);
    bool get(guint id, GValue *value) const;
    std::string session() const;

    // ---- state changes
    /// READY→PAUSED, before the pads are activated. Loading goes on afterwards. False, with an error posted,
    /// when a file is missing or the session's name is none.
    bool open();
    void unblock() { pads_.unblock(); }
    void close();
    /// READY→NULL: the model goes.
    void unload();

private:
    std::shared_ptr<RecogniserStream> startStream(TranscriptQueue::Writer output);
    void startDecoder(const DecoderConfig &config);
    std::unique_ptr<Decoder> load(const DecoderConfig &config) const;
    RecogniserPads::Callbacks callbacks();
    StructureRef stats() const;
    void postError(GQuark domain, gint code, const std::string &text, const std::string &debug) const;
    void postProgress(GstProgressType type, const std::string &text) const;
    std::shared_ptr<RecogniserMessages> messages() const;

    GstElement *const element_;
    GstPad *const sourcePad_;

    // Changed in state changes only, while no pad is active.
    std::optional<DecoderConfig> config_; // of the decoder
    std::unique_ptr<DecoderThread> decoder_;
    SphinxStream::Settings streamSettings_;

    // Never held across a push, a post, a query, or anything that waits.
    mutable std::mutex mutex_; // guards all below
    TranscriberSettings settings_;
    std::shared_ptr<RecogniserMessages> messages_; // between READY→PAUSED and PAUSED→READY
    std::shared_ptr<SphinxStream> stream_;
    const char *modelState_ = "none";

    RecogniserPads pads_; // last: uses what is above
};

} // namespace lt::sphinx
