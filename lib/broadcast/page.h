// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>
#include <string_view>

namespace lt::broadcast {

/// A file of the viewer page, embedded at build time from lib/broadcast/page/.
struct PageFile {
    const char *path; ///< as in the URL
    std::string_view contentType;
    std::string_view content;
};

std::span<const PageFile> pageFiles();

} // namespace lt::broadcast
