// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/recogniser/upstream_liveness.h"

#include "lib/gst/refs.h"

#include <memory>
#include <set>

#include <gst/base/gstbasesrc.h>

namespace lt {

namespace {

constexpr std::size_t kMaxElements = 256; // a graph that loops or is absurd ends the search

struct IteratorFree {
    void operator()(GstIterator *iterator) const noexcept { gst_iterator_free(iterator); }
};

/// Looks for a GstBaseSrc that is not live, from a pad upwards. Sources of other kinds are believed what the
/// LATENCY query said.
class SourceSearch {
public:
    bool patientSourceAbove(GstPad *sinkPad) {
        const ObjectRef<GstPad> peer(gst_pad_get_peer(sinkPad));
        return peer && patientSourceAt(peer.get());
    }

private:
    bool patientSourceAt(GstPad *sourcePad) {
        if (GST_IS_GHOST_PAD(sourcePad)) {
            const ObjectRef<GstPad> inside(gst_ghost_pad_get_target(GST_GHOST_PAD(sourcePad)));
            return inside && patientSourceAt(inside.get());
        }
        const ObjectRef<GstObject> parent(gst_pad_get_parent(sourcePad));
        if (!parent)
            return false;
        if (GST_IS_GHOST_PAD(parent.get())) // the inner side of a bin's sink pad
            return patientSourceAbove(GST_PAD(parent.get()));
        if (!GST_IS_ELEMENT(parent.get()))
            return false;
        return patientSourceIn(GST_ELEMENT(parent.get()));
    }

    bool patientSourceIn(GstElement *element) {
        if (seen_.size() >= kMaxElements || !seen_.insert(element).second)
            return false;
        if (GST_IS_BASE_SRC(element))
            return !gst_base_src_is_live(GST_BASE_SRC(element));
        const std::unique_ptr<GstIterator, IteratorFree> pads(gst_element_iterate_sink_pads(element));
        GValue item = G_VALUE_INIT;
        bool found = false;
        while (!found && gst_iterator_next(pads.get(), &item) == GST_ITERATOR_OK) {
            found = patientSourceAbove(GST_PAD(g_value_get_object(&item)));
            g_value_reset(&item);
        }
        g_value_unset(&item);
        return found;
    }

    std::set<GstElement *> seen_; // for identity only
};

} // namespace

bool upstreamIsLive(GstPad *sinkPad) {
    const QueryRef query(gst_query_new_latency());
    gboolean live = FALSE;
    if (gst_pad_peer_query(sinkPad, query.get()))
        gst_query_parse_latency(query.get(), &live, nullptr, nullptr);
    return live && !SourceSearch().patientSourceAbove(sinkPad);
}

} // namespace lt
