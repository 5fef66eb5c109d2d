// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/ws/frame_parser.h"
#include "tests/support/gladia_emulator/session.h"
#include "tests/support/loop_thread.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <gio/gio.h>

namespace lt::emulator {

/// One WebSocket of a client, bound to its session for life. Reads and writes the socket itself, because a
/// library that keeps to the rules cannot be made to break them. On the emulator's thread.
class LiveConnection final : public Outlet, private ws::FrameHandler {
public:
    /// Told after each thing that happened; `closed` is the last call, and may destroy the connection.
    struct Callbacks {
        std::function<void()> changed;
        std::function<void(LiveConnection *)> closed;
        std::function<void(const std::string &line)> print;
        std::function<void(std::size_t bytes)> heard;         ///< null: nobody measures
        std::function<void(const std::string &message)> sent; ///< likewise
    };

    /// `socket` is the transport below `stream`. Reads from the next faultsChanged() on.
    LiveConnection(support::ObjectRef<GIOStream> stream, support::ObjectRef<GSocket> socket,
                   std::shared_ptr<Session> session, Faults &faults, support::LoopThread &thread,
                   Callbacks callbacks);
    ~LiveConnection() override;

    std::uint64_t number() const override { return number_; }
    bool open() const override { return open_; }
    void send(const Message &message) override;
    void sendRaw(std::string_view bytes) override;
    void close(int code, const std::string &reason) override;
    void drop() override;
    void reset() override;

    /// A state of the connection may have begun or ended.
    void faultsChanged();
    /// While frozen, nothing is read.
    void freeze(bool frozen);

private:
    void onMessage(ws::Opcode type, std::string_view payload) override;
    void onPing(std::string_view payload) override;
    void onPong(std::string_view) override {}
    void onClose(std::optional<std::uint16_t> code, std::string_view reason) override;

    void readIfAllowed();
    void watchInput();
    bool readSome();
    void consume(std::string_view bytes);
    void write(std::string_view bytes);
    bool flush();
    void leave();
    void finishLater();
    void finish();
    void armDueTimer();

    const std::uint64_t number_;
    Faults &faults_;
    support::LoopThread &thread_;
    const std::shared_ptr<Session> session_;
    const Callbacks callbacks_;
    support::ObjectRef<GIOStream> stream_;
    support::ObjectRef<GSocket> socket_;
    ws::FrameParser parser_;
    std::string outgoing_; // not taken by the socket yet
    support::SourceRef input_;
    support::SourceRef output_;
    support::SourceRef paceTimer_;   // reading pauses until then
    support::SourceRef dueTimer_;    // of the session
    support::SourceRef giveUpTimer_; // for a client that does not notice the end
    support::SourceRef finishTask_;
    bool open_ = true;
    bool frozen_ = false;
    bool endWithFin_ = false; // when outgoing_ is empty
    int closeCode_ = 0;       // that we sent
    int endCode_ = 0;         // of the side that closed first; 0: the transport broke
};

} // namespace lt::emulator
