// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/spool.h"

#include "lib/gst/refs.h"

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <unistd.h>

namespace lt::store {

namespace {

constexpr std::uint64_t kFullFile =
    16 * 1024 * 1024; // then a new one, so that replayed ones free their space
constexpr const char *kSuffix = ".jsonl";
constexpr int kOwnerOnly = 0700;
constexpr int kTries = 16;

/// Sorts by age as text.
std::string fileName(const std::string &key) {
    const CharPtr name(g_strdup_printf("%s-%016" PRIx64 "-%08x%s", key.c_str(),
                                       static_cast<std::uint64_t>(g_get_real_time()), g_random_int(),
                                       kSuffix));
    return name.get();
}

/// A new file is only there after a power cut if its folder was written too.
void syncFolder(const std::string &folder) {
    const net::UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd && ::fsync(fd.get()) != 0)
        g_debug("%s: %s", folder.c_str(), g_strerror(errno));
}

bool appendTo(const std::string &path, std::string_view line, std::string &error) {
    const net::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (fd && ::write(fd.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
        ::fdatasync(fd.get()) == 0)
        return true;
    error = path + " cannot be written: " + g_strerror(errno);
    return false;
}

} // namespace

Spool::Spool(std::string folder, std::string key) : folder_(std::move(folder)), key_(std::move(key)) {}

void Spool::adopt() {
    std::error_code error;
    std::vector<std::string> names;
    for (std::filesystem::directory_iterator at(folder_, error), end; !error && at != end;
         at.increment(error)) {
        const std::string name = at->path().filename();
        if (name.starts_with(key_ + "-") && name.ends_with(kSuffix) && name != key_ + "-refused.jsonl" &&
            name != key_ + "-damaged.jsonl")
            names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    for (const std::string &name : names) {
        auto file = SpoolFile::adopt(folder_ + "/" + name);
        if (!file)
            continue;
        torn_ += file->wasTorn();
        if (file->empty())
            file->remove();
        else
            files_.push_back(std::move(file));
    }
}

SpoolFile *Spool::fileForWriting(std::string &error) {
    if (!files_.empty() && files_.back()->bytes() < kFullFile)
        return files_.back().get();
    if (g_mkdir_with_parents(folder_.c_str(), kOwnerOnly) != 0) {
        error = "The folder " + folder_ + " cannot be made: " + g_strerror(errno);
        return nullptr;
    }
    for (int i = 0; i < kTries; i++)
        if (auto file = SpoolFile::create(folder_ + "/" + fileName(key_), error)) {
            syncFolder(folder_);
            files_.push_back(std::move(file));
            return files_.back().get();
        }
    return nullptr;
}

bool Spool::append(std::span<const StoredMessage> messages, std::string &error) {
    SpoolFile *file = fileForWriting(error);
    if (!file)
        return false;
    std::string lines;
    for (const StoredMessage &message : messages)
        lines += toSpoolLine(message);
    return file->append(lines, messages.size(), error);
}

Spool::Chunk Spool::front(std::size_t limit) {
    Chunk chunk;
    if (files_.empty())
        return chunk;
    std::string error;
    damagedLines_.clear();
    for (const std::string &line : files_.front()->front(limit)) {
        chunk.lines++;
        if (auto message = fromSpoolLine(line, error))
            chunk.messages.push_back(std::move(*message));
        else
            damagedLines_ += line + '\n';
    }
    return chunk;
}

void Spool::drop() {
    if (files_.empty())
        return;
    keepDamaged();
    files_.front()->drop();
    if (!files_.front()->empty())
        return;
    files_.front()->remove();
    files_.pop_front();
}

void Spool::keepDamaged() {
    const std::string lines = std::exchange(damagedLines_, {});
    if (lines.empty())
        return;
    damaged_ += static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
    std::string error;
    if (!appendTo(folder_ + "/" + key_ + "-damaged.jsonl", lines, error))
        g_debug("%s", error.c_str());
}

bool Spool::setAside(const StoredMessage &message, std::string &error) {
    if (g_mkdir_with_parents(folder_.c_str(), kOwnerOnly) != 0) {
        error = "The folder " + folder_ + " cannot be made: " + g_strerror(errno);
        return false;
    }
    return appendTo(folder_ + "/" + key_ + "-refused.jsonl", toSpoolLine(message), error);
}

std::size_t Spool::size() const {
    std::size_t count = 0;
    for (const auto &file : files_)
        count += file->lines();
    return count;
}

} // namespace lt::store
