// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/store_link.h"

#include "lib/gst/refs.h"

#include <utility>

namespace lt::store {

namespace {

/// Of the time to settle, what is left for the spool when the database has not answered.
constexpr int kSpoolShare = 4;

std::string newRunName() {
    const CharPtr name(
        g_strdup_printf("%" G_GINT64_MODIFIER "x-%08x", g_get_real_time() / 1000, g_random_int()));
    return name.get();
}

void describeLast(GstStructure *structure, const Transcript &last) {
    gst_structure_set(structure, "last-epoch", G_TYPE_STRING, last.epoch.c_str(), "last-kind", G_TYPE_STRING,
                      kindName(last.kind).data(), "last-utterance-id", G_TYPE_STRING,
                      last.utteranceId.c_str(), "last-language", G_TYPE_STRING, last.language.c_str(),
                      "last-revision", G_TYPE_UINT64, guint64{last.revision}, nullptr);
}

} // namespace

void StoreLink::open(std::shared_ptr<StoreWriter> writer, const std::string &session) {
    auto client = writer->attach({session, newRunName(), g_get_real_time() / 1000}, weak_from_this());
    std::lock_guard lock(mutex_);
    writer_ = std::move(writer);
    client_ = std::move(client);
    settled_ = true;
    refusals_ = 0;
    lastFinal_ = {};
}

void StoreLink::close(Milliseconds timeout) {
    settle(timeout);
    {
        std::unique_lock lock(mutex_);
        changed_.wait_until(lock, settleBy_, [this] { return settled_; });
    }
    std::shared_ptr<StoreWriter> last;
    {
        std::lock_guard lock(mutex_);
        last = std::move(writer_);
        last->detach(client_); // it stays for stats()
    }
    // Outside the lock: the last user waits for the thread, which may be about to tell us something.
    last.reset();
}

bool StoreLink::publish(TranscriptRef transcript) {
    std::lock_guard lock(mutex_);
    return !writer_ || writer_->push(client_, std::move(transcript), g_get_real_time() / 1000);
}

void StoreLink::settle(Milliseconds timeout) {
    std::lock_guard lock(mutex_);
    if (!writer_)
        return;
    const auto now = TimePoint::clock::now();
    settleBy_ = now + timeout;
    settled_ = false;
    writer_->settle(client_, settleBy_ - timeout / kSpoolShare);
}

bool StoreLink::waitSettled() {
    std::unique_lock lock(mutex_);
    const bool told = changed_.wait_until(lock, settleBy_, [this] { return settled_ || interrupted_; });
    return settled_ || !told;
}

void StoreLink::interrupt(bool interrupted) {
    std::lock_guard lock(mutex_);
    interrupted_ = interrupted;
    changed_.notify_all();
}

void StoreLink::onSettled() {
    std::lock_guard lock(mutex_);
    settled_ = true;
    changed_.notify_all();
}

void StoreLink::onStoreNews(const StoreNews &news) {
    const ObjectRef<GstElement> element(static_cast<GstElement *>(g_weak_ref_get(&element_)));
    if (!element)
        return;
    switch (news.kind) {
    case StoreNews::Kind::Stored:
        return postStored(element.get(), news);
    case StoreNews::Kind::Available:
        return postEvent(element.get(), "transcriptstore/available", news);
    case StoreNews::Kind::Spooling:
        return postEvent(element.get(), "transcriptstore/spooling", news);
    case StoreNews::Kind::Unavailable:
    case StoreNews::Kind::SpoolFailed:
    case StoreNews::Kind::Refused:
        return postWarning(element.get(), news);
    case StoreNews::Kind::Lost:
    case StoreNews::Kind::Failed:
        return postError(element.get(), news);
    }
}

void StoreLink::postStored(GstElement *element, const StoreNews &news) {
    GstStructure *structure;
    {
        std::lock_guard lock(mutex_);
        if (!client_)
            return;
        if (news.last)
            lastFinal_ = *news.last;
        structure = gst_structure_new(
            "transcriptstore/stored", "session", G_TYPE_STRING, client_->origin.session.c_str(), "messages",
            G_TYPE_UINT64, guint64{news.messages}, "finals", G_TYPE_UINT64, guint64{news.finals},
            "stored-finals", G_TYPE_UINT64, guint64{client_->counts.storedFinals.load()}, nullptr);
        if (news.last)
            describeLast(structure, *news.last);
    }
    GST_LOG_OBJECT(element, "%" GST_PTR_FORMAT, static_cast<gpointer>(structure));
    gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), structure));
}

