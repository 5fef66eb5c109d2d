// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What a value of the service's is worth, whoever has read it: within bounds, or nothing.
namespace lt::gladia {

constexpr std::size_t kMaxId = 128;

/// What is no UTF-8 becomes U+FFFD.
std::string validUtf8(std::string_view text);
/// One line of UTF-8 without white space, of any script, around it.
std::string trimmed(std::string_view raw);
/// Of the session: never negative.
double secondsOf(std::optional<double> value);
/// 0..1; -1: unknown.
double confidenceOf(std::optional<double> value);
int channelOf(std::optional<std::int64_t> value);
/// A code of letters, digits and hyphens; empty when it is none.
std::string languageOf(std::string code);

} // namespace lt::gladia
