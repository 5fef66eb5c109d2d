// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/gladia_network.h"

#include <algorithm>
#include <utility>

namespace lt::gladia {

GladiaNetwork::GladiaNetwork(Settings settings, ConnectionListener &listener, std::function<void()> onIdle)
    : settings_(std::move(settings)),
      listener_(listener),
      onIdle_(std::move(onIdle)),
      soup_(soup_session_new_with_options("user-agent", "gst-livetranscript", "timeout", 0, nullptr)) {
    // Compressing PCM costs time and saves nothing; without the offer no peer can inflate messages on us.
    soup_session_remove_feature_by_type(soup_.get(), SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
    if (settings_.tlsDatabase)
        soup_session_set_tls_database(soup_.get(), settings_.tlsDatabase.get());
}

GladiaNetwork::~GladiaNetwork() {
    connections_.clear();
    leaving_.clear();
    soup_session_abort(soup_.get());
}

GladiaConnection &GladiaNetwork::add(ConnectionId id) {
    const GladiaConnection::Context context{soup_.get(), settings_.apiKey, listener_,
                                            [this](GladiaConnection *connection) {
                                                left(connection);
                                            }};
    return *connections_.emplace(id, std::make_unique<GladiaConnection>(context, id)).first->second;
}

GladiaConnection *GladiaNetwork::find(ConnectionId id) {
    const auto found = connections_.find(id);
    return found == connections_.end() ? nullptr : found->second.get();
}

void GladiaNetwork::request(ConnectionId id, const std::string &body) {
    add(id).request(settings_.initUrl, body);
}

void GladiaNetwork::connect(ConnectionId id, const std::string &url) {
    add(id).connect(url);
}

void GladiaNetwork::sendAudio(ConnectionId id, const AudioBlock &block) {
    if (GladiaConnection *connection = find(id))
        connection->sendAudio(block);
}

void GladiaNetwork::sendText(ConnectionId id, const std::string &text) {
    if (GladiaConnection *connection = find(id))
        connection->sendText(text);
}

void GladiaNetwork::setPingInterval(ConnectionId id, std::uint64_t intervalNs) {
    if (GladiaConnection *connection = find(id))
        connection->setPingInterval(intervalNs);
}

void GladiaNetwork::close(ConnectionId id, unsigned code, const std::string &reason) {
    const auto found = connections_.find(id);
    if (found == connections_.end())
        return;
    ConnectionPtr connection = std::move(found->second);
    connections_.erase(found);
    const bool gone = connection->close(code, reason);
    if (gone)
        bury(std::move(connection));
    else
        leaving_.push_back(std::move(connection));
}

/// Destroys it soon: this may be a signal of its own.
void GladiaNetwork::bury(ConnectionPtr connection) {
    GSource *source = g_idle_source_new();
    g_source_set_callback(
        source, [](gpointer) -> gboolean { return G_SOURCE_REMOVE; }, connection.release(),
        [](gpointer dead) { delete static_cast<GladiaConnection *>(dead); });
    g_source_attach(source, g_main_context_get_thread_default());
    g_source_unref(source);
}

void GladiaNetwork::left(GladiaConnection *connection) {
    const auto found = std::find_if(leaving_.begin(), leaving_.end(),
                                    [&](const ConnectionPtr &one) { return one.get() == connection; });
    if (found == leaving_.end())
        return;
    bury(std::move(*found));
    leaving_.erase(found);
    if (idle())
        onIdle_();
}

} // namespace lt::gladia
