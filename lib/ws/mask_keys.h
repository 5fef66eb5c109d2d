// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/ws/wire.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace lt::ws {

/// Bytes nobody can guess, from the kernel. Throws std::system_error where there are none.
void secureRandom(std::uint8_t *bytes, std::size_t size);

/// A key for each frame. Asks the kernel for several at a time.
class MaskKeys {
public:
    MaskKey next();

private:
    std::array<std::uint8_t, 64> pool_{};
    std::size_t used_ = pool_.size();
};

} // namespace lt::ws
