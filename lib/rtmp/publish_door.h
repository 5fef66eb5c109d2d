// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/admission/refusal.h"
#include "lib/admission/secret.h"
#include "lib/export.h"
#include "lib/rtmp/stream_address.h"

#include <memory>
#include <optional>
#include <string>

namespace lt::rtmp {

/// What a publisher shows at the door. Its query may hold secrets.
struct PublishAttempt {
    const StreamAddress &address;
    const std::string &peer;     ///< "127.0.0.1:50312"
    const std::string &software; ///< as the publisher calls itself, printable; may be empty
};

/// Lets publishers in or turns them away, before they are told that they may publish.
class PublishDoor {
public:
    virtual ~PublishDoor() = default;
    /// Nothing: it may publish. On the server's loop thread; must not block.
    virtual std::optional<Refusal> admit(const PublishAttempt &attempt) = 0;
};

/// Which credentials open a stream; none set: no credential is needed.
struct PublishTokens {
    /// A list, separated by white space or commas: TOKEN opens every stream, STREAM:TOKEN that one.
    SecretSource tokens;
    /// Key of JSON Web Tokens as on the viewers' side: their claim `session` names the stream (or "*"), their
    /// `role` must be "publisher".
    SecretSource jwtKey;

    bool set() const { return tokens.set() || jwtKey.set(); }
};

/// A door that wants one of these as `?token=`. Null, with a sentence in `problem`, when a secret cannot be
/// read.
LT_EXPORT std::shared_ptr<PublishDoor> makeTokenDoor(const PublishTokens &tokens, std::string &problem);

} // namespace lt::rtmp
