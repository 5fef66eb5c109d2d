// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/admission/places.h"
#include "lib/admission/secret.h"
#include "lib/admission/sliding_log.h"
#include "lib/admission/token_check.h"

#include "config.h"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>
#include <vector>

#include <glib.h>
#include <glib/gstdio.h>

#if HAVE_JWT
#include <jwt.h>
#endif

using namespace lt;
using namespace std::chrono_literals;

namespace {

SlidingLog::TimePoint at(std::chrono::milliseconds ms) {
    return SlidingLog::TimePoint(ms);
}

} // namespace

static void no_window_has_more_events_than_the_limit() {
    SlidingLog log(3);
    for (const auto ms : {900ms, 950ms, 999ms})
        g_assert_true(log.check(at(ms)));
    g_assert_false(log.check(at(1000ms))); // a counter per second would begin anew here
    g_assert_false(log.check(at(1899ms)));
    g_assert_true(log.check(at(1900ms)));
    g_assert_false(log.check(at(1949ms)));
    g_assert_true(log.check(at(1950ms)));
}

static void an_event_that_was_refused_does_not_count() {
    SlidingLog log(1);
    g_assert_true(log.check(at(0ms)));
    for (int ms = 1; ms < 1000; ms++)
        g_assert_false(log.check(at(std::chrono::milliseconds(ms))));
    g_assert_true(log.check(at(1000ms)));
}

static void a_limit_of_nothing_admits_everything() {
    SlidingLog log(0);
    for (int i = 0; i < 1000; i++)
        g_assert_true(log.check(at(0ms)));
}

static void places_are_limited_in_all_per_session_and_per_address() {
    Places places;
    const PlaceLimits limits{4, 3, 2};
    g_assert_false(places.acquire(limits, "a", "1").has_value());
    g_assert_false(places.acquire(limits, "a", "1").has_value());
    g_assert_true(places.acquire(limits, "a", "1") == Places::Full::Address);
    g_assert_false(places.acquire(limits, "a", "2").has_value());
    g_assert_true(places.acquire(limits, "a", "3") == Places::Full::Session);
    g_assert_false(places.acquire(limits, "b", "2").has_value());
    g_assert_true(places.acquire(limits, "c", "3") == Places::Full::Total);
    places.release("a", "1");
    g_assert_cmpuint(places.taken(), ==, 3);
    g_assert_false(places.acquire(limits, "b", "1").has_value());
    g_assert_cmpuint(places.taken(), ==, 4);
}

static void a_limit_of_zero_is_none() {
    Places places;
    for (int i = 0; i < 100; i++)
        g_assert_false(places.acquire({}, "a", "1").has_value());
    g_assert_cmpuint(places.taken(), ==, 100);
}

static void threads_never_take_more_places_than_there_are() {
    Places places;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&] {
            for (int j = 0; j < 2000; j++) {
                const bool taken = !places.acquire({3, 0, 0}, "a", "1");
                g_assert_cmpuint(places.taken(), <=, 3);
                if (taken)
                    places.release("a", "1");
            }
        });
    for (auto &thread : threads)
        thread.join();
    g_assert_cmpuint(places.taken(), ==, 0);
}

static void secrets_are_compared_as_a_whole() {
    g_assert_true(equalInConstantTime("secret", "secret"));
    g_assert_false(equalInConstantTime("secret", "secreT"));
    g_assert_false(equalInConstantTime("Secret", "secret"));
    g_assert_false(equalInConstantTime("secret", "secret "));
    g_assert_false(equalInConstantTime("", "secret"));
    g_assert_true(equalInConstantTime("", ""));
}

static void a_secret_comes_from_a_variable_or_a_file_and_is_never_in_the_problem() {
    std::string problem;
    g_setenv("LT_TEST_SECRET", " s3cret\n", TRUE);
    const auto fromVariable = readSecret({"LT_TEST_SECRET", {}}, "token", problem);
    g_assert_cmpstr(fromVariable.value().c_str(), ==, "s3cret");
    g_setenv("LT_TEST_SECRET", " ", TRUE);
    g_assert_false(readSecret({"LT_TEST_SECRET", {}}, "token", problem).has_value());
    g_assert_cmpstr(problem.c_str(), ==, "The token in the environment variable LT_TEST_SECRET is empty.");
    g_unsetenv("LT_TEST_SECRET");
    g_assert_false(readSecret({"LT_TEST_SECRET", {}}, "token", problem).has_value());
    g_assert_cmpstr(problem.c_str(), ==,
                    "The token cannot be read from the environment variable LT_TEST_SECRET.");
    gchar *path = nullptr;
    const gint fd = g_file_open_tmp("secret-XXXXXX", &path, nullptr);
    g_assert_true(g_close(fd, nullptr));
    std::ofstream(path) << "from a file\n";
    const auto fromFile = readSecret({{}, path}, "token", problem);
    g_assert_cmpstr(fromFile.value().c_str(), ==, "from a file");
    g_assert_false(readSecret({"HOME", path}, "token", problem).has_value());
    g_assert_nonnull(std::strstr(problem.c_str(), "one of them"));
    std::ofstream(path) << std::string(100000, 'x');
    g_assert_false(readSecret({{}, path}, "token", problem).has_value());
    g_unlink(path);
    g_free(path);
    g_assert_false(readSecret({{}, "/no/such/file"}, "token", problem).has_value());
}

static Permission permission(const std::variant<Permission, Refusal> &result) {
    if (const auto *refusal = std::get_if<Refusal>(&result))
        g_error("refused: %s", refusal->reason.c_str());
    return std::get<Permission>(result);
}

