// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/amf0.h"

#include <string>

#include <glib.h>

using namespace lt::rtmp;
using Raw = std::vector<std::uint8_t>;

static const Limits kLimits;

static void what_is_written_reads_back() {
    Raw bytes;
    AmfWriter writer(bytes);
    writer.string("connect").number(1.5).boolean(true).null().undefined();
    writer.beginObject().key("app").string("live").key("n").number(-2).endObject();
    writer.string(std::string(70000, 'x'));
    AmfReader reader(bytes, kLimits);
    g_assert_true(reader.next()->text == "connect");
    g_assert_cmpfloat(reader.next()->number, ==, 1.5);
    g_assert_cmpfloat(reader.next()->number, ==, 1);
    g_assert_true(reader.next()->kind == AmfValue::Kind::Null);
    g_assert_true(reader.next()->kind == AmfValue::Kind::Undefined);
    const auto object = reader.next();
    g_assert_true(object->memberText("app") == "live");
    g_assert_cmpfloat(object->member("n")->number, ==, -2);
    g_assert_cmpuint(reader.next()->text.size(), ==, 70000);
    g_assert_true(reader.atEnd());
    g_assert_false(reader.next().has_value());
    g_assert_true(reader.error().empty());
}

static void every_kind_publishers_send_is_read() {
    const Raw bytes = {
        8,  0, 0, 0,   99, 0,   1,   'a', 5,   0,   0,   9,         // ECMA array that lies about its count
        10, 0, 0, 0,   2,  2,   0,   4,   'O', 'p', 'u', 's', 1, 1, // strict array
        11, 0, 0, 0,   0,  0,   0,   0,   0,   0,   0,              // date
        13,                                                         // unsupported
        15, 0, 0, 0,   1,  'x',                                     // XML
        16, 0, 1, 'T', 0,  1,   'k', 0,   0,   0,   0,   0,   0, 0, 0, 0, 0, 0, 9 // typed object
    };
    AmfReader reader(bytes, kLimits);
    g_assert_true(reader.next()->member("a")->kind == AmfValue::Kind::Null);
    const auto array = reader.next();
    g_assert_cmpuint(array->items.size(), ==, 2);
    g_assert_cmpstr(array->items[0].text.c_str(), ==, "Opus");
    g_assert_true(reader.next()->kind == AmfValue::Kind::Date);
    g_assert_true(reader.next()->kind == AmfValue::Kind::Unsupported);
    g_assert_true(reader.next()->text == "x");
    g_assert_true(reader.next()->member("k")->isNumber());
    g_assert_true(reader.atEnd());
}

static void member_names_are_compared_without_case() {
    Raw bytes;
    AmfWriter(bytes).beginObject().key("tcurl").string("rtmp://h/live").endObject();
    AmfReader reader(bytes, kLimits);
    const auto object = reader.next();
    g_assert_true(object->memberText("tcUrl") == "rtmp://h/live");
    g_assert_true(object->memberText("app").empty());
}

static void values_cut_anywhere_are_refused() {
    Raw bytes;
    AmfWriter(bytes)
        .beginObject()
        .key("a")
        .string("text")
        .key("b")
        .number(1)
        .key("c")
        .boolean(true)
        .endObject();
    for (std::size_t size = 0; size < bytes.size(); size++) {
        AmfReader reader(Bytes(bytes.data(), size), kLimits);
        g_assert_false(reader.next().has_value());
        g_assert_true(size == 0 || !reader.error().empty());
        g_assert_false(reader.next().has_value());
    }
}

static void nesting_is_bounded() {
    Raw objects, arrays;
    for (int i = 0; i < 10000; i++) {
        objects.insert(objects.end(), {3, 0, 1, 'a'});
        arrays.insert(arrays.end(), {10, 0, 0, 0, 1});
    }
    for (const auto &bytes : {objects, arrays}) {
        AmfReader reader(bytes, kLimits);
        g_assert_false(reader.next().has_value());
        g_assert_true(reader.error() == "AMF value is nested too deeply");
    }
}

static void the_number_of_values_is_bounded() {
    Raw bytes = {10, 0xff, 0xff, 0xff, 0xff};
    bytes.resize(100000, 5);
    AmfReader reader(bytes, kLimits);
    g_assert_false(reader.next().has_value());
    g_assert_true(reader.error() == "AMF message has too many values");
}

static void unknown_kinds_are_refused() {
    for (const std::uint8_t marker : {4, 7, 14, 17, 18, 255}) {
        const Raw bytes = {marker, 0, 0, 0, 0};
        AmfReader reader(bytes, kLimits);
        g_assert_false(reader.next().has_value());
        g_assert_false(reader.error().empty());
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rtmp/amf0/round-trip", what_is_written_reads_back);
    g_test_add_func("/rtmp/amf0/kinds", every_kind_publishers_send_is_read);
    g_test_add_func("/rtmp/amf0/case", member_names_are_compared_without_case);
    g_test_add_func("/rtmp/amf0/cut", values_cut_anywhere_are_refused);
    g_test_add_func("/rtmp/amf0/depth", nesting_is_bounded);
    g_test_add_func("/rtmp/amf0/count", the_number_of_values_is_bounded);
    g_test_add_func("/rtmp/amf0/unknown", unknown_kinds_are_refused);
    return g_test_run();
}