void StoreLink::postEvent(GstElement *element, const char *name, const StoreNews &news) {
    GstStructure *structure = gst_structure_new(name, "text", G_TYPE_STRING, news.sentence.c_str(),
                                                "messages", G_TYPE_UINT64, guint64{news.messages}, nullptr);
    GST_INFO_OBJECT(element, "%" GST_PTR_FORMAT, static_cast<gpointer>(structure));
    gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), structure));
}

void StoreLink::postWarning(GstElement *element, const StoreNews &news) {
    if (news.kind == StoreNews::Kind::Refused) {
        std::lock_guard lock(mutex_);
        const std::uint64_t count = ++refusals_;
        if ((count & (count - 1)) != 0) // a flood of them must not flood the bus
            return;
    }
    GST_ELEMENT_WARNING(element, RESOURCE, WRITE, ("%s", news.sentence.c_str()), (nullptr));
}

void StoreLink::postError(GstElement *element, const StoreNews &news) {
    if (news.kind == StoreNews::Kind::Lost)
        GST_ELEMENT_ERROR(element, RESOURCE, NO_SPACE_LEFT, ("%s", news.sentence.c_str()), (nullptr));
    else if (news.verdict == Verdict::NotAllowed)
        GST_ELEMENT_ERROR(element, RESOURCE, NOT_AUTHORIZED, ("%s", news.sentence.c_str()), (nullptr));
    else
        GST_ELEMENT_ERROR(element, RESOURCE, OPEN_READ_WRITE, ("%s", news.sentence.c_str()), (nullptr));
}

GstStructure *StoreLink::stats() const {
    std::lock_guard lock(mutex_);
    const StoreCounts none;
    const WriterCounts idle;
    const StoreCounts &own = client_ ? client_->counts : none;
    const WriterCounts &all = writer_ ? writer_->counts() : idle;
    const auto value = [](const std::atomic<std::uint64_t> &count) {
        return guint64{count.load()};
    };
    GstStructure *stats = gst_structure_new(
        "application/x-transcriptstore-stats", "received", G_TYPE_UINT64, value(own.received), "stored",
        G_TYPE_UINT64, value(own.stored), "stored-finals", G_TYPE_UINT64, value(own.storedFinals), "queue",
        G_TYPE_UINT64, value(own.queued), "spooled", G_TYPE_UINT64, value(own.spooled), "dropped-partials",
        G_TYPE_UINT64, value(own.droppedPartials), "refused", G_TYPE_UINT64, value(own.refused), "spool",
        G_TYPE_UINT64, value(all.spool), "commits", G_TYPE_UINT64, value(all.commits), "retries",
        G_TYPE_UINT64, value(all.retries), "damaged-lines", G_TYPE_UINT64, value(all.damagedLines),
        "torn-lines", G_TYPE_UINT64, value(all.tornLines), "last-batch", G_TYPE_UINT64, value(all.lastBatch),
        "last-commit-us", G_TYPE_UINT64, value(all.lastCommitUs), "max-commit-us", G_TYPE_UINT64,
        value(all.maxCommitUs), "connected", G_TYPE_BOOLEAN, gboolean{all.connected.load()}, nullptr);
    describeLast(stats, lastFinal_);
    return stats;
}

} // namespace lt::store
