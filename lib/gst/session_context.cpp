// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/gst/session_context.h"

#include "lib/gst/refs.h"
#include "lib/transcript/transcript.h"

namespace lt {

namespace {

using ContextRef = MiniRef<GstContext>;

ContextRef newContext(const std::string &session) {
    ContextRef context(gst_context_new(kSessionContextType, TRUE));
    gst_structure_set(gst_context_writable_structure(context.get()), "session", G_TYPE_STRING,
                      session.c_str(), nullptr);
    return context;
}

std::string sessionOf(GstElement *element, GstContext *context) {
    if (!context)
        return {};
    const gchar *name = gst_structure_get_string(gst_context_get_structure(context), "session");
    if (!name)
        return {};
    if (!isSessionSlug(name)) {
        GST_WARNING_OBJECT(
            element, "ignoring session \"%s\" from the context: it is not 1-128 of [A-Za-z0-9_.-]", name);
        return {};
    }
    return name;
}

std::string askDownstream(GstElement *element, GstPad *pad) {
    QueryRef query(gst_query_new_context(kSessionContextType));
    if (!pad || !gst_pad_peer_query(pad, query.get()))
        return {};
    GstContext *context = nullptr;
    gst_query_parse_context(query.get(), &context);
    return sessionOf(element, context);
}

std::string askApplication(GstElement *element) {
    // Answered synchronously, if at all: a bin or a sync handler sets the context on the element during the
    // post.
    gst_element_post_message(element, gst_message_new_need_context(GST_OBJECT(element), kSessionContextType));
    return sessionOf(element, ContextRef(gst_element_get_context(element, kSessionContextType)).get());
}

} // namespace

std::string resolveSession(GstElement *element, GstPad *pad) {
    if (auto session = askDownstream(element, pad); !session.empty())
        return session;
    if (auto session = askApplication(element); !session.empty())
        return session;
    return kDefaultSession;
}

void announceSession(GstElement *element, const std::string &session) {
    gst_element_post_message(
        element, gst_message_new_have_context(GST_OBJECT(element), newContext(session).release()));
}

bool answerSessionQuery(GstQuery *query, const std::string &session) {
    const gchar *type = nullptr;
    if (session.empty() || GST_QUERY_TYPE(query) != GST_QUERY_CONTEXT ||
        !gst_query_parse_context_type(query, &type) || g_strcmp0(type, kSessionContextType) != 0)
        return false;
    gst_query_set_context(query, newContext(session).get());
    return true;
}

} // namespace lt
