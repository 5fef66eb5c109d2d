// SPDX-License-Identifier: LGPL-2.1-or-later
// Who may publish.
#include "tests/unit/rtmp_server_rig.h"

#include "config.h"

#include <cstdlib>
#include <cstring>

#if HAVE_JWT
#include <jwt.h>
#endif

using namespace rtmp_test;

namespace {

constexpr const char *kKey = "a shared secret of the test's, long enough for HS256";

/// What the door answers to `rtmp://host/live/demo?query`; "" when it lets in.
std::string answer(PublishDoor &door, const std::string &query) {
    StreamAddress address;
    std::string error;
    g_assert_true(StreamAddress::parse("live", "demo?" + query, Limits(), address, error));
    const std::string peer = "127.0.0.1:1", software = "test";
    const auto refusal = door.admit({address, peer, software});
    return refusal ? std::string(lt::refusalWord(refusal->code)) + ": " + refusal->reason : "";
}

std::shared_ptr<PublishDoor> doorWith(const char *tokens, const char *key = nullptr) {
    if (tokens)
        setenv("LT_TEST_TOKENS", tokens, 1);
    if (key)
        setenv("LT_TEST_KEY", key, 1);
    PublishTokens settings;
    settings.tokens.environment = tokens ? "LT_TEST_TOKENS" : "";
    settings.jwtKey.environment = key ? "LT_TEST_KEY" : "";
    std::string problem;
    auto door = makeTokenDoor(settings, problem);
    g_assert_cmpstr(problem.c_str(), ==, "");
    return door;
}

#if HAVE_JWT
std::string webToken(const char *session, const char *role) {
    jwt_t *jwt = nullptr;
    g_assert_cmpint(jwt_new(&jwt), ==, 0);
    jwt_add_grant(jwt, "session", session);
    if (role)
        jwt_add_grant(jwt, "role", role);
    jwt_add_grant_int(jwt, "exp", 99999999999);
    jwt_set_alg(jwt, JWT_ALG_HS256, reinterpret_cast<const unsigned char *>(kKey),
                static_cast<int>(std::strlen(kKey)));
    char *text = jwt_encode_str(jwt);
    std::string token = text;
    std::free(text);
    jwt_free(jwt);
    return token;
}
#endif

/// Lets in whoever names it; counts.
class NamedDoor : public PublishDoor {
public:
    std::optional<lt::Refusal> admit(const PublishAttempt &attempt) override {
        asked++;
        if (attempt.address.query.empty())
            return lt::Refusal{lt::RefusalCode::Unauthenticated, "Say the word."};
        return std::nullopt;
    }
    unsigned asked = 0; ///< on the loop; read after a verdict
};

} // namespace

static void tokens_open_every_stream_or_one() {
    const auto door = doorWith("alpha, demo:beta\nother:gamma");
    for (const char *right : {"token=alpha", "x=1&token=beta", "token=al%70ha"})
        g_assert_true(answer(*door, right) == "");
    for (const char *wrong : {"token=gamma", "token=alph", "token=alphaa", "token=demo:beta", "Token=alpha"})
        g_assert_true(answer(*door, wrong).starts_with("UNAUTHENTICATED: "));
    g_assert_true(answer(*door, "") ==
                  "UNAUTHENTICATED: A token is needed: add ?token=… to the stream name.");
    g_assert_true(answer(*door, "token=secret") == "UNAUTHENTICATED: The token is wrong.");
}

static void web_tokens_are_for_a_stream_and_a_publisher() {
#if HAVE_JWT
    const auto door = doorWith("alpha", kKey);
    g_assert_true(answer(*door, "token=alpha") == "");
    g_assert_true(answer(*door, "token=" + webToken("demo", "publisher")) == "");
    g_assert_true(answer(*door, "token=" + webToken("*", "publisher")) == "");
    g_assert_true(answer(*door, "token=" + webToken("other", "publisher")) ==
                  "UNAUTHENTICATED: The token is for another stream.");
    for (const char *role : {static_cast<const char *>(nullptr), "viewer", "coordinator"})
        g_assert_true(answer(*door, "token=" + webToken("demo", role)) ==
                      "UNAUTHENTICATED: The token's role is not publisher.");
    g_assert_true(
        answer(*door, "token=" + webToken("demo", "publisher") + "x").starts_with("UNAUTHENTICATED"));
#else
    g_test_skip("built without libjwt");
#endif
}

static void a_secret_that_is_not_there_is_a_problem_with_a_name() {
    PublishTokens settings;
    std::string problem;
    settings.tokens.file = "/nowhere/tokens";
    g_assert_null(makeTokenDoor(settings, problem).get());
    g_assert_nonnull(g_strstr_len(problem.c_str(), -1, "/nowhere/tokens"));
}

