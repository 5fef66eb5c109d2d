// SPDX-License-Identifier: LGPL-2.1-or-later
// A client on its loop; this thread is the server at the other end of a socket pair.
#include "lib/ws/client.h"

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace lt;
using namespace lt::ws;

namespace {

constexpr std::chrono::seconds kPatience{20}; // only ever reached when something hangs

/// What a client was told, as words.
class Told final : public ClientListener {
public:
    /// Called with each, on the loop.
    std::function<void(const std::string &)> also;

    void onOpened() override { add("opened"); }
    void onFailed(ConnectFailure failure) override { add("failed:" + std::to_string(failure.status)); }
    void onMessage(Opcode type, std::string_view payload) override {
        add((type == Opcode::Text ? "text:" : "binary:") + std::string(payload));
    }
    void onPong() override { add("pong"); }
    void onClosed(std::uint16_t code, std::string_view reason) override {
        add("closed:" + std::to_string(code) +
            (code == closecode::kAbnormal ? "" : ":" + std::string(reason)));
    }
    void onGone() override { add("gone"); }

    /// Everything so far, once `word` is among it.
    std::string until(const std::string &word) {
        std::unique_lock lock(mutex_);
        const bool came = changed_.wait_for(lock, kPatience, [&] {
            return (" " + words_ + " ").find(" " + word + " ") != std::string::npos;
        });
        if (!came)
            g_error("no \"%s\" in \"%s\"", word.c_str(), words_.c_str());
        return words_;
    }

private:
    void add(const std::string &word) {
        {
            std::lock_guard lock(mutex_);
            words_ += (words_.empty() ? "" : " ") + word;
            changed_.notify_all();
        }
        if (also)
            also(word);
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::string words_;
};

/// What a server hears, likewise.
struct Heard : FrameHandler {
    std::string words;
    void add(const std::string &word) { words += (words.empty() ? "" : " ") + word; }
    void onMessage(Opcode type, std::string_view payload) override {
        const std::string shown = payload.size() > 40 ? std::to_string(payload.size()) : std::string(payload);
        add((type == Opcode::Text ? "text:" : "binary:") + shown);
    }
    void onPing(std::string_view) override { add("ping"); }
    void onPong(std::string_view payload) override { add("pong:" + std::string(payload)); }
    void onClose(std::optional<std::uint16_t> code, std::string_view reason) override {
        add("close:" + std::to_string(code.value_or(0)) + ":" + std::string(reason));
    }
};

std::string frame(Opcode opcode, std::string_view payload) {
    std::string wire;
    appendFrame(wire, opcode, payload);
    return wire;
}

class Rig {
public:
    explicit Rig(std::size_t maxMessage = 1 << 20) : loop_(std::make_shared<net::EventLoop>("test")) {
        int ends[2];
        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
        server_.reset(ends[0]);
        on([&] {
            client_ =
                std::make_unique<Client>(Client::Settings{loop_, nullptr, {}, "tester", maxMessage}, told);
            net::Dialled connection;
            connection.fd.reset(ends[1]);
            fcntl(ends[1], F_SETFL, O_NONBLOCK);

            client_->start(std::move(connection), "host", "/path?token=x");
        });
    }
    ~Rig() {
        on([&] { client_.reset(); });
    }
    Rig(const Rig &) = delete;
    Rig &operator=(const Rig &) = delete;

    void on(const std::function<void()> &task) { loop_->runSync(task); }
    Client &client() { return *client_; }
    bool close(std::uint16_t code, const std::string &reason) {
        bool gone = false;
        on([&] { gone = client_->close(code, reason); });
        return gone;
    }

