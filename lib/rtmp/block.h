// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <utility>

namespace lt::rtmp {

using Bytes = std::span<const std::uint8_t>;

/// The body of one message, in one malloc'd region that keeps room for an FLV tag's header in front of it and
/// its trailer behind: what was put together from chunks is handed downstream without another copy. Grows
/// with the bytes that really arrive, never with what a peer announces.
class Block {
public:
    static constexpr std::size_t kHeadRoom = 11;
    static constexpr std::size_t kTailRoom = 4;

    Block() = default;
    /// `expected` bytes are reserved at once, at most kEager of them.
    explicit Block(std::size_t expected) { reserve(std::min(expected, kEager)); }
    Block(Block &&other) noexcept
        : region_(std::exchange(other.region_, nullptr)),
          start_(std::exchange(other.start_, kHeadRoom)),
          size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    Block &operator=(Block &&other) noexcept {
        std::swap(region_, other.region_);
        std::swap(start_, other.start_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
        return *this;
    }
    ~Block() { std::free(region_); }

    void append(Bytes bytes) {
        if (bytes.empty())
            return;
        reserve(size_ + bytes.size());
        std::memcpy(region_ + start_ + size_, bytes.data(), bytes.size());
        size_ += bytes.size();
    }
    /// Cuts `count` ≤ size() bytes off the front; the room before the body grows by as much.
    void trimFront(std::size_t count) {
        start_ += count;
        size_ -= count;
    }

    /// Cuts `count` ≤ size() bytes off the back.
    void trimBack(std::size_t count) { size_ -= count; }

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    std::uint8_t *data() { return region_ ? region_ + start_ : nullptr; }
    const std::uint8_t *data() const { return region_ ? region_ + start_ : nullptr; }
    Bytes bytes() const { return {data(), size_}; }
    std::uint8_t at(std::size_t index) const { return region_[start_ + index]; }

    /// Where the body begins in the region; at least kHeadRoom.
    std::size_t start() const { return start_; }
    /// The whole region, for free(); the block is empty afterwards. Null when nothing was ever appended.
    std::uint8_t *release() {
        start_ = kHeadRoom;
        size_ = capacity_ = 0;
        return std::exchange(region_, nullptr);
    }

private:
    static constexpr std::size_t kEager = 16384;

    void reserve(std::size_t size) {
        const std::size_t needed = start_ + size + kTailRoom;
        if (needed <= capacity_)
            return;
        // Twice as much for what grows piece by piece; exactly enough for a first piece.
        const std::size_t capacity = capacity_ == 0 ? needed : std::max(needed, 2 * capacity_);
        auto *grown = static_cast<std::uint8_t *>(std::realloc(region_, capacity));
        if (!grown)
            throw std::bad_alloc();
        region_ = grown;
        capacity_ = capacity;
    }

    std::uint8_t *region_ = nullptr;
    std::size_t start_ = kHeadRoom;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

} // namespace lt::rtmp
