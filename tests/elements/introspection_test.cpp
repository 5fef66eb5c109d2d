// SPDX-License-Identifier: LGPL-2.1-or-later
// What a user learns from gst-inspect-1.0, checked for every element found in the build's plugin directory.
// Arguments after the options: elements that must be there.
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <gst/gst.h>

namespace {

struct PluginListFree {
    void operator()(GList *list) const { gst_plugin_list_free(list); }
};
struct FeatureListFree {
    void operator()(GList *list) const { gst_plugin_feature_list_free(list); }
};

std::vector<std::string> ourElements;
std::vector<std::string> requiredElements;

/// Our plugins are those that live in the directory the build gives in GST_PLUGIN_PATH_1_0.
bool isOurs(GstPlugin *plugin) {
    const char *directory = g_getenv("GST_PLUGIN_PATH_1_0");
    const char *file = gst_plugin_get_filename(plugin);
    return directory && *directory && file && g_str_has_prefix(file, directory);
}

void findOurElements() {
    GstRegistry *registry = gst_registry_get();
    std::unique_ptr<GList, PluginListFree> all(gst_registry_get_plugin_list(registry));
    for (GList *p = all.get(); p; p = p->next) {
        auto *plugin = GST_PLUGIN(p->data);
        if (!isOurs(plugin))
            continue;
        std::unique_ptr<GList, FeatureListFree> features(
            gst_registry_get_feature_list_by_plugin(registry, gst_plugin_get_name(plugin)));
        for (GList *f = features.get(); f; f = f->next)
            if (GST_IS_ELEMENT_FACTORY(f->data))
                ourElements.emplace_back(GST_OBJECT_NAME(f->data));
    }
}

GstElementFactory *loaded(const std::string &name) {
    GstElementFactory *factory = gst_element_factory_find(name.c_str());
    g_assert_nonnull(factory);
    auto *plain = GST_ELEMENT_FACTORY(gst_plugin_feature_load(GST_PLUGIN_FEATURE(factory)));
    gst_object_unref(factory);
    g_assert_nonnull(plain);
    return plain;
}

void the_ordered_elements_are_there() {
    for (const auto &name : requiredElements) {
        GstElementFactory *factory = gst_element_factory_find(name.c_str());
        if (!factory)
            g_test_message("%s is missing", name.c_str());
        g_assert_nonnull(factory);
        gst_object_unref(factory);
    }
}

void every_plugin_names_licence_version_and_origin() {
    std::unique_ptr<GList, PluginListFree> all(gst_registry_get_plugin_list(gst_registry_get()));
    for (GList *p = all.get(); p; p = p->next) {
        auto *plugin = GST_PLUGIN(p->data);
        if (!isOurs(plugin))
            continue;
        g_assert_cmpstr(gst_plugin_get_license(plugin), ==, "LGPL");
        g_assert_cmpstr(gst_plugin_get_package(plugin), ==, "gst-livetranscript");
        g_assert_cmpuint(std::strlen(gst_plugin_get_version(plugin)), >, 0);
        g_assert_cmpuint(std::strlen(gst_plugin_get_description(plugin)), >, 0);
        g_assert_true(g_str_has_prefix(gst_plugin_get_origin(plugin), "https://"));
    }
}

void every_element_says_what_it_is() {
    const char *keys[] = {GST_ELEMENT_METADATA_LONGNAME, GST_ELEMENT_METADATA_KLASS,
                          GST_ELEMENT_METADATA_DESCRIPTION, GST_ELEMENT_METADATA_AUTHOR};
    for (const auto &name : ourElements) {
        GstElementFactory *factory = loaded(name);
        for (const char *key : keys) {
            const char *value = gst_element_factory_get_metadata(factory, key);
            if (!value || !*value)
                g_test_message("%s lacks its %s", name.c_str(), key);
            g_assert_true(value && *value);
        }
        g_assert_cmpuint(gst_element_factory_get_num_pad_templates(factory), >, 0);
        gst_object_unref(factory);
    }
}

void checkProperty(const std::string &element, const GParamSpec *property) {
    const char *blurb = g_param_spec_get_blurb(const_cast<GParamSpec *>(property));
    const bool described = blurb && std::strlen(blurb) > 1 && g_strcmp0(blurb, property->name) != 0;
    if (!described)
        g_test_message("%s: property %s has no description", element.c_str(), property->name);
    g_assert_true(described);
    if (g_str_has_suffix(property->name, "api-key") || std::strstr(property->name, "password"))
        g_assert_false(property->flags & G_PARAM_READABLE);
}

void every_property_is_described_and_secrets_cannot_be_read_back() {
    for (const auto &name : ourElements) {
        GstElementFactory *factory = loaded(name);
        auto *klass = G_OBJECT_CLASS(g_type_class_ref(gst_element_factory_get_element_type(factory)));
        guint count = 0;
        std::unique_ptr<GParamSpec *, decltype(&g_free)> properties(
            g_object_class_list_properties(klass, &count), g_free);
        for (guint i = 0; i < count; i++)
            if (properties.get()[i]->owner_type == gst_element_factory_get_element_type(factory))
                checkProperty(name, properties.get()[i]);
        g_type_class_unref(klass);
        gst_object_unref(factory);
    }
}

void every_element_can_be_made_and_dropped_and_reaches_ready() {
    for (const auto &name : ourElements) {
        for (int round = 0; round < 2; round++) {
            auto *element = GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make(name.c_str(), nullptr)));
            g_assert_nonnull(element);
            if (round == 1) {
                g_assert_cmpint(gst_element_set_state(element, GST_STATE_READY), ==,
                                GST_STATE_CHANGE_SUCCESS);
                g_assert_cmpint(gst_element_set_state(element, GST_STATE_NULL), ==, GST_STATE_CHANGE_SUCCESS);
            }
            gst_object_unref(element);
        }
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    requiredElements.assign(argv + 1, argv + argc);
    findOurElements();
    g_test_message("%zu elements", ourElements.size());
    g_test_add_func("/introspection/the ordered elements are there", the_ordered_elements_are_there);
    g_test_add_func("/introspection/every plugin names licence, version and origin",
                    every_plugin_names_licence_version_and_origin);
    g_test_add_func("/introspection/every element says what it is", every_element_says_what_it_is);
    g_test_add_func("/introspection/every property is described and secrets cannot be read back",
                    every_property_is_described_and_secrets_cannot_be_read_back);
    g_test_add_func("/introspection/every element can be made, dropped and reaches READY",
                    every_element_can_be_made_and_dropped_and_reaches_ready);
    const int status = g_test_run();
    gst_deinit();
    return status;
}
