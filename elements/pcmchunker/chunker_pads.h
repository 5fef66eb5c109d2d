// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/pcmchunker/chunk_stream.h"
#include "elements/pcmchunker/gstpcmchunker.h"

/// Of the stream as it enters: under the sink pad's stream lock.
struct PcmChunkerInput {
    enum class Segment { None, Time, Refused };
    Segment segment = Segment::None;
    lt::chunker::PcmFormat format;
};

/// All that has a destructor.
struct PcmChunkerState {
    PcmChunkerState(GstElement *element, GstPad *sinkPad, GstPad *sourcePad)
        : stream(element, sinkPad, sourcePad, shared) {}

    lt::chunker::Shared shared;
    lt::chunker::ChunkStream stream; // whose turn it is
    PcmChunkerInput input;
};

struct _GstPcmChunker {
    GstElement parent;
    GstPad *sinkpad; // both owned by the element
    GstPad *srcpad;
    PcmChunkerState *state;
};

/* Makes the pads with all their functions: data flow, events, queries, activation. */
void gst_pcm_chunker_add_pad_templates(GstElementClass *klass);
void gst_pcm_chunker_add_pads(GstPcmChunker *self);
