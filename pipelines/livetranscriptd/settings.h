// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lt::service {

/// Every setting of the service, in the order of `--check-config`.
enum class Setting {
    Host,
    RtmpPort,
    RtmpApp,
    Port,
    Stt,
    GladiaApiKey,
    GladiaUrl,
    GladiaMaxSessions,
    PcmChunkSizeMs,
    FlushIntervalMs,
    MaxBroadcastQueueSize,
    PingIntervalMs,
    DatabaseUrl,
    ServerMode,
    RealtimeBroadcastMode,
    MaxStreams,
    MaxRate,
    IdleTimeout,
    GracePeriod,
    ShutdownTimeoutMs,
    PublisherTokens,
    PublisherTokensFile,
    PublisherJwtKey,
    PublisherJwtKeyFile,
    PublisherPolicy,
    PublisherMaxBitrate,
    PublisherTlsCertificate,
    PublisherTlsKey,
    ViewerToken,
    ViewerTokenFile,
    ViewerJwtKey,
    ViewerJwtKeyFile,
    AllowedOrigins,
    MaxViewers,
    MaxSessionViewers,
    MaxAddressViewers,
    ViewerTlsCertificate,
    ViewerTlsKey,
    MetricsHost,
    MetricsPort,
    MetricsNeedToken,
    Pipeline,
};
inline constexpr std::size_t kSettings = static_cast<std::size_t>(Setting::Pipeline) + 1;

enum class SettingKind {
    Integer,
    Text,
    Word,   ///< one of SettingSpec::words
    Secret, ///< never shown
    Uri,    ///< shown without the password in it
};

enum class Reload : bool {
    AtStart,  ///< of a port, or read from the environment: holds until the service ends
    AtReload, ///< SIGHUP reads it anew, for sessions that begin afterwards
};

/// What is known of a setting before anybody gives it a value.
struct SettingSpec {
    Setting id;
    const char *name; ///< of the environment variable, and in files
    const char *flag; ///< on the command line, without "--"; null when it does not belong there
    SettingKind kind;
    const char *fallback;
    std::int64_t least = 0, most = 0; ///< Integer only
    const char *words = "";           ///< Word only: "gladia|local"
    const char *help = "";
    Reload reload = Reload::AtStart;
    bool inKeyFile = true;
};

std::span<const SettingSpec> settingSpecs();

/// Where a value comes from; a later one wins over an earlier one.
enum class Origin { Default, KeyFile, ConfigFile, Environment, CommandLine };

/// Values from one place.
struct SettingSource {
    Origin origin;
    std::string label; ///< for people: "environment", "config.env"
    std::map<std::string, std::string, std::less<>> values;
};

/// The effective settings. Immutable once resolved; any thread.
class Settings {
public:
    std::int64_t number(Setting id) const { return at(id).number; }
    const std::string &text(Setting id) const { return at(id).text; }
    Origin origin(Setting id) const { return at(id).origin; }
    bool given(Setting id) const { return !text(id).empty(); }

    /// These settings with what holds until the service ends taken from `running`. Names of those that would
    /// have changed go into `kept`.
    Settings reloadedInto(const Settings &running, std::vector<std::string> &kept) const;

    /// A line per setting: name, value, where it comes from. Secrets are masked.
    std::string report() const;

private:
    friend struct SettingsResolver;
    struct Value {
        std::string text;
        std::int64_t number = 0;
        Origin origin = Origin::Default;
        std::string label;
    };
    const Value &at(Setting id) const { return values_[static_cast<std::size_t>(id)]; }

    std::array<Value, kSettings> values_;
};

/// Settings are to be used only when there is no problem.
struct SettingsResolution {
    Settings settings;
    std::vector<std::string> problems; ///< sentences with source, name and range, without secrets
    std::vector<std::string> warnings; ///< e.g. a name that is no setting
};

/// Takes the value of the strongest source for each setting and checks it. Sources in any order.
SettingsResolution resolveSettings(std::span<const SettingSource> sources);

/// "postgresql://user:secret@host/db" without the secret; other text as it is.
std::string withoutPassword(std::string_view uri);

} // namespace lt::service
