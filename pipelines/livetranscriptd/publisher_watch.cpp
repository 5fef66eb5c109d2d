// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/publisher_watch.h"

#include <algorithm>

namespace lt::service {

namespace {

bool isSource(GstElement *element) {
    GstElementFactory *factory = gst_element_get_factory(element);
    return factory && g_strcmp0(GST_OBJECT_NAME(factory), "rtmpserversrc") == 0;
}

bool waitsForNobody(const ObjectRef<GstElement> &source) {
    GstStructure *taken = nullptr;
    g_object_get(source.get(), "stats", &taken, nullptr);
    const StructureRef stats(taken);
    return stats && g_strcmp0(gst_structure_get_string(stats.get(), "state"), "waiting") == 0;
}

} // namespace

void PublisherWatch::lookAt(GstBin *bin) {
    std::vector<ObjectRef<GstElement>> found;
    GstIterator *elements = gst_bin_iterate_recurse(bin);
    gst_iterator_foreach(
        elements,
        [](const GValue *item, gpointer into) {
            auto *element = GST_ELEMENT(g_value_get_object(item));
            if (isSource(element))
                static_cast<std::vector<ObjectRef<GstElement>> *>(into)->push_back(retainObject(element));
        },
        &found);
    gst_iterator_free(elements);
    std::lock_guard lock(mutex_);
    sources_ = std::move(found);
}

void PublisherWatch::forget() {
    std::lock_guard lock(mutex_);
    sources_.clear(); // the pipeline holds them still
}

bool PublisherWatch::left() const {
    std::lock_guard lock(mutex_);
    return !sources_.empty() && std::all_of(sources_.begin(), sources_.end(), waitsForNobody);
}

} // namespace lt::service
