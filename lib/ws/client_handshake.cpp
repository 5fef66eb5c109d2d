// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/ws/client_handshake.h"

#include "lib/gst/refs.h"

#include <algorithm>
#include <memory>
#include <optional>

#include <glib.h>

namespace lt::ws {

namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::string_view kEndOfHead = "\r\n\r\n";
constexpr std::size_t kMaxReason = 200;

std::string acceptOf(const std::string &key) {
    const std::string text = key + std::string(kGuid);
    std::array<guint8, 20> digest{};
    gsize size = digest.size();
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA1);
    g_checksum_update(sum, reinterpret_cast<const guchar *>(text.data()), static_cast<gssize>(text.size()));
    g_checksum_get_digest(sum, digest.data(), &size);
    g_checksum_free(sum);
    return CharPtr(g_base64_encode(digest.data(), digest.size())).get();
}

std::string_view trimmed(std::string_view text) {
    constexpr const char *kBlank = " \t";
    const std::size_t begin = text.find_first_not_of(kBlank);
    return begin == text.npos ? std::string_view()
                              : text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

bool sameWord(std::string_view one, std::string_view other) {
    return one.size() == other.size() && g_ascii_strncasecmp(one.data(), other.data(), one.size()) == 0;
}

/// The next piece of `text` up to `separator`, which is taken as well.
std::string_view take(std::string_view &text, std::string_view separator) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view piece = text.substr(0, end);
    text.remove_prefix(std::min(end + separator.size(), text.size()));
    return piece;
}

bool listHolds(std::string_view list, std::string_view word) {
    while (!list.empty())
        if (sameWord(trimmed(take(list, ",")), word))
            return true;
    return false;
}

/// What matters of the answer's header fields.
struct Fields {
    bool wellFormed = true;
    bool upgrade = false;
    bool connection = false;
    bool extensions = false;
    bool protocol = false;
    unsigned accepts = 0;
    std::string_view accept;

    explicit Fields(std::string_view lines) {
        while (!lines.empty())
            add(take(lines, "\r\n"));
    }

private:
    void add(std::string_view line) {
        const std::size_t colon = line.find(':');
        if (colon == line.npos || colon == 0 || line.find_first_of(" \t") < colon) {
            wellFormed = false; // folded lines included, which RFC 9112 has done away with
            return;
        }
        const std::string_view name = line.substr(0, colon);
        const std::string_view value = trimmed(line.substr(colon + 1));
        if (sameWord(name, "Upgrade"))
            upgrade = upgrade || listHolds(value, "websocket");
        else if (sameWord(name, "Connection"))
            connection = connection || listHolds(value, "upgrade");
        else if (sameWord(name, "Sec-WebSocket-Extensions"))
            extensions = extensions || !value.empty();
        else if (sameWord(name, "Sec-WebSocket-Protocol"))
            protocol = true;
        else if (sameWord(name, "Sec-WebSocket-Accept")) {
            accepts++;
            accept = value;
        }
    }
};

} // namespace

ClientHandshake::ClientHandshake(std::string_view host, std::string_view target, std::string_view userAgent,
                                 const Nonce &nonce) {
    const std::string key = CharPtr(g_base64_encode(nonce.data(), nonce.size())).get();
    accept_ = acceptOf(key);
    const auto add = [this](std::initializer_list<std::string_view> pieces) {
        for (const std::string_view piece : pieces)
            request_ += piece;
        request_ += "\r\n";
    };
    add({"GET ", target, " HTTP/1.1"});
    add({"Host: ", host});
    add({"Upgrade: websocket"});
    add({"Connection: Upgrade"});
    add({"Sec-WebSocket-Key: ", key});
    add({"Sec-WebSocket-Version: 13"});
    add({"User-Agent: ", userAgent});
    add({});
}

void ClientHandshake::fail(std::string why) {
    state_ = State::Broken;
    reason_ = std::move(why);
}

ClientHandshake::State ClientHandshake::consume(std::string_view &bytes) {
    while (state_ == State::Reading && !bytes.empty()) {
        const std::size_t before = head_.size();
        head_ += bytes.substr(0, std::min(bytes.size(), kMaxHead - before));
        const std::size_t searched = before - std::min(before, kEndOfHead.size() - 1);
        const std::size_t end = head_.find(kEndOfHead, searched);
        if (end == std::string::npos) {
            bytes = {};
            if (head_.size() == kMaxHead)
                fail("The head of the answer does not end.");
            break;
        }
        bytes.remove_prefix(end + kEndOfHead.size() - before);
        const std::string head = std::exchange(head_, {});
        readHead(std::string_view(head).substr(0, end));
    }
    return state_;
}

/// "HTTP/1.1 101 Switching Protocols"
bool ClientHandshake::readStatusLine(std::string_view line) {
    const auto isDigit = [](char c) {
        return g_ascii_isdigit(c);
    };
    constexpr std::string_view kVersion = "HTTP/1.";
    constexpr std::size_t kStatusAt = kVersion.size() + 2, kStatusEnd = kStatusAt + 3;
    if (!line.starts_with(kVersion) || line.size() < kStatusEnd || !isDigit(line[kVersion.size()]) ||
        line[kStatusAt - 1] != ' ' ||
        !std::all_of(line.data() + kStatusAt, line.data() + kStatusEnd, isDigit) ||
        (line.size() > kStatusEnd && line[kStatusEnd] != ' '))
        return false;
    status_ = 0;
    for (std::size_t i = kStatusAt; i < kStatusEnd; i++)
        status_ = status_ * 10 + static_cast<unsigned>(line[i] - '0');
    reason_ = trimmed(line.substr(kStatusEnd)).substr(0, kMaxReason);
    return status_ >= 100;
}

void ClientHandshake::readHead(std::string_view head) {
    std::string_view fields = head;
    if (!readStatusLine(take(fields, "\r\n")))
        return fail("What answered does not speak HTTP/1.1.");
    if (status_ == 101)
        check(fields);
    else if (status_ >= 200)
        state_ = State::Refused;
    // Any other 1xx is a word in between.
}

void ClientHandshake::check(std::string_view lines) {
    const Fields fields(lines);
    if (!fields.wellFormed)
        return fail("The head of the answer is malformed.");
    if (!fields.upgrade || !fields.connection)
        return fail("The answer does not upgrade to a WebSocket.");
    if (fields.accepts != 1 || fields.accept != accept_)
        return fail("The answer's Sec-WebSocket-Accept does not fit the key that was sent.");
    if (fields.extensions || fields.protocol)
        return fail("The answer takes an extension or a subprotocol that was not offered.");
    state_ = State::Done;
}

} // namespace lt::ws
