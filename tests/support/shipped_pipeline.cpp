// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/shipped_pipeline.h"

#include "tests/support/process.h"

#include <sstream>

namespace lt::support {

namespace {

/// One word each, as pipelines/run --print says them: a value may hold spaces.
std::vector<std::string> descriptionOf(const std::string &runner, const std::string &name,
                                       const std::vector<std::string> &variables) {
    std::vector<std::string> argv = {runner, "--print", name};
    argv.insert(argv.end(), variables.begin(), variables.end());
    Process process(argv);
    g_assert_true(process.waitForEnd() == 0);
    std::vector<std::string> words;
    std::istringstream lines(process.output());
    for (std::string line; std::getline(lines, line);)
        words.push_back(line);
    return words;
}

std::string textOf(GstMessage *message) {
    ErrorOut error;
    gchar *debug = nullptr;
    gst_message_parse_error(message, error.out(), &debug);
    const CharPtr owned(debug);
    return std::string(GST_OBJECT_NAME(GST_MESSAGE_SRC(message))) + ": " + error.message() +
           (debug ? std::string(" (") + debug + ")" : std::string());
}

} // namespace

ShippedPipeline::ShippedPipeline(const std::string &runner, const std::string &name,
                                 const std::vector<std::string> &variables) {
    const auto words = descriptionOf(runner, name, variables);
    std::vector<const gchar *> argv;
    for (const auto &word : words)
        argv.push_back(word.c_str());
    argv.push_back(nullptr);
    ErrorOut error;
    pipeline_.reset(gst_parse_launchv(argv.data(), error.out()));
    if (!pipeline_ || error.get())
        g_error("pipelines/%s.launch: %s", name.c_str(), error.message());
    gst_object_ref_sink(pipeline_.get());
}

ShippedPipeline::~ShippedPipeline() {
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

void ShippedPipeline::setState(GstState state) {
    if (gst_element_set_state(pipeline_.get(), state) == GST_STATE_CHANGE_FAILURE)
        g_error("the pipeline does not reach %s: %s", gst_element_state_get_name(state),
                waitForEnd(0).c_str());
}

std::string ShippedPipeline::waitForEnd(unsigned timeoutMs) {
    const ObjectRef<GstBus> bus(gst_element_get_bus(pipeline_.get()));
    const MiniRef<GstMessage> message(
        gst_bus_timed_pop_filtered(bus.get(), timeoutMs * GST_MSECOND,
                                   static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
    if (!message)
        return "timeout";
    return GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS ? std::string() : textOf(message.get());
}

GstElement *ShippedPipeline::element(const char *factory) const {
    GstElement *found = nullptr;
    for (GList *child = GST_BIN_CHILDREN(pipeline_.get()); child; child = child->next) {
        auto *candidate = GST_ELEMENT(child->data);
        if (g_strcmp0(GST_OBJECT_NAME(gst_element_get_factory(candidate)), factory) == 0)
            found = candidate;
    }
    if (!found)
        g_error("the pipeline has no %s", factory);
    return found;
}

unsigned ShippedPipeline::get(const char *factory, const char *property) const {
    guint value = 0;
    g_object_get(element(factory), property, &value, nullptr);
    return value;
}

} // namespace lt::support
