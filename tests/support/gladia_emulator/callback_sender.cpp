// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/callback_sender.h"

#include <memory>
#include <utility>

namespace lt::emulator {

namespace {

constexpr unsigned kTimeoutSeconds = 10;
constexpr std::size_t kMostWaiting = 10000;

} // namespace

CallbackSender::CallbackSender(std::function<void()> changed)
    : changed_(std::move(changed)),
      session_(soup_session_new_with_options("timeout", kTimeoutSeconds, nullptr)),
      cancellable_(g_cancellable_new()) {}

CallbackSender::~CallbackSender() {
    g_cancellable_cancel(cancellable_.get());
    soup_session_abort(session_.get());
}

void CallbackSender::send(const std::string &url, std::string body) {
    auto &queue = waiting_[url];
    if (queue.size() >= kMostWaiting) {
        counts_.failed++;
        return;
    }
    queue.push_back(std::move(body));
    if (queue.size() == 1)
        sendNext(url);
}

void CallbackSender::sendNext(const std::string &url) {
    const std::string &body = waiting_[url].front();
    support::ObjectRef<SoupMessage> message(soup_message_new("POST", url.c_str()));
    if (!message) {
        finished(url, false);
        return;
    }
    const support::BytesRef bytes(g_bytes_new(body.data(), body.size()));
    soup_message_set_request_body_from_bytes(message.get(), "application/json", bytes.get());
    SoupMessage *raw = message.get();
    soup_session_send_and_read_async(
        session_.get(), raw, G_PRIORITY_DEFAULT, cancellable_.get(),
        [](GObject *session, GAsyncResult *result, gpointer data) {
            const std::unique_ptr<Sending> sending(static_cast<Sending *>(data));
            GError *error = nullptr;
            const support::BytesRef answer(
                soup_session_send_and_read_finish(SOUP_SESSION(session), result, &error));
            const support::ErrorRef owned(error);
            if (sending->alive.expired())
                return;
            const auto status = soup_message_get_status(sending->message.get());
            sending->sender->finished(sending->url, answer && status >= 200 && status < 300);
        },
        new Sending{this, alive_, url, std::move(message)});
}

void CallbackSender::finished(const std::string &url, bool delivered) {
    (delivered ? counts_.delivered : counts_.failed)++;
    const auto queue = waiting_.find(url);
    queue->second.pop_front();
    if (queue->second.empty())
        waiting_.erase(queue);
    else
        sendNext(url);
    changed_();
}

} // namespace lt::emulator
