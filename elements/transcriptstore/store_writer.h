// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptstore/message_queue.h"
#include "elements/transcriptstore/spool.h"
#include "elements/transcriptstore/time_source.h"

#include <memory>
#include <string>
#include <thread>

namespace lt::store {

struct WriterSettings {
    StorePolicy policy;
    std::string spoolFolder;
    std::string spoolKey;            ///< of the database, see Spool
    Milliseconds callTimeout{10000}; ///< longest call on the database
};

/// Writes the messages of any number of elements to one database: a thread "lt-store" that alone touches the
/// connection and the spool. Methods: any thread, none waits for the database, except the destructor,
/// shortly.
class StoreWriter {
public:
    StoreWriter(std::unique_ptr<Database> database, WriterSettings settings,
                std::shared_ptr<TimeSource> time = std::make_shared<TimeSource>());
    /// What still waits goes to the database within 250 ms, else to the spool. A thread that does not come
    /// back from the disk or the database's library after a second is left to end by itself.
    ~StoreWriter();
    StoreWriter(const StoreWriter &) = delete;
    StoreWriter &operator=(const StoreWriter &) = delete;

    std::shared_ptr<StoreClient> attach(Origin origin, std::weak_ptr<StoreListener> listener);
    /// What it has pushed is stored all the same; its listener hears nothing more.
    void detach(const std::shared_ptr<StoreClient> &client);

    /// False when the memory for waiting messages is used up.
    bool push(const std::shared_ptr<StoreClient> &client, TranscriptRef transcript, std::int64_t receivedMs);
    /// Stores what the client has pushed at once; what is not stored by `by` is spooled. The listener is
    /// told.
    void settle(const std::shared_ptr<StoreClient> &client, TimePoint by);

    const WriterCounts &counts() const;
    /// The time source has moved.
    void timeHasPassed();

private:
    class Core;
    std::shared_ptr<Core> core_; // the thread's too
    std::thread thread_;
};

} // namespace lt::store
