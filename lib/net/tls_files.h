// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace lt::net {

/// PEM files of a server; both empty: no TLS.
struct TlsFiles {
    std::string certificate;
    std::string key; ///< "": stands in the certificate's file

    bool set() const { return !certificate.empty(); }
    bool operator==(const TlsFiles &) const = default;
};

} // namespace lt::net
