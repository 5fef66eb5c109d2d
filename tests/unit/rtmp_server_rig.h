// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/net/io_threads.h"
#include "lib/rtmp/rtmp_server.h"
#include "tests/support/rtmp_publisher.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include <glib.h>

namespace rtmp_test {

using namespace lt::rtmp;
using namespace std::chrono_literals;
using lt::support::PublishVerdict;
using lt::support::Raw;
using lt::support::RtmpPublisher;

constexpr auto kPatience = 30s;

/// What a claim heard.
struct Seen {
    std::vector<PublisherInfo> publishers;
    std::vector<PublishEnd> ends;
    unsigned gone = 0;
    unsigned frames = 0;
    unsigned tags = 0;
};

class Recorder : public PublishListener {
public:
    explicit Recorder(AfterEnd after = AfterEnd::Keep) : after_(after) {}

    void published(const PublisherInfo &publisher) override {
        note([&] { seen_.publishers.push_back(publisher); });
    }
    void media(MediaTag tag) override {
        note([&] {
            seen_.frames += tag.kind == MediaTag::Kind::Audio;
            seen_.tags++;
        });
    }
    AfterEnd after(const PublishEnd &) const override { return after_; }
    void ended(const PublishEnd &end) override {
        note([&] { seen_.ends.push_back(end); });
    }
    void gone() override {
        note([&] { seen_.gone++; });
    }
    /// What was heard once `condition` holds.
    Seen waitFor(const std::function<bool(const Seen &)> &condition) {
        std::unique_lock lock(mutex_);
        g_assert_true(changed_.wait_for(lock, kPatience, [&] { return condition(seen_); }));
        return seen_;
    }
    Seen frames(unsigned count) {
        return waitFor([=](const Seen &seen) { return seen.frames == count; });
    }
    Seen ends(std::size_t count) {
        return waitFor([=](const Seen &seen) { return seen.ends.size() == count; });
    }
    Seen goneOnce() {
        return waitFor([](const Seen &seen) { return seen.gone == 1; });
    }
    Seen now() {
        return waitFor([](const Seen &) { return true; });
    }

private:
    template <typename Change>
    void note(Change &&change) {
        std::lock_guard lock(mutex_);
        change();
        changed_.notify_all();
    }

    const AfterEnd after_;
    std::mutex mutex_;
    std::condition_variable changed_;
    Seen seen_;
};

inline std::shared_ptr<RtmpServer> serverWith(const ServerLimits &limits = {}) {
    lt::net::ListenError failure;
    auto server = RtmpServer::acquire("127.0.0.1", 0, failure, limits);
    g_assert_nonnull(server.get());
    return server;
}

/// A refusal that arrived as it was meant to.
inline void assertRefused(const PublishVerdict &verdict, const char *code, const char *part) {
    g_assert_false(verdict.accepted);
    g_assert_cmpstr(verdict.code.c_str(), ==, code);
    g_assert_nonnull(g_strstr_len(verdict.description.c_str(), -1, part));
    g_assert_cmpuint(verdict.codes.size(), ==, 2);
    g_assert_true(verdict.codes[1] == "NetStream.Failed");
    g_assert_false(verdict.reset);
}

} // namespace rtmp_test