static void a_wrong_token_is_refused_and_a_right_one_goes_through() {
    auto server = serverWith();
    Recorder recorder;
    ClaimOptions options;
    options.door = doorWith("geheim");
    auto claim = server->claim("live", "demo", options, recorder);
    RtmpPublisher wrong(server->port()), right(server->port());
    assertRefused(wrong.publish("live", "demo?token=falsch"), "NetStream.Publish.Denied",
                  "UNAUTHENTICATED: The token is wrong.");
    g_assert_true(right.publish("live?token=geheim", "demo").accepted);
    // Who has no right to the stream does not learn whether it is in use.
    RtmpPublisher late(server->port());
    assertRefused(late.publish("live", "demo"), "NetStream.Publish.Denied", "A token is needed");
}

static void guessing_is_slowed_down() {
    ServerLimits limits;
    limits.wrongCredentials = 3;
    auto server = serverWith(limits);
    Recorder recorder;
    ClaimOptions options;
    options.door = doorWith("geheim");
    auto claim = server->claim("live", "demo", options, recorder);
    for (int i = 0; i < 3; i++) {
        RtmpPublisher guess(server->port());
        assertRefused(guess.publish("live", "demo?token=1"), "NetStream.Publish.Denied",
                      "The token is wrong.");
    }
    RtmpPublisher lucky(server->port()); // too late
    assertRefused(lucky.publish("live", "demo?token=geheim"), "NetStream.Publish.Denied",
                  "Too many wrong credentials");
}

static void a_door_of_the_server_is_asked_before_there_is_a_stream() {
    auto server = serverWith();
    auto door = std::make_shared<NamedDoor>();
    server->setDoor(door);
    RtmpPublisher unnamed(server->port());
    assertRefused(unnamed.publish("any", "thing"), "NetStream.Publish.Denied",
                  "UNAUTHENTICATED: Say the word.");
    RtmpPublisher named(server->port());
    g_assert_true(named.handshake() && named.connect("any"));
    named.requestPublish("thing?word=1");
    Recorder recorder;
    auto claim = server->claim("any", "thing", {}, recorder); // what the publisher asked for is made now
    g_assert_true(named.awaitVerdict().accepted);
    server->setDoor(nullptr);
    g_assert_cmpuint(door->asked, ==, 2);
}

static void who_waits_for_a_claim_passes_its_door_too() {
    auto server = serverWith();
    RtmpPublisher publisher(server->port());
    g_assert_true(publisher.handshake() && publisher.connect("live"));
    publisher.requestPublish("demo");
    lt::net::ingestLoop()->runSync([] {});
    Recorder recorder;
    ClaimOptions options;
    options.door = doorWith("geheim");
    auto claim = server->claim("live", "demo", options, recorder);
    assertRefused(publisher.awaitVerdict(), "NetStream.Publish.Denied", "A token is needed");
    RtmpPublisher right(server->port());
    g_assert_true(right.publish("live", "demo?token=geheim").accepted);
}

static void an_unknown_application_is_refused_at_once() {
    auto server = serverWith();
    Recorder recorder;
    auto claim = server->claim("live", "demo", {}, recorder);
    RtmpPublisher publisher(server->port());
    assertRefused(publisher.publish("lve", "demo"), "NetStream.Publish.Denied",
                  "INVALID_ARGUMENT: There is no application lve here.");
}

static void a_full_server_says_so() {
    ServerLimits limits;
    limits.publishers = 1;
    auto server = serverWith(limits);
    Recorder one, two;
    auto first = server->claim("live", "one", {}, one);
    auto second = server->claim("live", "two", {}, two);
    RtmpPublisher in(server->port()), out(server->port());
    g_assert_true(in.publish("live", "one").accepted);
    assertRefused(out.publish("live", "two"), "NetStream.Publish.Denied",
                  "RESOURCE_EXHAUSTED: No more than 1 publisher at a time");
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp/door/tokens", tokens_open_every_stream_or_one);
    g_test_add_func("/rtmp/door/web-tokens", web_tokens_are_for_a_stream_and_a_publisher);
    g_test_add_func("/rtmp/door/no-secret", a_secret_that_is_not_there_is_a_problem_with_a_name);
    g_test_add_func("/rtmp/door/refused", a_wrong_token_is_refused_and_a_right_one_goes_through);
    g_test_add_func("/rtmp/door/guessing", guessing_is_slowed_down);
    g_test_add_func("/rtmp/door/server", a_door_of_the_server_is_asked_before_there_is_a_stream);
    g_test_add_func("/rtmp/door/waiting", who_waits_for_a_claim_passes_its_door_too);
    g_test_add_func("/rtmp/door/application", an_unknown_application_is_refused_at_once);
    g_test_add_func("/rtmp/door/full", a_full_server_says_so);
    return g_test_run();
}
