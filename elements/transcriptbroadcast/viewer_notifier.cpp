// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptbroadcast/viewer_notifier.h"

#include "lib/gst/refs.h"
#include "lib/net/io_threads.h"

#include <array>
#include <chrono>
#include <utility>

GST_DEBUG_CATEGORY_EXTERN(gst_transcript_broadcast_debug);
#define GST_CAT_DEFAULT gst_transcript_broadcast_debug

namespace lt::broadcast {

namespace {

constexpr auto kEndTimeout = std::chrono::seconds(1);
constexpr std::array<const char *, 4> kWords = {"viewer-added", "viewer-removed", "slow-viewer",
                                                "lease-changed"};

StructureRef structureOf(const ViewerNotice &notice) {
    const ViewerInfo nobody;
    const ViewerInfo &viewer = notice.viewer ? *notice.viewer : nobody;
    const std::string name =
        std::string("transcriptbroadcast/") + kWords[static_cast<std::size_t>(notice.kind)];
    StructureRef structure(gst_structure_new(
        name.c_str(), "session", G_TYPE_STRING, notice.session->c_str(), "viewer-id", G_TYPE_UINT64,
        guint64{viewer.id}, "peer", G_TYPE_STRING, viewer.peer.c_str(), "user-id", G_TYPE_STRING,
        viewer.userId.c_str(), "viewers", G_TYPE_UINT64, guint64{notice.viewers}, nullptr));
    switch (notice.kind) {
    case ViewerNotice::Kind::Added:
        gst_structure_set(structure.get(), "version", G_TYPE_UINT, isV2(viewer.form) ? 2u : 1u, nullptr);
        break;
    case ViewerNotice::Kind::Removed:
        gst_structure_set(structure.get(), "reason", G_TYPE_STRING, departureWord(notice.departure), nullptr);
        break;
    case ViewerNotice::Kind::Slow:
        gst_structure_set(structure.get(), "queued-messages", G_TYPE_UINT64, guint64{notice.messages},
                          "queued-bytes", G_TYPE_UINT64, guint64{notice.bytes}, nullptr);
        break;
    case ViewerNotice::Kind::LeaseChanged:
        gst_structure_set(structure.get(), "token", G_TYPE_UINT64, guint64{notice.token}, nullptr);
        break;
    }
    return structure;
}

void tell(GstElement *element, const ViewerNotice &notice) {
    StructureRef structure = structureOf(notice);
    GST_INFO_OBJECT(element, "%" GST_PTR_FORMAT, static_cast<gpointer>(structure.get()));
    g_signal_emit_by_name(element, kWords[static_cast<std::size_t>(notice.kind)], structure.get());
    gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), structure.release()));
}

void tellLoss(GstElement *element, std::uint64_t count) {
    GST_WARNING_OBJECT(
        element, "the application took too long: %" G_GUINT64_FORMAT " notices of viewers were thrown away",
        guint64{count});
    gst_element_post_message(
        element, gst_message_new_element(GST_OBJECT(element),
                                         gst_structure_new("transcriptbroadcast/notices-lost", "count",
                                                           G_TYPE_UINT64, guint64{count}, nullptr)));
}

} // namespace

/* Emitted with the same structure that the element message carries. */
void ViewerNotifier::installSignals(GType type) {
    for (const char *word : kWords)
        g_signal_new(word, type, G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr, G_TYPE_NONE, 1,
                     GST_TYPE_STRUCTURE | G_SIGNAL_TYPE_STATIC_SCOPE);
}

ViewerNotifier::ViewerNotifier(GstElement *element)
    : loop_(net::messageLoop()), session_(std::make_shared<const std::string>()) {
    g_weak_ref_init(&element_, element);
}

ViewerNotifier::~ViewerNotifier() {
    g_weak_ref_clear(&element_);
}

void ViewerNotifier::begin(const std::string &session) {
    std::lock_guard lock(mutex_);
    session_ = std::make_shared<const std::string>(session);
}

void ViewerNotifier::push(Task task) {
    bool first;
    {
        std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(task));
        first = !std::exchange(draining_, true);
    }
    if (first)
        loop_->post([self = shared_from_this()] { self->drain(); });
}

void ViewerNotifier::add(ViewerNotice notice) {
    {
        std::lock_guard lock(mutex_);
        if (waiting_.size() >= kMaxWaiting) {
            lost_++;
            return;
        }
        notice.session = session_;
    }
    push([notice = std::move(notice)](GstElement *element) { tell(element, notice); });
}

void ViewerNotifier::afterwards(std::function<void()> call) {
    push([call = std::move(call)](GstElement *) { call(); });
}

void ViewerNotifier::drain() {
    const ObjectRef<GstElement> element(static_cast<GstElement *>(g_weak_ref_get(&element_)));
    for (;;) {
        Task task;
        std::uint64_t lost;
        {
            std::lock_guard lock(mutex_);
            lost = std::exchange(lost_, 0);
            if (waiting_.empty() && lost == 0) {
                draining_ = false;
                idle_.notify_all();
                return;
            }
            if (!waiting_.empty()) {
                task = std::move(waiting_.front());
                waiting_.pop_front();
            }
        }
        if (!element)
            continue;
        if (task)
            task(element.get());
        if (lost > 0)
            tellLoss(element.get(), lost);
    }
}

void ViewerNotifier::end() {
    std::unique_lock lock(mutex_);
    if (!loop_->onLoopThread())
        idle_.wait_for(lock, kEndTimeout, [this] { return !draining_; });
    waiting_.clear();
    lost_ = 0;
}

} // namespace lt::broadcast