    void write(const std::string &bytes) {
        g_assert_cmpint(::send(server_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), ==,
                        static_cast<gssize>(bytes.size()));
    }
    /// "" at the end of what the client sends.
    std::string read() {
        std::string buffer(65536, '\0');
        pollfd wanted{server_.get(), POLLIN, 0};
        g_assert_cmpint(poll(&wanted, 1, 20000), ==, 1);
        const ssize_t got = ::recv(server_.get(), buffer.data(), buffer.size(), 0);
        buffer.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return buffer;
    }
    /// Reads the upgrade, and answers `head`, or what the key wants.
    void upgrade(std::string head = "", const std::string &behind = "") {
        std::string request;
        while (!request.ends_with("\r\n\r\n"))
            request += read();
        g_assert_true(request.starts_with("GET /path?token=x HTTP/1.1\r\nHost: host\r\n"));
        if (head.empty()) {
            const std::string name = "Sec-WebSocket-Key: ";
            const std::size_t at = request.find(name) + name.size();
            const std::string key =
                request.substr(at, request.find("\r\n", at) - at) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
            GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA1);
            g_checksum_update(sum, reinterpret_cast<const guchar *>(key.data()),
                              static_cast<gssize>(key.size()));
            guint8 digest[20];
            gsize size = sizeof digest;
            g_checksum_get_digest(sum, digest, &size);
            g_checksum_free(sum);
            const CharPtr accept(g_base64_encode(digest, size));
            head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Accept: " +
                   std::string(accept.get()) + "\r\n\r\n";
        }
        write(head + behind);
    }
    /// Everything the client sent, once `word` is among it.
    std::string hear(const std::string &word) {
        while ((" " + heard_.words + " ").find(" " + word + " ") == std::string::npos) {
            const std::string bytes = read();
            g_assert_false(bytes.empty());
            g_assert_false(parser_.consume(bytes, heard_).has_value());
        }
        return heard_.words;
    }
    void hangUp() { server_.reset(); }

    Told told;

private:
    std::shared_ptr<net::EventLoop> loop_;
    net::UniqueFd server_;
    std::unique_ptr<Client> client_;
    Heard heard_;
    FrameParser parser_{Sender::Client, 1 << 24};
};

void assertSame(const std::string &is, const char *shouldBe) {
    g_assert_cmpstr(is.c_str(), ==, shouldBe);
}

} // namespace

static void messages_go_both_ways_and_the_close_is_answered() {
    Rig rig;
    rig.upgrade("", frame(Opcode::Text, "early"));
    assertSame(rig.told.until("text:early"), "opened text:early");
    rig.on([&] {
        rig.client().send(Opcode::Binary, std::string(1600, 'a'));
        rig.client().send(Opcode::Text, "stop");
        rig.client().sendFill(7, 50);
        rig.client().ping();
    });
    assertSame(rig.hear("ping"), "binary:1600 text:stop binary:50 ping");
    rig.write(frame(Opcode::Pong, "") + frame(Opcode::Ping, "p") +
              frame(Opcode::Close, closePayload(1000, "bye")));
    assertSame(rig.told.until("closed:1000:bye"), "opened text:early pong closed:1000:bye");
    assertSame(rig.hear("close:1000:"), "binary:1600 text:stop binary:50 ping pong:p close:1000:");
    rig.hangUp();
    assertSame(rig.told.until("gone"), "opened text:early pong closed:1000:bye gone");
}

static void nothing_leaves_before_it_is_flushed() {
    Rig rig;
    rig.upgrade();
    rig.told.until("opened");
    rig.on([&] {
        for (int i = 0; i < 10; i++)
            rig.client().send(Opcode::Text, std::to_string(i));
        rig.client().flush();
    });
    const std::string once = rig.read(); // one write
    g_assert_cmpuint(once.size(), ==, 10 * (2 + 4 + 1));
}

static void what_the_socket_does_not_take_waits_for_it() {
    Rig rig;
    rig.upgrade();
    rig.told.until("opened");
    const std::size_t megabyte = 1 << 20;
    rig.on([&] {
        for (int i = 0; i < 8; i++)
            rig.client().send(Opcode::Binary, std::string(megabyte, 'x'));
        rig.client().send(Opcode::Text, "last");
        rig.client().flush();
    });
    std::string wanted;
    for (int i = 0; i < 8; i++)
        wanted += "binary:1048576 ";
    assertSame(rig.hear("text:last"), (wanted + "text:last").c_str());
}

