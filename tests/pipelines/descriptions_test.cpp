// SPDX-License-Identifier: LGPL-2.1-or-later
// Every description under pipelines/, as pipelines/run expands it, is a pipeline that GStreamer can make.
// Arguments after the options: the path of pipelines/run, then the descriptions.
#include "tests/support/process.h"

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <gst/gst.h>

using namespace lt::support;

namespace {

std::string runner;
std::vector<std::string> descriptions;

std::vector<std::string> expand(const std::string &description, const std::vector<std::string> &more = {}) {
    std::vector<std::string> command = {runner, "--print", description};
    command.insert(command.end(), more.begin(), more.end());
    Process process(command);
    const auto status = process.waitForEnd();
    if (status != 0)
        g_test_message("%s: %s", description.c_str(), process.output().c_str());
    g_assert_true(status == 0);
    std::vector<std::string> words;
    std::istringstream lines(process.output());
    for (std::string line; std::getline(lines, line);)
        words.push_back(line);
    return words;
}

GstElement *parse(const std::string &description) {
    const auto words = expand(description);
    std::vector<const gchar *> argv;
    for (const auto &word : words)
        argv.push_back(word.c_str());
    argv.push_back(nullptr);
    GError *error = nullptr;
    GstElement *pipeline = gst_parse_launchv_full(argv.data(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
    if (error)
        g_test_message("%s: %s", description.c_str(), error->message);
    g_assert_no_error(error);
    g_assert_true(GST_IS_PIPELINE(pipeline));
    return GST_ELEMENT(gst_object_ref_sink(pipeline));
}

void every_description_is_a_pipeline() {
    g_assert_cmpuint(descriptions.size(), >, 0);
    for (const auto &description : descriptions) {
        GstElement *pipeline = parse(description);
        // A machine without a sound card has no source to offer.
        if (description != "microphone")
            g_assert_cmpint(gst_element_set_state(pipeline, GST_STATE_READY), !=, GST_STATE_CHANGE_FAILURE);
        g_assert_cmpint(gst_element_set_state(pipeline, GST_STATE_NULL), ==, GST_STATE_CHANGE_SUCCESS);
        gst_object_unref(pipeline);
    }
}

void the_callers_value_replaces_the_default_even_with_spaces() {
    const auto words = expand("file", {"FILE=/tmp/two words & 'a quote'.mp4", "PORT=4321"});
    const auto has = [&words](const char *wanted) {
        return std::find(words.begin(), words.end(), wanted) != words.end();
    };
    g_assert_true(has("location=/tmp/two words & 'a quote'.mp4"));
    g_assert_true(has("port=4321"));
    g_assert_true(has("session=demo"));
}

void wrong_arguments_are_refused_with_a_sentence(gconstpointer data) {
    const auto *arguments = static_cast<const std::vector<std::string> *>(data);
    std::vector<std::string> command = {runner};
    command.insert(command.end(), arguments->begin(), arguments->end() - 1);
    Process process(command);
    g_assert_true(process.waitForEnd() == 2);
    g_assert_true(process.waitFor(arguments->back()));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    runner = argv[1];
    descriptions.assign(argv + 2, argv + argc);

    const std::vector<std::string> unknown = {"nosuch", "there is no description 'nosuch'"};
    const std::vector<std::string> variable = {"file", "COLOUR=red", "has no variable 'COLOUR', only: FILE"};
    const std::vector<std::string> shape = {"file", "red", "not of the form VARIABLE=VALUE"};
    const std::vector<std::string> quote = {"file", "FILE=a\"b", "neither a double quote nor a backslash"};
    g_test_add_func("/descriptions/every description is a pipeline", every_description_is_a_pipeline);
    g_test_add_func("/descriptions/the caller's value replaces the default, even with spaces",
                    the_callers_value_replaces_the_default_even_with_spaces);
    g_test_add_data_func("/descriptions/an unknown one is refused", &unknown,
                         wrong_arguments_are_refused_with_a_sentence);
    g_test_add_data_func("/descriptions/an unknown variable is refused", &variable,
                         wrong_arguments_are_refused_with_a_sentence);
    g_test_add_data_func("/descriptions/what is no assignment is refused", &shape,
                         wrong_arguments_are_refused_with_a_sentence);
    g_test_add_data_func("/descriptions/a value that would break out of its quotes is refused", &quote,
                         wrong_arguments_are_refused_with_a_sentence);
    const int status = g_test_run();
    gst_deinit();
    return status;
}
