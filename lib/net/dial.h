// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"
#include "lib/gst/refs.h"
#include "lib/net/byte_stream.h"
#include "lib/net/context_thread.h"
#include "lib/net/unique_fd.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>

typedef struct _GTlsDatabase GTlsDatabase;

namespace lt::net {

struct DialTarget {
    std::string host; ///< a name or an address, IPv6 without brackets
    std::uint16_t port = 0;
    bool encrypted = false;           ///< TLS, with the certificate checked for `host`
    GRef<GTlsDatabase> authorities{}; ///< whom to trust; null: the system's
};

/// A connection that was made. Belongs to whoever uses it, on one thread.
struct Dialled {
    UniqueFd fd;                        ///< not blocking
    std::unique_ptr<ByteStream> stream; ///< to be used in the place of `fd`; null: not encrypted
};

struct DialFailure {
    enum class Kind {
        NoSuchHost,
        NoNameService, ///< whether there is such a host cannot be told for now
        Certificate,   ///< it is not trusted, or is another host's
        Tls,
        Proxy, ///< it does not let us through, or not without another password
        Unreachable,
    };
    Kind kind;
    std::string text; ///< of GIO
};

/// What an error of GIO's about a connection means. Null is unknown.
LT_EXPORT DialFailure dialFailureOf(const GError *error);

/// One attempt to connect: name lookup, proxy (as GIO's proxy resolver has it; by CONNECT), all addresses of
/// the name, TLS handshake. GIO does that on `thread`; nobody waits for it. No time limit: whoever has waited
/// long enough destroys it.
class LT_EXPORT Dial {
public:
    using Outcome = std::variant<Dialled, DialFailure>;
    /// On `thread`, once; may still be running when the Dial is destroyed elsewhere.
    using Done = std::function<void(Outcome)>;

    Dial(std::shared_ptr<ContextThread> thread, DialTarget target, Done done);
    /// Cancels: unless it is just being called, `done` is not called any more.
    ~Dial();
    Dial(const Dial &) = delete;
    Dial &operator=(const Dial &) = delete;

private:
    struct Operation;
    std::shared_ptr<ContextThread> thread_;
    std::shared_ptr<Operation> operation_; // used on the thread only
};

} // namespace lt::net