static void frames_may_leave_from_another_thread_while_the_loop_hears_and_answers() {
    Rig rig;
    rig.upgrade();
    rig.told.until("opened");
    constexpr int kFrames = 400; // more than the socket holds
    std::string wanted;
    for (int i = 0; i < kFrames; i++) {
        rig.client().send(Opcode::Binary, std::string(1600, 'a'));
        if (!rig.client().flushNow())
            rig.on([&] { rig.client().flush(); });
        rig.write(frame(Opcode::Ping, "p"));
        wanted += "binary:1600 ";
    }
    rig.client().send(Opcode::Text, "last");
    rig.on([&] { rig.client().flush(); });
    const std::string heard = rig.hear("text:last");
    std::string audio; // the answers to the pings come anywhere
    for (std::size_t at = 0; at < heard.size();) {
        const std::size_t end = std::min(heard.find(' ', at), heard.size());
        if (const std::string word = heard.substr(at, end - at); word != "pong:p")
            audio += word + " ";
        at = end + 1;
    }
    assertSame(audio, (wanted + "text:last ").c_str());
    g_assert_false(rig.close(1000, ""));
    rig.client().send(Opcode::Text, "too late");
    g_assert_true(rig.client().flushNow());
    g_assert_true(rig.hear("close:1000:").find("late") == std::string::npos);
}

static void our_goodbye_is_silent_and_ends_when_the_peer_has_answered() {
    Rig rig;
    rig.upgrade();
    rig.told.until("opened");
    g_assert_false(rig.close(1008, "Heartbeat timeout"));
    rig.hear("close:1008:Heartbeat");
    rig.write(frame(Opcode::Text, "late") + frame(Opcode::Close, closePayload(1008, "")));
    g_assert_cmpuint(rig.read().size(), ==, 0);
    rig.hangUp();
    assertSame(rig.told.until("gone"), "opened gone");
    g_assert_true(rig.close(1000, ""));
}

static void a_peer_that_never_answers_is_not_waited_for() {
    Rig rig;
    rig.upgrade();
    rig.told.until("opened");
    g_assert_false(rig.close(1000, ""));
    assertSame(rig.told.until("gone"), "opened gone");
}

static void a_broken_connection_is_told_behind_what_had_come() {
    Rig rig;
    rig.upgrade();
    rig.told.until("opened");
    rig.write(frame(Opcode::Text, "last words"));
    rig.hangUp();
    rig.told.until("closed:1006");
    assertSame(rig.told.until("gone"), "opened text:last words closed:1006 gone");
}

static void writing_to_a_broken_connection_does_not_hide_what_had_come() {
    Rig rig;
    rig.upgrade();
    rig.told.until("opened");
    rig.on([&] {
        // The loop cannot read before this task ends.
        rig.write(frame(Opcode::Text, "last words"));
        rig.hangUp();
        rig.client().send(Opcode::Binary, "audio");
        rig.client().flush();
        rig.client().send(Opcode::Binary, "audio");
        rig.client().flush();
    });
    assertSame(rig.told.until("gone"), "opened text:last words closed:1006 gone");
}

static void a_peer_that_breaks_the_rules_is_left() {
    const std::pair<std::string, const char *> table[] = {
        {frame(Opcode::Text, "\xff"), "close:1007:Text"},
        {frame(Opcode::Binary, std::string(1001, 'x')), "close:1009:Message"},
        {std::string("\x81\x81"
                     "abcdx"),
         "close:1002:Frame"},
    };
    for (const auto &[bytes, wanted] : table) {
        Rig rig(1000);
        rig.upgrade("", bytes + frame(Opcode::Text, "after"));
        assertSame(rig.told.until("closed:1006"), "opened closed:1006");
        rig.hear(wanted);
        rig.hangUp();
        rig.told.until("gone");
    }
}

