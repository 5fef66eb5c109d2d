// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/gladiasink/property_table.h"

namespace lt::gladia {

GType registeredEnum(gsize &once, const char *name, const GEnumValue *values) {
    if (g_once_init_enter(&once)) {
        const GType type = g_enum_register_static(name, values);
        gst_type_mark_as_plugin_api(type, static_cast<GstPluginAPIFlags>(0));
        g_once_init_leave(&once, type);
    }
    return once;
}

GType registeredFlags(gsize &once, const char *name, const GFlagsValue *values) {
    if (g_once_init_enter(&once)) {
        const GType type = g_flags_register_static(name, values);
        gst_type_mark_as_plugin_api(type, static_cast<GstPluginAPIFlags>(0));
        g_once_init_leave(&once, type);
    }
    return once;
}

} // namespace lt::gladia
