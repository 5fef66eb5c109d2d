// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/caption_viewer.h"
#include "tests/support/json_text.h"

#include <utility>

namespace lt::support {

namespace {

constexpr unsigned kRetryMs = 200;
constexpr guint64 kMaxMessage = 16 << 20;

std::string lastPathPart(const std::string &url) {
    const std::string path = url.substr(0, url.find('?'));
    return path.substr(path.rfind('/') + 1);
}

bool boolMember(JsonObject *object, const char *name) {
    JsonNode *node = json_object_get_member(object, name);
    return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_boolean(node);
}

std::int64_t integerMember(JsonObject *object, const char *name) {
    JsonNode *node = json_object_get_member(object, name);
    return node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_int(node) : 0;
}

std::string textMember(JsonObject *object, const char *name) {
    const char *value = stringMember(object, name);
    return value ? value : "";
}

} // namespace

CaptionViewer::CaptionViewer(ViewerOptions options)
    : options_(std::move(options)), thread_("lt-viewer"), cancellable_(g_cancellable_new()) {
    if (options_.session.empty())
        options_.session = lastPathPart(options_.url);
    thread_.call([this] {
        session_.reset(soup_session_new());
        connect();
    });
}

CaptionViewer::~CaptionViewer() {
    thread_.call([this] {
        retry_.reset();
        g_cancellable_cancel(cancellable_.get());
        // A cancelled connect still calls back, and needs what is destroyed here.
        while (connecting_)
            g_main_context_iteration(g_main_context_get_thread_default(), TRUE);
        if (websocket_)
            g_signal_handlers_disconnect_by_data(websocket_.get(), this);
        soup_session_abort(session_.get());
        websocket_.reset();
        message_.reset();
        session_.reset();
    });
}

void CaptionViewer::connect() {
    message_.reset(soup_message_new("GET", options_.url.c_str()));
    if (!message_) {
        options_.wait = false;
        refused("'" + options_.url + "' is not a URL");
        return;
    }
    connecting_ = true;
    soup_session_websocket_connect_async(
        session_.get(), message_.get(), nullptr, nullptr, G_PRIORITY_DEFAULT, cancellable_.get(),
        [](GObject *session, GAsyncResult *result, gpointer data) {
            auto *self = static_cast<CaptionViewer *>(data);
            GError *error = nullptr;
            auto *websocket = soup_session_websocket_connect_finish(SOUP_SESSION(session), result, &error);
            const ErrorRef owned(error);
            self->connecting_ = false;
            if (websocket) {
                self->connected(websocket);
                return;
            }
            const auto status = soup_message_get_status(self->message_.get());
            self->refused(status != SOUP_STATUS_NONE
                              ? "the server answered " + std::to_string(status) + " to the viewer"
                              : std::string("no connection to the server: ") + error->message);
        },
        this);
}

void CaptionViewer::connected(SoupWebsocketConnection *websocket) {
    websocket_.reset(websocket);
    soup_websocket_connection_set_max_incoming_payload_size(websocket, kMaxMessage);
    g_signal_connect(websocket, "message",
                     G_CALLBACK(+[](SoupWebsocketConnection *, int type, GBytes *bytes, gpointer self) {
                         gsize size = 0;
                         const auto *text = static_cast<const char *>(g_bytes_get_data(bytes, &size));
                         if (type == SOUP_WEBSOCKET_DATA_TEXT)
                             static_cast<CaptionViewer *>(self)->receive(std::string(text, size));
                     }),
                     this);
    g_signal_connect(websocket, "closed", G_CALLBACK(+[](SoupWebsocketConnection *, gpointer self) {
                         static_cast<CaptionViewer *>(self)->closed();
                     }),
                     this);
    std::lock_guard lock(mutex_);
    connected_ = true;
    problem_.clear();
    changed_.notify_all();
}

void CaptionViewer::refused(const std::string &why) {
    if (options_.wait && !g_cancellable_is_cancelled(cancellable_.get()))
        retry_ = thread_.startTimer(kRetryMs, [this] {
            connect();
            return false;
        });
    std::lock_guard lock(mutex_);
    problem_ = why;
    ended_ = !options_.wait;
    changed_.notify_all();
}

void CaptionViewer::receive(const std::string &text) {
    std::string problem;
    const JsonObjectRef message = parseObject(text, problem);
    const bool mine = message && textMember(message.get(), "type") == "transcript" &&
                      textMember(message.get(), "sessionSlug") == options_.session;
    CaptionLine line;
    if (mine)
        line = {.text = textMember(message.get(), "text"),
                .isFinal = boolMember(message.get(), "isFinal"),
                .utteranceId = textMember(message.get(), "utteranceId"),
                .transcriptType = textMember(message.get(), "transcriptType"),
                .seq = integerMember(message.get(), "seq"),
                .json = text};
    if (mine && options_.onLine)
        options_.onLine(line);
    std::lock_guard lock(mutex_);
    ignored_ += mine ? 0 : 1;
    finals_ += line.isFinal ? 1 : 0;
    if (mine)
        lines_.push_back(std::move(line));
    changed_.notify_all();
}

void CaptionViewer::closed() {
    const int code = soup_websocket_connection_get_close_code(websocket_.get());
    const char *reason = soup_websocket_connection_get_close_data(websocket_.get());
    std::lock_guard lock(mutex_);
    connected_ = false;
    ended_ = true;
    closeCode_ = code == SOUP_WEBSOCKET_CLOSE_ABNORMAL ? 0 : code;
    closeReason_ = reason ? reason : "";
    problem_ = closeCode_ == 0
                   ? "the connection to the server broke"
                   : "the server closed the connection: " + std::to_string(closeCode_) + " " + closeReason_;
    changed_.notify_all();
}

/// `holds` runs under the lock.
bool CaptionViewer::waitFor(std::chrono::milliseconds timeout, const std::function<bool()> &holds) const {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [&] { return holds() || ended_; });
    return holds();
}

bool CaptionViewer::waitForConnection(std::chrono::milliseconds timeout) const {
    return waitFor(timeout, [this] { return connected_; });
}

bool CaptionViewer::waitForFinals(std::size_t count, std::chrono::milliseconds timeout) const {
    return waitFor(timeout, [this, count] { return finals_ >= count; });
}

bool CaptionViewer::waitForEnd(std::chrono::milliseconds timeout) const {
    return waitFor(timeout, [this] { return ended_; });
}

std::vector<CaptionLine> CaptionViewer::lines() const {
    std::lock_guard lock(mutex_);
    return lines_;
}

std::string CaptionViewer::finalText() const {
    std::lock_guard lock(mutex_);
    std::string all;
    for (const auto &line : lines_) {
        if (line.isFinal)
            all += (all.empty() ? "" : " ") + line.text;
    }
    return all;
}

std::size_t CaptionViewer::finals() const {
    std::lock_guard lock(mutex_);
    return finals_;
}

std::size_t CaptionViewer::ignored() const {
    std::lock_guard lock(mutex_);
    return ignored_;
}

bool CaptionViewer::connected() const {
    std::lock_guard lock(mutex_);
    return connected_;
}

bool CaptionViewer::ended() const {
    std::lock_guard lock(mutex_);
    return ended_;
}

std::string CaptionViewer::problem() const {
    std::lock_guard lock(mutex_);
    return problem_;
}

int CaptionViewer::closeCode() const {
    std::lock_guard lock(mutex_);
    return closeCode_;
}

std::string CaptionViewer::closeReason() const {
    std::lock_guard lock(mutex_);
    return closeReason_;
}

} // namespace lt::support
