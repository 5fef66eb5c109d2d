// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/transcriptstore/spool_file.h"
#include "elements/transcriptstore/stored_message.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace lt::store {

/// Messages on disk that wait for the database: JSON Lines, first in, first out, in files of one folder. One
/// thread.
///
/// A file belongs to whoever holds its lock. The files of a process that died are adopted by the next one
/// that opens the folder for the same database. When append() has returned true the messages are on the disk
/// (fdatasync), not just with the kernel. A message may be stored twice after a crash in the middle of a
/// replay, which changes nothing in the database.
class Spool {
public:
    /// `key` names the database among all that share the folder: letters and digits.
    Spool(std::string folder, std::string key);

    /// Takes over what others have left behind. Without a folder there is nothing.
    void adopt();

    /// All of them, or none and `error`.
    bool append(std::span<const StoredMessage> messages, std::string &error);

    struct Chunk {
        std::vector<StoredMessage> messages;
        std::size_t lines = 0; ///< read for them, those that could not be understood included
    };
    /// The first messages, at most `limit`; they stay until drop().
    Chunk front(std::size_t limit);
    /// Forgets what the last front() returned. Lines of it that could not be understood are counted, and kept
    /// in FOLDER/KEY-damaged.jsonl.
    void drop();

    /// A message that the database refuses, for a person to look at: into FOLDER/KEY-refused.jsonl.
    bool setAside(const StoredMessage &message, std::string &error);

    std::size_t size() const;                        ///< messages that wait
    std::size_t damaged() const { return damaged_; } ///< lines that could not be understood, torn ends not
    std::size_t torn() const { return torn_; }       ///< unfinished last lines of a process that died
    const std::string &folder() const { return folder_; }

private:
    SpoolFile *fileForWriting(std::string &error);
    void keepDamaged();

    const std::string folder_;
    const std::string key_;
    std::deque<std::unique_ptr<SpoolFile>> files_; // the oldest first; own ones are at the end
    std::string damagedLines_;                     // of the last front()
    std::size_t damaged_ = 0;
    std::size_t torn_ = 0;
};

} // namespace lt::store
