// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptstore/writer_pool.h"

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include <gst/gst.h>

namespace lt::store {

/// The element's hold on its writer: opened and closed by state changes, fed by the streaming thread; what
/// the writer tells goes out as messages. Any thread; no lock is held across a post.
class StoreLink : public StoreListener, public std::enable_shared_from_this<StoreLink> {
public:
    explicit StoreLink(GstElement *element) { g_weak_ref_init(&element_, element); }
    ~StoreLink() override { g_weak_ref_clear(&element_); }
    StoreLink(const StoreLink &) = delete;
    StoreLink &operator=(const StoreLink &) = delete;

    void open(std::shared_ptr<StoreWriter> writer, const std::string &session);
    /// Stores or spools what waits; returns within `timeout` and a second, whatever the database does.
    void close(Milliseconds timeout);

    /// False when there is no more memory for waiting messages.
    bool publish(TranscriptRef transcript);
    /// All that was published is to be stored, or spooled, within `timeout`. waitSettled() then returns true
    /// when that is done or the time is over, or false when interrupt() ended the wait; call it again.
    void settle(Milliseconds timeout);
    bool waitSettled();
    void interrupt(bool interrupted);

    /// Since the last open().
    GstStructure *stats() const;

private:
    void onStoreNews(const StoreNews &news) override;
    void onSettled() override;
    void postStored(GstElement *element, const StoreNews &news);
    void postWarning(GstElement *element, const StoreNews &news);
    void postError(GstElement *element, const StoreNews &news);
    void postEvent(GstElement *element, const char *name, const StoreNews &news);

    GWeakRef element_;         // the writer may outlive it
    mutable std::mutex mutex_; // guards all below
    std::condition_variable changed_;
    std::shared_ptr<StoreWriter> writer_;
    std::shared_ptr<StoreClient> client_;
    TimePoint settleBy_{};
    bool settled_ = true;
    bool interrupted_ = false;
    std::uint64_t refusals_ = 0;
    Transcript lastFinal_; // no utterance id: none yet
};

} // namespace lt::store
