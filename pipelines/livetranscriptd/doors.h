// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/access.h"
#include "lib/broadcast/room_settings.h"
#include "lib/net/tls_files.h"
#include "lib/rtmp/publish_door.h"
#include "pipelines/livetranscriptd/settings.h"

#include <cstdint>
#include <string>

/// The two ports as the settings want them: for the services behind them, and as properties of the elements
/// that share them in a description. Both must say the same. Pure, but for exportSecrets().
namespace lt::service {

broadcast::AccessSettings viewerAccess(const Settings &settings);
/// What holds for viewers of a session that has not begun: the same as in the shipped description.
broadcast::WaitingRoom waitingRoom(const Settings &settings);
rtmp::PublishTokens publisherTokens(const Settings &settings);
net::TlsFiles publisherTls(const Settings &settings);

/// Properties of a `transcriptbroadcast`.
std::string viewerDoorProperties(const Settings &settings, std::uint16_t port);
/// Properties of an `rtmpserversrc`. Tokens are none of its business: the service looks at them before it
/// begins a session.
std::string publisherDoorProperties(const Settings &settings, std::uint16_t port);

/// Elements and doors read these from the environment, wherever the service has them from. Before any thread
/// starts.
void exportSecrets(const Settings &settings);

} // namespace lt::service
