// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/amf0.h"

#include "lib/rtmp/byte_order.h"

#include <bit>
#include <utility>

namespace lt::rtmp {

namespace {

enum Marker : std::uint8_t {
    kNumberMarker = 0,
    kBooleanMarker = 1,
    kStringMarker = 2,
    kObjectMarker = 3,
    kNullMarker = 5,
    kUndefinedMarker = 6,
    kEcmaArrayMarker = 8,
    kObjectEndMarker = 9,
    kStrictArrayMarker = 10,
    kDateMarker = 11,
    kLongStringMarker = 12,
    kUnsupportedMarker = 13,
    kXmlMarker = 15,
    kTypedObjectMarker = 16,
};

char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool sameName(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

} // namespace

const AmfValue *AmfValue::member(std::string_view name) const {
    for (const AmfMember &candidate : members) {
        if (sameName(candidate.name, name))
            return &candidate.value;
    }
    return nullptr;
}

std::string_view AmfValue::memberText(std::string_view name) const {
    const auto *value = member(name);
    return value && value->isString() ? std::string_view(value->text) : std::string_view();
}

std::optional<AmfValue> AmfReader::next() {
    if (atEnd() || !error_.empty())
        return std::nullopt;
    AmfValue value;
    if (!read(value, 0))
        return std::nullopt;
    return value;
}

bool AmfReader::fail(std::string_view why) {
    error_ = why;
    return false;
}

bool AmfReader::take(std::size_t count, Bytes &taken) {
    if (rest_.size() < count)
        return fail("AMF value ends too early");
    taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return true;
}

bool AmfReader::readNumber(double &number) {
    Bytes raw;
    if (!take(8, raw))
        return false;
    const auto bits = static_cast<std::uint64_t>(readU32(raw.data())) << 32 | readU32(raw.data() + 4);
    number = std::bit_cast<double>(bits);
    return true;
}

bool AmfReader::readText(std::string &text, int lengthBytes) {
    Bytes raw;
    if (!take(static_cast<std::size_t>(lengthBytes), raw))
        return false;
    const std::size_t length = lengthBytes == 2 ? readU16(raw.data()) : readU32(raw.data());
    if (!take(length, raw))
        return false;
    text.assign(raw.begin(), raw.end());
    return true;
}

bool AmfReader::readMembers(AmfValue &value, unsigned depth) {
    value.kind = AmfValue::Kind::Object;
    for (;;) {
        std::string name;
        if (!readText(name, 2))
            return false;
        if (name.empty() && !rest_.empty() && rest_.front() == kObjectEndMarker) {
            rest_ = rest_.subspan(1);
            return true;
        }
        AmfValue member;
        if (!read(member, depth + 1))
            return false;
        value.members.push_back({std::move(name), std::move(member)});
    }
}

bool AmfReader::readArray(AmfValue &value, unsigned depth) {
    value.kind = AmfValue::Kind::Array;
    Bytes raw;
    if (!take(4, raw))
        return false;
    // The count is the peer's word: nothing is reserved from it, and each item costs at least one byte.
    for (std::uint32_t left = readU32(raw.data()); left > 0; left--) {
        AmfValue item;
        if (!read(item, depth + 1))
            return false;
        value.items.push_back(std::move(item));
    }
    return true;
}

bool AmfReader::read(AmfValue &value, unsigned depth) {
    using Kind = AmfValue::Kind;
    if (depth > limits_.amfDepth)
        return fail("AMF value is nested too deeply");
    if (itemsLeft_ == 0)
        return fail("AMF message has too many values");
    itemsLeft_--;
    Bytes raw;
    if (!take(1, raw))
        return false;
    switch (raw[0]) {
    case kNumberMarker:
        value.kind = Kind::Number;
        return readNumber(value.number);
    case kBooleanMarker:
        value.kind = Kind::Boolean;
        if (!take(1, raw))
            return false;
        value.number = raw[0] != 0;
        return true;
    case kStringMarker:
        value.kind = Kind::String;
        return readText(value.text, 2);
    case kLongStringMarker:
        value.kind = Kind::String;
        return readText(value.text, 4);
    case kXmlMarker:
        value.kind = Kind::Xml;
        return readText(value.text, 4);
    case kTypedObjectMarker: {
        std::string className;
        return readText(className, 2) && readMembers(value, depth);
    }
    case kEcmaArrayMarker: // its count is only a hint: it ends like an object
        return take(4, raw) && readMembers(value, depth);
    case kObjectMarker:
        return readMembers(value, depth);
    case kStrictArrayMarker:
        return readArray(value, depth);
    case kDateMarker: // the time zone is to be ignored
        value.kind = Kind::Date;
        return readNumber(value.number) && take(2, raw);
    case kNullMarker:
        value.kind = Kind::Null;
        return true;
    case kUndefinedMarker:
        value.kind = Kind::Undefined;
        return true;
    case kUnsupportedMarker:
        value.kind = Kind::Unsupported;
        return true;
    default: // references, AMF3: nobody publishes with them, and their length is unknown
        return fail("AMF value of an unknown kind");
    }
}

AmfWriter &AmfWriter::number(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    out_.push_back(kNumberMarker);
    appendBig(out_, static_cast<std::uint32_t>(bits >> 32), 4);
    appendBig(out_, static_cast<std::uint32_t>(bits), 4);
    return *this;
}

AmfWriter &AmfWriter::boolean(bool value) {
    out_.push_back(kBooleanMarker);
    out_.push_back(value ? 1 : 0);
    return *this;
}

AmfWriter &AmfWriter::string(std::string_view value) {
    const bool isLong = value.size() > 0xffff;
    out_.push_back(isLong ? kLongStringMarker : kStringMarker);
    appendBig(out_, static_cast<std::uint32_t>(value.size()), isLong ? 4 : 2);
    out_.insert(out_.end(), value.begin(), value.end());
    return *this;
}

AmfWriter &AmfWriter::null() {
    out_.push_back(kNullMarker);
    return *this;
}

AmfWriter &AmfWriter::undefined() {
    out_.push_back(kUndefinedMarker);
    return *this;
}

AmfWriter &AmfWriter::beginObject() {
    out_.push_back(kObjectMarker);
    return *this;
}

AmfWriter &AmfWriter::key(std::string_view name) {
    name = name.substr(0, 0xffff);
    appendBig(out_, static_cast<std::uint32_t>(name.size()), 2);
    out_.insert(out_.end(), name.begin(), name.end());
    return *this;
}

AmfWriter &AmfWriter::endObject() {
    appendBig(out_, kObjectEndMarker, 3);
    return *this;
}

} // namespace lt::rtmp
