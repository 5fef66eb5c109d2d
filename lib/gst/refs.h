// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <memory>
#include <utility>

namespace lt {

struct MiniObjectUnref {
    void operator()(gpointer object) const noexcept { gst_mini_object_unref(GST_MINI_OBJECT_CAST(object)); }
};
struct GstObjectUnref {
    void operator()(gpointer object) const noexcept { gst_object_unref(object); }
};
struct GObjectUnref {
    void operator()(gpointer object) const noexcept { g_object_unref(object); }
};
struct GFree {
    void operator()(gpointer memory) const noexcept { g_free(memory); }
};
struct StructureFree {
    void operator()(GstStructure *structure) const noexcept { gst_structure_free(structure); }
};
struct ErrorFree {
    void operator()(GError *error) const noexcept { g_error_free(error); }
};
struct BytesUnref {
    void operator()(GBytes *bytes) const noexcept { g_bytes_unref(bytes); }
};

/// Each owns one reference. Build one only from a "transfer full" return; hand it on with release().
template <typename T>
using MiniRef = std::unique_ptr<T, MiniObjectUnref>;
template <typename T>
using ObjectRef = std::unique_ptr<T, GstObjectUnref>;
template <typename T>
using GRef = std::unique_ptr<T, GObjectUnref>;
template <typename T>
using GPtr = std::unique_ptr<T, GFree>;
using BufferRef = MiniRef<GstBuffer>;
using EventRef = MiniRef<GstEvent>;
using CapsRef = MiniRef<GstCaps>;
using QueryRef = MiniRef<GstQuery>;
using StructureRef = std::unique_ptr<GstStructure, StructureFree>;
using ErrorRef = std::unique_ptr<GError, ErrorFree>;
using BytesRef = std::unique_ptr<GBytes, BytesUnref>;
using CharPtr = GPtr<gchar>;

/// "transfer none" pointers enter ownership through these, and nowhere else.
template <typename T>
MiniRef<T> retainMini(T *object) {
    return MiniRef<T>(
        object ? static_cast<T *>(static_cast<gpointer>(gst_mini_object_ref(GST_MINI_OBJECT_CAST(object))))
               : nullptr);
}
template <typename T>
ObjectRef<T> retainObject(T *object) {
    return ObjectRef<T>(object ? static_cast<T *>(gst_object_ref(object)) : nullptr);
}
template <typename T>
GRef<T> retain(T *object) {
    return GRef<T>(object ? static_cast<T *>(g_object_ref(object)) : nullptr);
}

/// Receives a GError from a C call: `ErrorOut error; if (!call(error.out())) use(error.message());`
class ErrorOut {
public:
    GError **out() {
        error_.reset();
        return &raw_;
    }
    const char *message() { return get() ? get()->message : "unknown error"; }
    GError *get() {
        if (raw_)
            error_.reset(std::exchange(raw_, nullptr));
        return error_.get();
    }
    ~ErrorOut() { get(); }
    ErrorOut() = default;
    ErrorOut(const ErrorOut &) = delete;
    ErrorOut &operator=(const ErrorOut &) = delete;

private:
    GError *raw_ = nullptr;
    ErrorRef error_;
};

/// Holds GST_OBJECT_LOCK for a scope.
class ObjectLock {
public:
    explicit ObjectLock(gpointer object) : mutex_(GST_OBJECT_GET_LOCK(object)) { g_mutex_lock(mutex_); }
    ~ObjectLock() { g_mutex_unlock(mutex_); }
    ObjectLock(const ObjectLock &) = delete;
    ObjectLock &operator=(const ObjectLock &) = delete;

private:
    GMutex *mutex_;
};

/// Read access to a buffer's bytes for a scope; ok() is false when mapping failed.
class BufferMap {
public:
    explicit BufferMap(GstBuffer *buffer)
        : buffer_(buffer), ok_(gst_buffer_map(buffer, &info_, GST_MAP_READ)) {}
    ~BufferMap() {
        if (ok_)
            gst_buffer_unmap(buffer_, &info_);
    }
    BufferMap(const BufferMap &) = delete;
    BufferMap &operator=(const BufferMap &) = delete;

    bool ok() const { return ok_; }
    const guint8 *data() const { return ok_ ? info_.data : nullptr; }
    gsize size() const { return ok_ ? info_.size : 0; }

private:
    GstBuffer *buffer_;
    GstMapInfo info_{};
    bool ok_;
};

} // namespace lt
