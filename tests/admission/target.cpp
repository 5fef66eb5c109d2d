// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/admission/target.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace lt::admission {

using namespace std::chrono_literals;
using support::PublishVerdict;
using support::WebSocketClient;

namespace {

constexpr auto kPatience = 20s;
constexpr auto kRetry = 50ms;

bool has(const std::string &text, const std::string &part) {
    return text.find(part) != text.npos;
}

} // namespace

void expect(bool holds, const std::string &otherwise) {
    if (!holds)
        throw Failure(otherwise);
}

std::string Target::webSocketUrl(const std::string &name) const {
    return "ws://" + address + ":" + std::to_string(port) + "/ws/" + session(name) + "?v=2";
}

std::string Target::publishUrl(const std::string &name) const {
    return "rtmp://" + address + ":" + std::to_string(rtmpPort) + "/" + app + "/" + session(name);
}

PublisherPtr tryToPublish(const Target &target, const std::string &name, PublishVerdict &verdict) {
    auto publisher = std::make_unique<support::RtmpPublisher>(target.rtmpPort, 0, target.address);
    verdict = publisher->publish(target.app, target.session(name));
    if (verdict.accepted) {
        publisher->sendConfig();
        publisher->sendFrames(20);
    }
    return publisher;
}

PublisherPtr publish(const Target &target, const std::string &name) {
    const auto limit = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
        PublishVerdict verdict;
        auto publisher = tryToPublish(target, name, verdict);
        if (verdict.accepted)
            return publisher;
        const bool full = has(verdict.description, "at a time");
        if (!full)
            throw Failure("a publisher was refused: " + verdict.description);
        if (std::chrono::steady_clock::now() >= limit)
            throw SettingMissing(
                "BACKPRESSURE_MAX_STREAMS must be 3 at least, and nobody else may publish: " +
                verdict.description);
        std::this_thread::sleep_for(kRetry);
    }
}

Watcher::Watcher(const Target &target, const std::string &name)
    : name_(name), socket_({.url = target.webSocketUrl(name)}) {
    expect(socket_.connected(), "a viewer of " + name + " was refused: HTTP " +
                                    std::to_string(socket_.status()) + " " + socket_.error());
    waitFor(R"("type":"hello")");
}

std::string Watcher::waitFor(const std::string &part) const {
    std::string found;
    const auto look = [&](const std::vector<WebSocketClient::Frame> &frames) {
        const auto at = std::find_if(frames.begin(), frames.end(),
                                     [&](const auto &frame) { return has(frame.data, part); });
        if (at != frames.end())
            found = at->data;
        return at != frames.end();
    };
    expect(socket_.waitForFrames(look, kPatience),
           "a viewer of " + name_ + " did not hear " + part +
               (socket_.closed() ? ": it was closed with " + std::to_string(socket_.closeCode()) + " " +
                                       socket_.closeReason()
                                 : std::string()));
    return found;
}

std::size_t Watcher::count(const std::string &part) const {
    const auto frames = socket_.frames();
    return static_cast<std::size_t>(std::count_if(frames.begin(), frames.end(),
                                                  [&](const auto &frame) { return has(frame.data, part); }));
}

std::string Watcher::claim() {
    send(R"({"type":"claim"})");
    const auto granted = waitFor(R"("event":"granted")");
    const auto at = granted.find("\"token\":") + 8;
    return granted.substr(at, granted.find_first_not_of("0123456789", at) - at);
}

void Watcher::sendInsight(const std::string &token, const std::string &word) {
    send(R"({"type":"insight","token":)" + token + R"(,"data":{"word":")" + word + "\"}}");
}

} // namespace lt::admission
