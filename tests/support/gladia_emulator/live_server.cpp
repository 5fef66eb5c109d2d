// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/live_server.h"
#include "tests/support/gladia_emulator/callback_body.h"
#include "tests/support/gladia_emulator/emulator_routes.h"
#include "tests/support/gladia_emulator/http_reply.h"
#include "tests/support/gladia_emulator/rest_routes.h"
#include "tests/support/json_text.h"

#include <algorithm>
#include <utility>

namespace lt::emulator {

using support::isoTime;
using support::toText;

namespace {

constexpr std::string_view kPath = "/v2/live";
constexpr goffset kMaxBody = 1 << 20;
constexpr std::string_view kOwnPath = "/emulator/";
constexpr std::uint64_t kNetworkStream = ~1ULL;
constexpr std::uint64_t kScriptStream = ~2ULL;
constexpr int kTooManyRequests = 429; // not among libsoup's names

bool asksForWebSocket(SoupServerMessage *message) {
    SoupMessageHeaders *headers = soup_server_message_get_request_headers(message);
    return soup_message_headers_header_contains(headers, "Upgrade", "websocket");
}

std::string queryValue(GHashTable *query, const char *name) {
    const auto *value = query ? static_cast<const char *>(g_hash_table_lookup(query, name)) : nullptr;
    return value ? value : "";
}

std::string newUuid() {
    const support::CharPtr uuid(g_uuid_string_random());
    return uuid.get();
}

} // namespace

LiveServer::LiveServer(EmulatorOptions options, Faults &faults, support::LoopThread &thread,
                       std::function<void()> changed)
    : options_(std::move(options)),
      faults_(faults),
      thread_(thread),
      changed_(std::move(changed)),
      server_(soup_server_new("server-header", "livetranscript-gladia-emulator", nullptr)),
      callbacks_(changed_),
      store_(options_.keptSessions),
      parked_(thread),
      networkDraws_(options_.seed, kNetworkStream),
      scriptDraws_(options_.seed, kScriptStream) {
    soup_server_add_early_handler(
        server_.get(), nullptr,
        [](SoupServer *, SoupServerMessage *message, const char *, GHashTable *, gpointer self) {
            static_cast<LiveServer *>(self)->guardBody(message);
        },
        this, nullptr);
    soup_server_add_handler(
        server_.get(), nullptr,
        [](SoupServer *, SoupServerMessage *message, const char *path, GHashTable *query, gpointer self) {
            static_cast<LiveServer *>(self)->receive(message, path, query);
        },
        this, nullptr);
}

LiveServer::~LiveServer() {
    parked_.forget();
    connections_.clear();
    soup_server_disconnect(server_.get());
}

std::string LiveServer::listen() {
    GError *error = nullptr;
    if (!socket_.bind(options_.address, options_.port, &error) || !goOnTheAir(&error)) {
        const support::ErrorRef owned(error);
        return "cannot listen on " + options_.address + " port " + std::to_string(options_.port) + ": " +
               owned->message;
    }
    const std::int64_t shortest =
        options_.idleMs > 0 ? std::min(options_.idleMs, options_.resumeMs) : options_.resumeMs;
    const auto period = static_cast<unsigned>(std::clamp<std::int64_t>(shortest / 4, 10, 1000));
    limitsTimer_ = thread_.startTimer(period, [this] {
        for (const auto &session : store_.all())
            session->checkLimits();
        changed_();
        return true;
    });
    return "";
}

std::string LiveServer::authority() const {
    const bool v6 = options_.address.find(':') != std::string::npos;
    return (v6 ? "[" + options_.address + "]" : options_.address) + ":" + std::to_string(port());
}

void LiveServer::print(const std::string &line) const {
    if (options_.print)
        options_.print(line);
}

/// Before the body is read: only bodies of a known, small size are.
void LiveServer::guardBody(SoupServerMessage *message) {
    SoupMessageHeaders *headers = soup_server_message_get_request_headers(message);
    const SoupEncoding encoding = soup_message_headers_get_encoding(headers);
    const bool tooLong = encoding == SOUP_ENCODING_CONTENT_LENGTH &&
                         soup_message_headers_get_content_length(headers) > kMaxBody;
    if (tooLong)
        replyError(message, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE, "The request body is larger than 1 MiB");
    else if (encoding == SOUP_ENCODING_CHUNKED)
        replyError(message, SOUP_STATUS_LENGTH_REQUIRED, "The request body needs a Content-Length");
    if (soup_server_message_get_status(message) != 0)
        soup_message_body_set_accumulate(soup_server_message_get_request_body(message), FALSE);
}

bool LiveServer::authorised(SoupServerMessage *message) const {
    const char *key =
        soup_message_headers_get_one(soup_server_message_get_request_headers(message), "x-gladia-key");
    return key && *key && (options_.key.empty() || options_.key == key);
}

/// Looks at the request when the network would have brought it, and the answer back.
void LiveServer::receive(SoupServerMessage *message, const std::string &path, GHashTable *query) {
    if (std::string_view(path).starts_with(kOwnPath)) {
        const EmulatorRoutes routes{faults_, scriptDraws_, [this] { return report(); },
                                    [this] {
                                        applyFaults();
                                    }};
        routes.reply(message, std::string_view(path).substr(kOwnPath.size()));
        return;
    }
    const auto later =
        [this, path,
         kept = std::shared_ptr<GHashTable>(query ? g_hash_table_ref(query) : nullptr, [](GHashTable *table) {
             if (table)
                 g_hash_table_unref(table);
         })](SoupServerMessage *parked) {
            handle(parked, path, kept.get());
        };
    const std::int64_t delay = networkDraws_.roundTrip(options_.delays) + faults_.delayMs(0);
    if (silent_)
        parked_.parkUntilRelease(message, later);
    else if (delay > 0)
        parked_.park(message, static_cast<unsigned>(delay), later);
    else
        handle(message, path, query);
}

void LiveServer::handle(SoupServerMessage *message, std::string_view path, GHashTable *query) {
    const std::string method = soup_server_message_get_method(message);
    const bool collection = path == kPath;
    if (collection && method == "GET" && asksForWebSocket(message)) {
        handleUpgrade(message, query);
    } else if (!path.starts_with(kPath) || (!collection && path[kPath.size()] != '/')) {
        replyError(message, SOUP_STATUS_NOT_FOUND, "Cannot " + method + " this path");
    } else if (!authorised(message)) {
        posts_ += method == "POST" ? 1 : 0;
        replyError(message, SOUP_STATUS_UNAUTHORIZED,
                   "The x-gladia-key header is missing or its key is unknown");
    } else if (!collection) {
        replyJob(message, store_, path.substr(kPath.size() + 1));
    } else if (method == "POST") {
        handlePost(message, query);
    } else if (method == "GET") {
        replyList(message, store_, "http://" + requestedHost(message, authority()));
    } else {
        replyError(message, SOUP_STATUS_METHOD_NOT_ALLOWED, "The method is not allowed here");
    }
    print(method + " " + std::string(path) + " " + std::to_string(soup_server_message_get_status(message)));
    changed_();
}

void LiveServer::handlePost(SoupServerMessage *message, GHashTable *query) {
    posts_++;
    if (const auto fault = faults_.takeRequest(true)) {
        if (fault->kind == FaultKind::kIgnorePost)
            soup_server_message_pause(message);
        else
            refuse(message, *fault);
        return;
    }
    if (store_.live() >= options_.maxLive) {
        replyError(message, kTooManyRequests, "Too many simultaneous live sessions");
        return;
    }
    const std::string region = queryValue(query, "region");
    if (!region.empty() && region != "eu-west" && region != "us-west") {
        replyError(message, SOUP_STATUS_BAD_REQUEST, "Invalid parameter(s)",
                   {"region must be one of the following values: eu-west, us-west"});
        return;
    }
    createSession(message, region);
}

void LiveServer::createSession(SoupServerMessage *message, const std::string &region) {
    const std::string body = bodyOf(message);
    ValidationResult checked = validateLiveRequest(body, options_.strict);
    if (!checked.errors.empty()) {
        replyError(message, SOUP_STATUS_BAD_REQUEST, "Invalid parameter(s)", checked.errors);
        return;
    }
    const SessionIdentity named{newUuid(), newUuid(), region, body};
    const SessionSettings settings{
        .limits = {.idleMs = options_.idleMs,
                   .resumeMs = options_.resumeMs,
                   .audioSeconds = options_.audioSeconds},
        .clock = options_.clock,
        .delays = options_.delays,
        .seed = options_.seed,
        .stream = sessions_++,
        .told = [this, id = named.id, config = checked.config](const Message &said) {
            tellOutside(id, config, said);
        }};
    const auto session = std::make_shared<Session>(named, std::move(checked.config), settings, faults_);
    store_.add(session);
    const SessionIdentity &identity = session->identity();
    support::JsonObjectRef answer(json_object_new());
    json_object_set_string_member(answer.get(), "id", identity.id.c_str());
    json_object_set_string_member(answer.get(), "created_at", isoTime(session->createdAt()).c_str());
    json_object_set_string_member(answer.get(), "url",
                                  (std::string(options_.behindTls ? "wss://" : "ws://") +
                                   requestedHost(message, authority()) + "/v2/live?token=" + identity.token)
                                      .c_str());
    replyJson(message, SOUP_STATUS_CREATED, toText(std::move(answer)));
}

void LiveServer::tellOutside(const std::string &sessionId, const LiveConfig &config, const Message &message) {
    if (message.type == "audio_chunk" && recovering_.erase(sessionId) > 0)
        recoveriesMs_.push_back(static_cast<double>(g_get_monotonic_time() - reachableAgainUs_) / 1000);
    if (!config.callbackUrl.empty() && config.callbackMessages.wants(message.kind))
        callbacks_.send(config.callbackUrl, callbackBody(sessionId, message));
    if (!options_.webhook.empty() && message.kind == MessageKind::kLifecycle)
        callbacks_.send(options_.webhook, webhookBody(sessionId, message));
}

void LiveServer::handleUpgrade(SoupServerMessage *message, GHashTable *query) {
    upgrades_++;
    if (const auto fault = faults_.takeRequest(false)) {
        if (fault->kind == FaultKind::kIgnoreUpgrade)
            soup_server_message_pause(message);
        else
            refuse(message, *fault);
        return;
    }
    auto session = store_.byToken(queryValue(query, "token"));
    if (!session)
        replyError(message, SOUP_STATUS_FORBIDDEN, "The token is missing or unknown");
    else if (!session->acceptsConnection())
        replyError(message, SOUP_STATUS_FORBIDDEN, "The session is over");
    else
        upgrade(message, std::move(session));
}

struct LiveServer::PendingUpgrade {
    LiveServer *server;
    std::shared_ptr<Session> session;
};

void LiveServer::upgrade(SoupServerMessage *message, std::shared_ptr<Session> session) {
    // No extensions: permessage-deflate is offered by clients, and a server may leave it.
    if (!soup_websocket_server_process_handshake(message, nullptr, nullptr, nullptr, nullptr))
        return; // libsoup has answered 400
    g_signal_connect_data(
        message, "wrote-informational", G_CALLBACK(+[](SoupServerMessage *written, gpointer data) {
            auto *pending = static_cast<PendingUpgrade *>(data);
            pending->server->adopt(written, pending->session);
        }),
        new PendingUpgrade{this, std::move(session)},
        [](gpointer data, GClosure *) { delete static_cast<PendingUpgrade *>(data); }, GConnectFlags{});
}

/// The 101 is on its way: from here on the connection is ours.
void LiveServer::adopt(SoupServerMessage *message, std::shared_ptr<Session> session) {
    support::ObjectRef<GSocket> socket(
        static_cast<GSocket *>(g_object_ref(soup_server_message_get_socket(message))));
    support::ObjectRef<GIOStream> stream(soup_server_message_steal_connection(message));
    const std::string name = session->identity().id.substr(0, 8);
    LiveConnection::Callbacks callbacks{
        .changed = changed_,
        .closed = [this](LiveConnection *connection) { forget(connection); },
        .print = [this, name](const std::string &line) { print(name + " " + line); },
        .heard = {},
        .sent = {}};
    const std::string id = session->identity().id;
    if (options_.heard)
        callbacks.heard = [this, id](std::size_t bytes) {
            options_.heard(id, bytes);
        };
    if (options_.sent)
        callbacks.sent = [this, id](const std::string &text) {
            options_.sent(id, text);
        };
    auto connection = std::make_unique<LiveConnection>(std::move(stream), std::move(socket), session, faults_,
                                                       thread_, std::move(callbacks));
    LiveConnection *outlet = connection.get();
    connections_.push_back(std::move(connection));
    session->attach(outlet);
    outlet->freeze(silent_);
    changed_();
}

void LiveServer::forget(LiveConnection *connection) {
    std::erase_if(connections_, [connection](const auto &each) { return each.get() == connection; });
    changed_();
}

EmulatorReport LiveServer::report() const {
    EmulatorReport report;
    for (const auto &session : store_.all())
        report.sessions.push_back(session->report());
    report.posts = posts_;
    report.upgrades = upgrades_;
    report.connections = connections_.size();
    report.callbacks = callbacks_.counts().delivered;
    report.failedCallbacks = callbacks_.counts().failed;
    report.recoveriesMs = recoveriesMs_;
    return report;
}

} // namespace lt::emulator
