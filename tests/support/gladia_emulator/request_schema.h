// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>
#include <string_view>

namespace lt::emulator {

enum class FieldKind {
    kBool,
    kInteger,    ///< within least … most, or one of `choices`
    kNumber,     ///< within least … most
    kString,     ///< one of `choices` if there are any
    kUrl,        ///< http or https
    kStrings,    ///< array of strings; one of `choices` each, at least `least` of them
    kObject,     ///< with `fields`
    kFreeObject, ///< any JSON object
    kVocabulary,
    kSpelling,
};

/// One documented field of the request. `fallback` is JSON; empty: no default.
struct Field {
    const char *name;
    FieldKind kind;
    const char *fallback = "";
    double least = 0;
    double most = 0;
    std::string_view choices = {}; ///< separated by blanks
    std::span<const Field> fields = {};
    bool required = false;
};

/// The whole body of POST /v2/live.
std::span<const Field> liveRequestFields();

} // namespace lt::emulator
