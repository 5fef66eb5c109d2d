// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/room_handle.h"
#include "lib/net/event_loop.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include <gst/gst.h>

namespace lt::broadcast {

/// What the application is told of a room's viewers.
struct ViewerNotice {
    enum class Kind : std::uint8_t { Added, Removed, Slow, LeaseChanged };

    Kind kind;
    ViewerInfoRef viewer; ///< LeaseChanged: the holder, or null
    std::uint64_t viewers = 0;
    Departure departure = Departure::Closed;         ///< Removed
    std::size_t messages = 0, bytes = 0;             ///< Slow: what waits
    std::uint64_t token = 0;                         ///< LeaseChanged
    std::shared_ptr<const std::string> session = {}; ///< filled in by the notifier
};

/// Tells an application of viewers, by signals and element messages, on the thread "lt-messages" that serves
/// nothing else: a handler may take its time without any viewer waiting for it. At most kMaxWaiting notices
/// wait; what is lost beyond that is counted and announced. Keep it in a shared_ptr; any thread.
class ViewerNotifier : public std::enable_shared_from_this<ViewerNotifier> {
public:
    static constexpr std::size_t kMaxWaiting = 16384;

    /// `element` is held weakly.
    explicit ViewerNotifier(GstElement *element);
    ~ViewerNotifier();
    ViewerNotifier(const ViewerNotifier &) = delete;
    ViewerNotifier &operator=(const ViewerNotifier &) = delete;

    /// Adds the four signals to the element's class.
    static void installSignals(GType type);

    void begin(const std::string &session);
    void add(ViewerNotice notice);
    /// Runs `call` when all added before it has been told.
    void afterwards(std::function<void()> call);
    /// Waits until all has been told; no longer than a second, and not at all on the thread that tells.
    /// What is left then is thrown away.
    void end();

private:
    using Task = std::function<void(GstElement *)>;

    void push(Task task);
    void drain();

    const std::shared_ptr<net::EventLoop> loop_;
    GWeakRef element_;

    std::mutex mutex_; // guards all below; never held while the application is told
    std::condition_variable idle_;
    std::deque<Task> waiting_;
    std::uint64_t lost_ = 0;
    bool draining_ = false;
    std::shared_ptr<const std::string> session_;
};

} // namespace lt::broadcast
