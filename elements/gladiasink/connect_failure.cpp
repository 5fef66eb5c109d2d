// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/connect_failure.h"

#include <utility>

namespace lt::gladia {

Failure connectFailure(net::DialFailure why) {
    using Kind = net::DialFailure::Kind;
    constexpr const char *kNotFound =
        "The host of the endpoint cannot be found. Check the network and the property endpoint.";
    constexpr const char *kNoTls = "No encrypted connection to Gladia is possible. Check the endpoint's "
                                   "certificate, the clock of this machine, tls-ca-file.";
    switch (why.kind) {
    case Kind::NoSuchHost: // a name that was good once is good again when the network is back
        return makeFailure(Trouble::NotFound, Remedy::StopAtFirst, kNotFound, std::move(why.text));
    case Kind::NoNameService:
        return makeFailure(Trouble::NotFound, Remedy::Retry, kNotFound, std::move(why.text));
    case Kind::Certificate:
        return makeFailure(Trouble::CannotConnect, Remedy::StopAtFirst, kNoTls, std::move(why.text));
    case Kind::Tls:
        return makeFailure(Trouble::CannotConnect, Remedy::Retry, kNoTls, std::move(why.text));
    case Kind::Proxy:
        return makeFailure(Trouble::CannotConnect, Remedy::StopAtFirst,
                           "The proxy does not let the connection to Gladia through. Check http_proxy and "
                           "https_proxy, and the user and password in them.",
                           std::move(why.text));
    case Kind::Unreachable:
        break;
    }
    return makeFailure(Trouble::CannotConnect, Remedy::Retry,
                       "Cannot connect to Gladia. Check the network and the property endpoint.",
                       std::move(why.text));
}

} // namespace lt::gladia
