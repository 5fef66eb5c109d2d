// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lt::support {

/// `text` spoken by flite, one channel at 16 kHz; empty when there is no flite.
std::vector<std::int16_t> speak(const std::string &text, const std::string &voice = "slt");

/// 16 kHz.
std::vector<std::int16_t> silence(double seconds);

/// `parts` one after the other, each followed by `pause` seconds of silence.
std::vector<std::int16_t> inARow(const std::vector<std::vector<std::int16_t>> &parts, double pause);

/// Sentences of everyday English that flite speaks clearly, without numbers in figures: what word error rates
/// are measured with.
const std::vector<std::string> &plainSentences();

} // namespace lt::support
