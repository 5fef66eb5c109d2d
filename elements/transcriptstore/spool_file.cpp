// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/spool_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <glib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lt::store {

namespace {

constexpr std::size_t kBlock = 64 * 1024;
constexpr mode_t kOwnerOnly = 0600; // what people said is nobody else's business

/// Reads at `offset`; "" at the end or when it cannot be read.
std::string readBlock(int fd, std::uint64_t offset) {
    std::string block(kBlock, '\0');
    ssize_t got;
    do {
        got = ::pread(fd, block.data(), block.size(), static_cast<off_t>(offset));
    } while (got < 0 && errno == EINTR);
    block.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return block;
}

bool writeAll(int fd, std::string_view text, std::uint64_t offset) {
    while (!text.empty()) {
        const ssize_t put = ::pwrite(fd, text.data(), text.size(), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        text.remove_prefix(static_cast<std::size_t>(put));
        offset += static_cast<std::uint64_t>(put);
    }
    return true;
}

} // namespace

std::unique_ptr<SpoolFile> SpoolFile::create(const std::string &path, std::string &error) {
    net::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly));
    if (!fd) {
        error = path + " cannot be made: " + g_strerror(errno);
        return nullptr;
    }
    std::unique_ptr<SpoolFile> file(new SpoolFile(path, std::move(fd)));
    if (!file->lock()) { // somebody who looked for files left behind was quicker
        error = path + " cannot be locked.";
        return nullptr;
    }
    return file;
}

std::unique_ptr<SpoolFile> SpoolFile::adopt(const std::string &path) {
    net::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!fd)
        return nullptr;
    std::unique_ptr<SpoolFile> file(new SpoolFile(path, std::move(fd)));
    if (!file->lock())
        return nullptr;
    file->survey();
    return file;
}

bool SpoolFile::lock() {
    struct stat status {};
    return ::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0 && ::fstat(fd_.get(), &status) == 0 &&
           S_ISREG(status.st_mode) && status.st_nlink > 0; // else its last holder has just removed it
}

void SpoolFile::survey() {
    std::uint64_t offset = 0;
    for (std::string block = readBlock(fd_.get(), 0); !block.empty(); block = readBlock(fd_.get(), offset)) {
        lines_ += static_cast<std::size_t>(std::count(block.begin(), block.end(), '\n'));
        if (const auto last = block.rfind('\n'); last != std::string::npos)
            end_ = offset + last + 1;
        offset += block.size();
    }
    torn_ = offset > end_;
    if (torn_ && ::ftruncate(fd_.get(), static_cast<off_t>(end_)) != 0)
        g_debug("%s keeps its torn end: %s", path_.c_str(), g_strerror(errno));
}

bool SpoolFile::append(std::string_view lines, std::size_t count, std::string &error) {
    if (!writeAll(fd_.get(), lines, end_) || ::fdatasync(fd_.get()) != 0) {
        error = path_ + " cannot be written: " + g_strerror(errno);
        // Whether or not this works, the next append starts at the same place.
        if (::ftruncate(fd_.get(), static_cast<off_t>(end_)) != 0)
            error += "; its end is torn";
        return false;
    }
    end_ += lines.size();
    lines_ += count;
    return true;
}

std::vector<std::string> SpoolFile::front(std::size_t limit) {
    std::vector<std::string> found;
    std::string rest;
    std::uint64_t offset = start_;
    next_ = start_;
    while (found.size() < limit && offset < end_) {
        std::string block = readBlock(fd_.get(), offset);
        if (block.empty())
            break; // it cannot be read now; later perhaps
        offset += block.size();
        rest += block;
        std::size_t from = 0;
        for (auto at = rest.find('\n'); at != std::string::npos && found.size() < limit && next_ < end_;
             at = rest.find('\n', from)) {
            found.push_back(rest.substr(from, at - from));
            next_ += at + 1 - from;
            from = at + 1;
        }
        rest.erase(0, from);
    }
    returned_ = found.size();
    return found;
}

void SpoolFile::drop() {
    start_ = next_;
    lines_ -= std::exchange(returned_, 0);
}

void SpoolFile::remove() {
    ::unlink(path_.c_str());
}

} // namespace lt::store
