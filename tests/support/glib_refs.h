// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>

#include <json-glib/json-glib.h>

/// Ownership of GLib objects for the test programs, which know no GStreamer.
namespace lt::support {

struct ObjectUnref {
    void operator()(gpointer object) const noexcept { (g_object_unref)(object); }
};
struct MemoryFree {
    void operator()(gpointer memory) const noexcept { (g_free)(memory); }
};
struct BytesUnref {
    void operator()(GBytes *bytes) const noexcept { g_bytes_unref(bytes); }
};
struct UriUnref {
    void operator()(GUri *uri) const noexcept { g_uri_unref(uri); }
};
struct HashTableUnref {
    void operator()(GHashTable *table) const noexcept { g_hash_table_unref(table); }
};
struct ErrorFree {
    void operator()(GError *error) const noexcept { g_error_free(error); }
};
struct JsonNodeUnref {
    void operator()(JsonNode *node) const noexcept { json_node_unref(node); }
};
struct JsonObjectUnref {
    void operator()(JsonObject *object) const noexcept { json_object_unref(object); }
};
struct JsonArrayUnref {
    void operator()(JsonArray *array) const noexcept { json_array_unref(array); }
};
struct SourceDestroy {
    void operator()(GSource *source) const noexcept {
        g_source_destroy(source);
        g_source_unref(source);
    }
};
struct MainLoopUnref {
    void operator()(GMainLoop *loop) const noexcept { g_main_loop_unref(loop); }
};
struct OptionContextFree {
    void operator()(GOptionContext *context) const noexcept { g_option_context_free(context); }
};

/// Each owns one reference. Build one only from a "transfer full" return.
template <typename T>
using ObjectRef = std::unique_ptr<T, ObjectUnref>;
using CharPtr = std::unique_ptr<char, MemoryFree>;
using BytesRef = std::unique_ptr<GBytes, BytesUnref>;
using UriRef = std::unique_ptr<GUri, UriUnref>;
using HashTableRef = std::unique_ptr<GHashTable, HashTableUnref>;
using ErrorRef = std::unique_ptr<GError, ErrorFree>;
using JsonNodeRef = std::unique_ptr<JsonNode, JsonNodeUnref>;
using JsonObjectRef = std::unique_ptr<JsonObject, JsonObjectUnref>;
using JsonArrayRef = std::unique_ptr<JsonArray, JsonArrayUnref>;
/// Destroys the source as well: after that its callback does not run again.
using SourceRef = std::unique_ptr<GSource, SourceDestroy>;
using MainLoopRef = std::unique_ptr<GMainLoop, MainLoopUnref>;
using OptionContextRef = std::unique_ptr<GOptionContext, OptionContextFree>;

} // namespace lt::support
