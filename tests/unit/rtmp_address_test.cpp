// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/stream_address.h"

#include <string>

#include <glib.h>

using namespace lt::rtmp;

namespace {

const Limits kLimits;

std::string route(std::string_view app, std::string_view name) {
    StreamAddress address;
    std::string error;
    if (!StreamAddress::parse(app, name, kLimits, address, error))
        return error.substr(0, error.find(':'));
    std::string text = address.app + " " + address.stream;
    for (const auto &[key, value] : address.query)
        text += " " + key + "=" + value;
    return text;
}

} // namespace

static void all_ways_to_cut_a_url_lead_to_the_same_place() {
    const char *cases[][3] = {
        {"live", "slug", "live slug"},
        {"live", "slug?token=a%2Fb&x=1", "live slug token=a/b x=1"},
        {"live", "slug?token=a/b&x=1", "live slug token=a/b x=1"},
        {"live/slug?token=x", "y", "The address has too many parts"},
        {"live?token=1", "slug", "live slug token=1"},
        {"live/slug", "", "live slug"},
        {"live/slug?token=t", "", "live slug token=t"},
        {"live/", "slug", "live slug"},
        {"/live", "/slug", "live slug"},
        {"live", "slug live=1", "live slug"},
        {"live", "slug?token=t live=1", "live slug token=t"},
        {"live?token=app", "slug?token=name", "live slug token=name token=app"},
        {"", "live/slug", "live slug"},
        {"live", "sl%75g", "live slug"},
        {"live", "slug?a&=b&c=%zz", "live slug a= c=%zz"},
    };
    for (const auto &[app, name, expected] : cases) {
        const auto got = route(app, name);
        g_assert_cmpstr(got.c_str(), ==, expected);
    }
}

static void bad_addresses_are_explained() {
    const char *cases[][3] = {
        {"live", "", "The stream name is missing"},
        {"", "", "The stream name is missing"},
        {"live/a", "b", "The address has too many parts"},
        {"live", "a/b/c", "The address has too many parts"},
        {"live", "..", "The address is not allowed"},
        {"live", "%2e%2e", "The address is not allowed"},
        {"live", "a%2Fb", "The address is not allowed"},
        {"live", "a%00b", "The address is not allowed"},
        {"live", "\xff\xfe", "The address is not allowed"},
        {"live", "sl\nug", "The address is not allowed"},
    };
    for (const auto &[app, name, expected] : cases) {
        const auto got = route(app, name);
        g_assert_cmpstr(got.c_str(), ==, expected);
    }
    g_assert_true(route(std::string(600, 'a'), "b") == "The address is too long.");
    g_assert_true(route("live", std::string(1025, 'a')) == "The address is too long.");
    g_assert_true(route("live", std::string(129, 'a')) == "The address is not allowed");
}

static void a_query_cannot_grow_without_end() {
    std::string name = "slug?";
    for (int i = 0; i < 300; i++)
        name += "a&";
    StreamAddress address;
    std::string error;
    g_assert_true(StreamAddress::parse("live", name, kLimits, address, error));
    g_assert_cmpuint(address.query.size(), ==, 32);
}

static void no_error_repeats_the_query() {
    for (const char *name : {"?token=geheim", "a/b/c?token=geheim", "..?token=geheim"}) {
        StreamAddress address;
        std::string error;
        g_assert_false(StreamAddress::parse("live?key=geheim", name, kLimits, address, error));
        g_assert_true(error.find("geheim") == error.npos);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp/address/same", all_ways_to_cut_a_url_lead_to_the_same_place);
    g_test_add_func("/rtmp/address/bad", bad_addresses_are_explained);
    g_test_add_func("/rtmp/address/query", a_query_cannot_grow_without_end);
    g_test_add_func("/rtmp/address/secret", no_error_repeats_the_query);
    return g_test_run();
}
