// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/ws/mask_keys.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <sys/random.h>

namespace lt::ws {

void secureRandom(std::uint8_t *bytes, std::size_t size) {
    while (size > 0) {
        const ssize_t got = ::getrandom(bytes, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            throw std::system_error(errno, std::generic_category(), "getrandom");
        bytes += got;
        size -= static_cast<std::size_t>(got);
    }
}

MaskKey MaskKeys::next() {
    if (used_ == pool_.size()) {
        secureRandom(pool_.data(), pool_.size());
        used_ = 0;
    }
    MaskKey key;
    std::copy_n(pool_.data() + used_, key.size(), key.begin());
    used_ += key.size();
    return key;
}

} // namespace lt::ws
