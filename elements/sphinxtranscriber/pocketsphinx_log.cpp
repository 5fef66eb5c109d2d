// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/sphinxtranscriber/pocketsphinx_log.h"

#include <cstdarg>
#include <cstdio>
#include <mutex>

#include <gst/gst.h>
#include <sphinxbase/err.h>

GST_DEBUG_CATEGORY_STATIC(pocketsphinx_debug);

namespace lt::sphinx {

namespace {

constexpr std::size_t kMaxErrors = 500;

std::string &errors() {
    thread_local std::string text;
    return text;
}

/// PocketSphinx calls routine remarks INFO, and hundreds of them come with a model.
GstDebugLevel levelOf(err_lvl_t level) {
    switch (level) {
    case ERR_FATAL:
        return GST_LEVEL_ERROR;
    case ERR_ERROR:
        return GST_LEVEL_WARNING;
    case ERR_WARN:
        return GST_LEVEL_INFO;
    default:
        return GST_LEVEL_LOG;
    }
}

void onMessage(void *, err_lvl_t level, const char *format, ...) {
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    const int length = std::vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length <= 0)
        return;
    std::string text(line);
    while (!text.empty() && g_ascii_isspace(text.back()))
        text.pop_back();
    if (text.empty())
        return;
    GST_CAT_LEVEL_LOG(pocketsphinx_debug, levelOf(level), nullptr, "%s", text.c_str());
    if (level == ERR_FATAL) // PocketSphinx ends the process now; say why where it can be seen
        g_printerr("%s\n", text.c_str());
    if (level >= ERR_ERROR && errors().size() < kMaxErrors)
        errors() += (errors().empty() ? "" : "; ") + text;
}

} // namespace

void redirectPocketSphinxLog() {
    static std::once_flag once;
    std::call_once(once, [] {
        GST_DEBUG_CATEGORY_INIT(pocketsphinx_debug, "pocketsphinx", 0, "the PocketSphinx library");
        err_set_callback(onMessage, nullptr);
    });
    err_set_logfp(nullptr); // tables go there past the callback; it is the thread's own
}

void forgetPocketSphinxErrors() {
    errors().clear();
}

std::string pocketSphinxErrors() {
    return errors();
}

} // namespace lt::sphinx