static std::string refused(const std::variant<Permission, Refusal> &result) {
    g_assert_true(std::holds_alternative<Refusal>(result));
    g_assert_true(std::get<Refusal>(result).code == RefusalCode::Unauthenticated);
    return std::get<Refusal>(result).reason;
}

static void a_static_token_opens_every_session_to_coordinators_too() {
    const TokenCheck open("", ""), check("t0ken", "");
    g_assert_false(open.wanted());
    g_assert_true(permission(open.check("", 0)).allows("demo"));
    g_assert_true(check.wanted());
    const Permission given = permission(check.check("t0ken", 0));
    g_assert_true(given.allows("demo") && given.mayCoordinate && !given.expiresAt);
    refused(check.check("", 0));
    refused(check.check("t0ke", 0));
    refused(check.check("t0ken ", 0));
    refused(check.check(std::string(100000, 'x'), 0));
}

#if HAVE_JWT

namespace {

constexpr std::int64_t kNow = 1767225600;

/// A public key's text, and nobody's private one: what is signed with it as a secret must not pass.
constexpr const char *kPublicKey = "-----BEGIN PUBLIC KEY-----\n"
                                   "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9\n"
                                   "q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==\n"
                                   "-----END PUBLIC KEY-----";

std::string tokenOf(const char *claims, const std::string &key, jwt_alg_t algorithm = JWT_ALG_HS256) {
    jwt_t *jwt = nullptr;
    g_assert_cmpint(jwt_new(&jwt), ==, 0);
    g_assert_cmpint(jwt_add_grants_json(jwt, claims), ==, 0);
    if (algorithm != JWT_ALG_NONE)
        g_assert_cmpint(jwt_set_alg(jwt, algorithm, reinterpret_cast<const unsigned char *>(key.data()),
                                    static_cast<int>(key.size())),
                        ==, 0);
    char *encoded = jwt_encode_str(jwt);
    g_assert_nonnull(encoded);
    std::string token(encoded);
    std::free(encoded);
    jwt_free(jwt);
    return token;
}

} // namespace

static void a_web_token_says_session_role_bearer_and_expiry() {
    const TokenCheck check("", "key");
    const auto result = check.check(
        tokenOf(R"({"session":"demo","role":"coordinator","sub":"ann","exp":1767225601})", "key"), kNow);
    const Permission given = permission(result);
    g_assert_true(given.allows("demo") && !given.allows("other"));
    g_assert_true(given.mayCoordinate);
    g_assert_cmpstr(given.subject.c_str(), ==, "ann");
    g_assert_cmpint(given.expiresAt.value(), ==, 1767225601);
    const auto viewer = check.check(tokenOf(R"({"session":"*","exp":1767225601})", "key"), kNow);
    g_assert_true(permission(viewer).allows("any") && !permission(viewer).mayCoordinate);
}

static void web_tokens_that_lack_a_claim_or_are_out_of_time_are_refused() {
    const TokenCheck check("", "key");
    for (const char *claims :
         {R"({"session":"demo"})", R"({"session":"demo","exp":1767225600})", R"({"exp":1767225601})",
          R"({"session":"demo","exp":"1767225601"})", R"({"session":"no slug","exp":1767225601})",
          R"({"session":["demo"],"exp":1767225601})", R"({"session":"demo","exp":-1})",
          R"({"session":"demo","exp":1767225601,"role":"admin"})",
          R"({"session":"demo","exp":1767225999,"nbf":1767225601})"})
        refused(check.check(tokenOf(claims, "key"), kNow));
}

static void web_tokens_that_are_not_signed_by_the_key_are_refused() {
    const char *claims = R"({"session":"demo","exp":1767225601})";
    const TokenCheck check("", "key");
    const std::string good = tokenOf(claims, "key");
    permission(check.check(good, kNow));
    refused(check.check(tokenOf(claims, "other"), kNow));
    refused(check.check(tokenOf(claims, "", JWT_ALG_NONE), kNow));
    refused(check.check(good.substr(0, good.rfind('.') + 1), kNow));
    for (std::size_t cut = 0; cut < good.size(); cut++)
        refused(check.check(good.substr(0, cut), kNow));
    for (const char *nonsense : {".", "..", "...", "a.b.c", "e30.e30.", "\xff\xfe"})
        refused(check.check(nonsense, kNow));
}

static void a_public_key_is_no_shared_secret() {
    const TokenCheck check("", kPublicKey);
    refused(check.check(tokenOf(R"({"session":"demo","exp":1767225601})", kPublicKey), kNow));
}

#endif

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
#define T(name) g_test_add_func("/admission/" #name, name)
    T(no_window_has_more_events_than_the_limit);
    T(an_event_that_was_refused_does_not_count);
    T(a_limit_of_nothing_admits_everything);
    T(places_are_limited_in_all_per_session_and_per_address);
    T(a_limit_of_zero_is_none);
    T(threads_never_take_more_places_than_there_are);
    T(secrets_are_compared_as_a_whole);
    T(a_secret_comes_from_a_variable_or_a_file_and_is_never_in_the_problem);
    T(a_static_token_opens_every_session_to_coordinators_too);
#if HAVE_JWT
    T(a_web_token_says_session_role_bearer_and_expiry);
    T(web_tokens_that_lack_a_claim_or_are_out_of_time_are_refused);
    T(web_tokens_that_are_not_signed_by_the_key_are_refused);
    T(a_public_key_is_no_shared_secret);
#endif
    return g_test_run();
}
