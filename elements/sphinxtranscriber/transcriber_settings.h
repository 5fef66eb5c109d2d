// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/sphinxtranscriber/sphinx_decoder.h"
#include "elements/sphinxtranscriber/sphinx_stream.h"
#include "lib/recogniser/recogniser_pads.h"

#include <string>

#include <gst/gst.h>

namespace lt::sphinx {

/// The element's properties as values.
struct TranscriberSettings {
    std::string modelDir; ///< this and the next two empty: the English one of PocketSphinx
    std::string dictionary;
    std::string languageModel;
    std::string grammar;  ///< empty: none
    std::string language; ///< empty: en with the English acoustic model, else unknown
    std::string session;
    double endpointing = 0.5; ///< seconds
    double maxUtterance = 10; ///< seconds
    bool partials = true;
    guint partialIntervalMs = 250;
    guint maxBacklogMs = 10000;
    GstTranscriptBackpressure backpressure = GST_TRANSCRIPT_BACKPRESSURE_AUTO;
    guint latencyMs = 12000;
    guint latenessMs = 0;
    bool postMessages = false;

    RecogniserPads::Settings pads() const;
    /// All but epoch and language.
    SphinxStream::Settings stream() const;
    /// What the user named; the rest is empty.
    ModelFiles files() const;
};

// The GObject side; property ids are private to the implementation.
void installProperties(GObjectClass *klass);
/// True when the property is a setting, and then set; takes effect as its flags say. The caller locks.
bool setProperty(TranscriberSettings &settings, guint id, const GValue *value);
bool getProperty(const TranscriberSettings &settings, guint id, GValue *value);
/// True for the property whose change alters the latency.
bool isLatency(guint id);
/// Ids of the readonly properties, which the element answers.
guint statsId();
guint maxObservedDelayId();
GParamSpec *maxObservedDelaySpec();

} // namespace lt::sphinx
