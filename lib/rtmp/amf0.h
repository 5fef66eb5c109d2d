// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/rtmp/message.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lt::rtmp {

struct AmfMember;

/// One AMF0 value. An ECMA array and a typed object read like an object: their elements are `members`.
struct AmfValue {
    enum class Kind { Number, Boolean, String, Object, Null, Undefined, Array, Date, Xml, Unsupported };

    Kind kind = Kind::Null;
    double number = 0; ///< of Number, Date (ms since 1970) and Boolean (0 or 1)
    std::string text;  ///< of String and Xml; any bytes
    std::vector<AmfMember> members;
    std::vector<AmfValue> items;

    bool isString() const { return kind == Kind::String; }
    bool isNumber() const { return kind == Kind::Number; }
    bool isObject() const { return kind == Kind::Object; }
    /// The member of that name, letters compared without case (some encoders write "tcurl"), or null.
    const AmfValue *member(std::string_view name) const;
    /// The text of a string member, else "".
    std::string_view memberText(std::string_view name) const;
};

struct AmfMember {
    std::string name;
    AmfValue value;
};

/// Reads a run of AMF0 values. Depth and the number of values are bounded, memory by the bytes given.
class AmfReader {
public:
    AmfReader(Bytes bytes, const Limits &limits)
        : rest_(bytes), limits_(limits), itemsLeft_(limits.amfItems) {}

    bool atEnd() const { return rest_.empty(); }
    /// Nothing at the end of the bytes, and nothing ever again after bytes that cannot be read.
    std::optional<AmfValue> next();
    /// Why reading stopped; empty while all is well.
    std::string_view error() const { return error_; }

private:
    bool read(AmfValue &value, unsigned depth);
    bool readMembers(AmfValue &value, unsigned depth);
    bool readArray(AmfValue &value, unsigned depth);
    bool readNumber(double &number);
    bool readText(std::string &text, int lengthBytes);
    bool take(std::size_t count, Bytes &taken);
    bool fail(std::string_view why);

    Bytes rest_;
    const Limits &limits_;
    unsigned itemsLeft_;
    std::string_view error_;
};

/// Appends AMF0 values.
class AmfWriter {
public:
    explicit AmfWriter(std::vector<std::uint8_t> &out) : out_(out) {}

    AmfWriter &number(double value);
    AmfWriter &boolean(bool value);
    AmfWriter &string(std::string_view value);
    AmfWriter &null();
    AmfWriter &undefined();
    AmfWriter &beginObject();
    /// The name of the object's next value; at most 65535 bytes are kept.
    AmfWriter &key(std::string_view name);
    AmfWriter &endObject();

private:
    std::vector<std::uint8_t> &out_;
};

} // namespace lt::rtmp
