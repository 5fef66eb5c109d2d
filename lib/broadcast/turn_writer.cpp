// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/broadcast/turn_writer.h"

#include <utility>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace lt::broadcast {

namespace {

/// send() without being a point where threads can be cancelled: glibc pays for that with two locked
/// instructions in a process of several threads, and they wait for all that the kernel has just written, 3 %
/// of the whole.
ssize_t sendNow(int fd, std::string_view bytes) {
    return ::syscall(SYS_sendto, fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL, nullptr, 0);
}

} // namespace

TurnWriter::TurnWriter(const Turn &turn, Deliveries &deliveries, const std::function<net::TimePoint()> &now)
    : deliveries_(deliveries), now_(now) {
    for (std::size_t i = 0; i < kViewerForms; i++)
        batches_[i] = turn.batchOf(static_cast<ViewerForm>(i));
}

bool TurnWriter::write(Lane lane, ssize_t &sent) {
    const std::string_view bytes = batchOf(lane.form).bytes;
    if (bytes.empty())
        return true;
    sent = sendNow(lane.fd, bytes);
    if (sent != static_cast<ssize_t>(bytes.size()))
        return false;
    served_[static_cast<std::size_t>(lane.form)]++;
    if (++run_ == kRun)
        finish();
    return true;
}

void TurnWriter::finish() {
    if (std::exchange(run_, 0) == 0)
        return;
    const net::TimePoint now = now_();
    for (std::size_t i = 0; i < kViewerForms; i++) {
        const unsigned viewers = std::exchange(served_[i], 0);
        for (const FrameRef &frame : batches_[i].frames)
            if (viewers > 0)
                deliveries_.add(*frame, now, viewers);
    }
}

} // namespace lt::broadcast
