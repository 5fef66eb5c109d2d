// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/unique_fd.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lt::store {

/// One file of lines, held by its lock. Reading starts at the beginning, writing is at the end.
class SpoolFile {
public:
    /// Makes a new one; null and `error` when that is not possible.
    static std::unique_ptr<SpoolFile> create(const std::string &path, std::string &error);
    /// One that is there and nobody holds; null else. An unfinished last line is cut off.
    static std::unique_ptr<SpoolFile> adopt(const std::string &path);

    SpoolFile(const SpoolFile &) = delete;
    SpoolFile &operator=(const SpoolFile &) = delete;

    /// Whole lines, to the disk; on failure the file is as it was.
    bool append(std::string_view lines, std::size_t count, std::string &error);

    /// The next lines, at most `limit`, without their ends; they stay until drop().
    std::vector<std::string> front(std::size_t limit);
    void drop();

    std::size_t lines() const { return lines_; } ///< that wait
    bool empty() const { return lines_ == 0; }
    bool wasTorn() const { return torn_; }
    std::uint64_t bytes() const { return end_; }
    void remove();

private:
    SpoolFile(std::string path, net::UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
    bool lock();
    void survey();

    const std::string path_;
    net::UniqueFd fd_;
    std::uint64_t start_ = 0; // what is before it has been dropped
    std::uint64_t next_ = 0;  // what is before it has been returned by front()
    std::uint64_t end_ = 0;
    std::size_t lines_ = 0;
    std::size_t returned_ = 0;
    bool torn_ = false;
};

} // namespace lt::store
