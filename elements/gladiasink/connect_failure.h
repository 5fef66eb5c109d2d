// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/failure.h"
#include "lib/net/dial.h"

namespace lt::gladia {

/// What a connection to the service that could not be made means; nothing of `why` is a secret.
Failure connectFailure(net::DialFailure why);

} // namespace lt::gladia
