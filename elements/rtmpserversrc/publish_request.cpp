// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/rtmpserversrc/publish_request.h"

#include "lib/gst/refs.h"

#include <algorithm>

namespace lt::rtmpserversrc {

namespace {

guint publishRequest = 0;

bool isFieldName(const std::string &name) {
    if (name.empty() || !g_ascii_isalpha(name.front()))
        return false;
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return g_ascii_isalnum(c) || c == '-' || c == '_' || c == '.'; });
}

/// The first of each name counts; what is no text or no name stays out.
StructureRef queryOf(const rtmp::StreamAddress &address) {
    StructureRef query(gst_structure_new_empty("query"));
    for (const auto &[name, value] : address.query) {
        const bool readable =
            isFieldName(name) && g_utf8_validate(value.data(), static_cast<gssize>(value.size()), nullptr);
        if (readable && !gst_structure_has_field(query.get(), name.c_str()))
            gst_structure_set(query.get(), name.c_str(), G_TYPE_STRING, value.c_str(), nullptr);
    }
    return query;
}

class ElementDoor final : public rtmp::PublishDoor {
public:
    ElementDoor(GstElement *element, std::shared_ptr<rtmp::PublishDoor> tokens)
        : element_(element), tokens_(std::move(tokens)) {}

    std::optional<Refusal> admit(const rtmp::PublishAttempt &attempt) override {
        if (tokens_) {
            if (auto refusal = tokens_->admit(attempt))
                return refusal;
        }
        const StructureRef query = queryOf(attempt.address);
        gchar *answer = nullptr;
        g_signal_emit(element_, publishRequest, 0, attempt.address.app.c_str(),
                      attempt.address.stream.c_str(), query.get(), attempt.peer.c_str(), &answer);
        const CharPtr reason(answer);
        if (!reason)
            return std::nullopt;
        return Refusal{RefusalCode::Unauthenticated, *reason ? reason.get() : "Not admitted."};
    }

private:
    GstElement *const element_;
    const std::shared_ptr<rtmp::PublishDoor> tokens_;
};

/// The first handler that objects has the last word.
gboolean untilSomebodyObjects(GSignalInvocationHint *, GValue *result, const GValue *answer, gpointer) {
    g_value_copy(answer, result);
    return g_value_get_string(answer) == nullptr;
}

} // namespace

std::shared_ptr<rtmp::PublishDoor> makeElementDoor(GstElement *element,
                                                   std::shared_ptr<rtmp::PublishDoor> tokens) {
    return std::make_shared<ElementDoor>(element, std::move(tokens));
}

void installPublishRequest(GObjectClass *klass) {
    /**
     * GstRtmpServerSrc::publish-request:
     * @self: the element
     * @app: the application
     * @stream: the stream
     * @query: what stands behind `?` in the address, each value a string; may hold secrets
     * @peer: address and port of the publisher
     *
     * A publisher whose token, if one is wanted, was right asks to publish this element's stream. Emitted on
     * the server's thread, which serves every publisher: answer at once.
     *
     * Returns: (transfer full) (nullable): %NULL to let it in, else a sentence for the publisher that says
     * why not
     */
    publishRequest = g_signal_new("publish-request", G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST, 0,
                                  untilSomebodyObjects, nullptr, nullptr, G_TYPE_STRING, 4, G_TYPE_STRING,
                                  G_TYPE_STRING, GST_TYPE_STRUCTURE, G_TYPE_STRING);
}

} // namespace lt::rtmpserversrc