static void an_upgrade_that_is_refused_or_breaks_is_told_once() {
    const std::pair<const char *, const char *> table[] = {
        {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "failed:403"},
        {"HTTP/1.1 101 Sure\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "failed:0"},
        {"220 mail\r\n\r\n", "failed:0"},
        {"HTTP/1.1 1", "failed:0"},
    };
    for (const auto &[head, wanted] : table) {
        Rig rig;
        rig.upgrade(head);
        rig.hangUp();
        assertSame(rig.told.until(wanted), wanted);
        g_assert_true(rig.close(1000, ""));
        assertSame(rig.told.until(wanted), wanted);
    }
}

static void it_may_be_closed_from_every_callback() {
    for (const char *at : {"opened", "text:x", "pong", "closed:1000:bye", "failed:500"}) {
        Rig rig;
        bool gone = false;
        rig.on([&] {
            rig.told.also = [&](const std::string &word) {
                if (word == at)
                    gone = rig.client().close(1000, "enough");
            };
        });
        const bool refused = std::string(at) == "failed:500";
        rig.upgrade(refused ? "HTTP/1.1 500 No\r\n\r\n" : "",
                    refused ? ""
                            : frame(Opcode::Text, "x") + frame(Opcode::Pong, "") + frame(Opcode::Text, "y") +
                                  frame(Opcode::Close, closePayload(1000, "bye")));
        rig.told.until(at);
        rig.hangUp();
        if (!refused)
            rig.told.until("gone");
        rig.on([&] { g_assert_cmpint(gone, ==, refused); });
    }
}

static void a_flood_of_pings_that_nobody_hears_answered_is_borne() {
    Rig rig;
    rig.upgrade();
    rig.told.until("opened");
    const std::string ping = frame(Opcode::Ping, std::string(125, 'p'));
    for (int i = 0; i < 20000; i++)
        rig.write(ping);
    rig.write(frame(Opcode::Text, "done"));
    rig.told.until("text:done");
}

static void an_address_that_is_none_fails_later() {
    for (const char *url : {"http://host/", "ws://", "ws:///path", "nonsense", "ws://ho st/"}) {
        Told told;
        auto loop = std::make_shared<net::EventLoop>("test");
        std::unique_ptr<Client> client;
        loop->runSync([&] {
            client = std::make_unique<Client>(Client::Settings{loop, nullptr}, told);
            client->connect(url);
        });
        assertSame(told.until("failed:0"), "failed:0");
        loop->runSync([&] { client.reset(); });
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    const std::pair<const char *, void (*)()> tests[] = {
        {"messages go both ways and the close is answered", messages_go_both_ways_and_the_close_is_answered},
        {"nothing leaves before it is flushed", nothing_leaves_before_it_is_flushed},
        {"what the socket does not take waits for it", what_the_socket_does_not_take_waits_for_it},
        {"frames may leave from another thread while the loop hears and answers",
         frames_may_leave_from_another_thread_while_the_loop_hears_and_answers},
        {"our goodbye is silent and ends when the peer has answered",
         our_goodbye_is_silent_and_ends_when_the_peer_has_answered},
        {"a peer that never answers is not waited for", a_peer_that_never_answers_is_not_waited_for},
        {"a broken connection is told behind what had come",
         a_broken_connection_is_told_behind_what_had_come},
        {"writing to a broken connection does not hide what had come",
         writing_to_a_broken_connection_does_not_hide_what_had_come},
        {"a peer that breaks the rules is left", a_peer_that_breaks_the_rules_is_left},
        {"an upgrade that is refused or breaks is told once",
         an_upgrade_that_is_refused_or_breaks_is_told_once},
        {"it may be closed from every callback", it_may_be_closed_from_every_callback},
        {"a flood of pings that nobody hears answered is borne",
         a_flood_of_pings_that_nobody_hears_answered_is_borne},
        {"an address that is none fails later", an_address_that_is_none_fails_later},
    };
    for (const auto &[name, test] : tests)
        g_test_add_func((std::string("/ws-client/") + name).c_str(), test);
    return g_test_run();
}
