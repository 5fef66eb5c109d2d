// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/gladia_network.h"

#include <algorithm>
#include <utility>

namespace lt::gladia {

namespace {

constexpr std::size_t kMaxMessage = 16 * 1024 * 1024;

} // namespace

GladiaNetwork::GladiaNetwork(Settings settings, ConnectionListener &listener, std::function<void()> onIdle)
    : settings_(std::move(settings)), listener_(listener), onIdle_(std::move(onIdle)) {}

// ---- the request that makes a session

void GladiaNetwork::request(ConnectionId id, const std::string &body) {
    InitCall::Request request{settings_.initUrl, body, settings_.apiKey, retain(settings_.tlsDatabase.get())};
    calls_[id] =
        std::make_unique<InitCall>(settings_.loop, settings_.dialler, std::move(request),
                                   [this, id](InitCall::Answer answer) { answered(id, std::move(answer)); });
}

void GladiaNetwork::answered(ConnectionId id, InitCall::Answer answer) {
    if (answer.status == 0)
        return listener_.onAttemptFailed(id, std::move(answer.failure));
    // A refusal is shown to people; the answer they never see must stay as it is, whatever it has in common
    // with a key.
    if (answer.status < 200 || answer.status > 299)
        answer.body = redacted(std::move(answer.body), settings_.apiKey);
    listener_.onAnswered(id, answer.status, answer.body, answer.retryAfterNs);
}

// ---- WebSockets

GladiaSocket *GladiaNetwork::find(ConnectionId id) {
    const auto found = sockets_.find(id);
    return found == sockets_.end() ? nullptr : found->second.get();
}

void GladiaNetwork::connect(ConnectionId id, const std::string &url) {
    const GladiaSocket::Context context{settings_.apiKey, listener_, [this](GladiaSocket *socket) {
                                            left(socket);
                                        }};
    ws::Client::Settings client;
    client.loop = settings_.loop;
    client.dialler = settings_.dialler;
    client.authorities = retain(settings_.tlsDatabase.get());
    client.maxMessage = kMaxMessage;
    sockets_.emplace(id, std::make_unique<GladiaSocket>(context, std::move(client), id))
        .first->second->connect(url);
}

void GladiaNetwork::sendAudio(ConnectionId id, const AudioBlock &block) {
    if (GladiaSocket *socket = find(id))
        socket->sendAudio(block);
}

void GladiaNetwork::sendText(ConnectionId id, const std::string &text) {
    if (GladiaSocket *socket = find(id))
        socket->sendText(text);
}

void GladiaNetwork::ping(ConnectionId id) {
    if (GladiaSocket *socket = find(id))
        socket->ping();
}

void GladiaNetwork::flush() {
    for (const auto &[id, socket] : sockets_)
        socket->flush();
}

bool GladiaNetwork::flushNow() {
    bool all = true;
    for (const auto &[id, socket] : sockets_)
        all = socket->flushNow() && all;
    return all;
}

void GladiaNetwork::close(ConnectionId id, unsigned code, const std::string &reason) {
    if (const auto call = calls_.extract(id))
        bury(std::move(call.mapped()));
    auto socket = sockets_.extract(id);
    if (!socket)
        return;
    if (socket.mapped()->close(code, reason))
        bury(std::move(socket.mapped()));
    else
        leaving_.push_back(std::move(socket.mapped()));
}

/// Destroys it soon: this may be a callback of its own.
void GladiaNetwork::bury(std::shared_ptr<void> dead) const {
    settings_.loop->post([dead = std::move(dead)] {});
}

void GladiaNetwork::left(GladiaSocket *socket) {
    const auto found = std::find_if(leaving_.begin(), leaving_.end(),
                                    [&](const SocketPtr &one) { return one.get() == socket; });
    if (found == leaving_.end())
        return;
    bury(std::move(*found));
    leaving_.erase(found);
    if (idle())
        onIdle_();
}

} // namespace lt::gladia
