// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/publisher_watch.h"

namespace lt::service {

namespace {

bool isSource(GstElement *element) {
    GstElementFactory *factory = gst_element_get_factory(element);
    return factory && g_strcmp0(GST_OBJECT_NAME(factory), "rtmpserversrc") == 0;
}

StructureRef statsOf(const ObjectRef<GstElement> &source) {
    GstStructure *taken = nullptr;
    g_object_get(source.get(), "stats", &taken, nullptr);
    return StructureRef(taken);
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

std::optional<std::chrono::milliseconds> PublisherWatch::leftBehind() const {
    std::lock_guard lock(mutex_);
    if (sources_.empty())
        return std::nullopt;
    guint64 all = 0;
    for (const auto &source : sources_) {
        const auto stats = statsOf(source);
        guint64 queuedMs = 0;
        if (!stats || g_strcmp0(gst_structure_get_string(stats.get(), "state"), "waiting") != 0)
            return std::nullopt;
        gst_structure_get_uint64(stats.get(), "queued-ms", &queuedMs);
        all += queuedMs;
    }
    return std::chrono::milliseconds(all);
}

} // namespace lt::service
