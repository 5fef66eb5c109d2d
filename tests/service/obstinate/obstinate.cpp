// SPDX-License-Identifier: LGPL-2.1-or-later
// A plugin for tests: an element whose pipeline never stops, as with a driver that does not return.
#include "config.h"

#include <gst/gst.h>

#include <unistd.h>

namespace {

struct Obstinate {
    GstElement parent;
};
struct ObstinateClass {
    GstElementClass parent;
};

// gst-launch text can name an element, and that is all this one is told: with a name that begins with
// "streaming" it hangs on its way from PAUSED to READY, when the elements behind it still stream; with any
// other on its way to NULL.
bool hangsIn(GstElement *element, GstStateChange transition) {
    return transition == (g_str_has_prefix(GST_OBJECT_NAME(element), "streaming")
                              ? GST_STATE_CHANGE_PAUSED_TO_READY
                              : GST_STATE_CHANGE_READY_TO_NULL);
}

G_DEFINE_TYPE(Obstinate, obstinate, GST_TYPE_ELEMENT)

GstStateChangeReturn obstinate_change_state(GstElement *element, GstStateChange transition) {
    while (hangsIn(element, transition))
        pause();
    return GST_ELEMENT_CLASS(obstinate_parent_class)->change_state(element, transition);
}

void obstinate_class_init(ObstinateClass *klass) {
    GST_ELEMENT_CLASS(klass)->change_state = obstinate_change_state;
    gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(klass), "Obstinate", "Test", "Never stops",
                                          "test");
}

void obstinate_init(Obstinate *) {}

} // namespace

static gboolean plugin_init(GstPlugin *plugin) {
    return gst_element_register(plugin, "obstinate", GST_RANK_NONE, obstinate_get_type());
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, obstinate, "Never stops", plugin_init,
                  PACKAGE_VERSION, PACKAGE_LICENSE, PACKAGE_NAME, PACKAGE_ORIGIN)
