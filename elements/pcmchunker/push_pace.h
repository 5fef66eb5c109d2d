// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>

namespace lt::chunker {

/// Whether downstream takes chunks so quickly that whoever brings the audio can push them without being held
/// up. It has to be seen to: one slow push, and several quick ones in a row are needed again.
class PushPace {
public:
    /// A fraction of the time between two frames of an AAC decoder.
    static constexpr std::chrono::milliseconds kQuick{5};
    static constexpr unsigned kTrials = 8;

    void pushed(std::chrono::nanoseconds took) { quickOnes_ = took > kQuick ? 0 : quickOnes_ + !quick(); }
    void reset() { quickOnes_ = 0; }
    bool quick() const { return quickOnes_ >= kTrials; }

private:
    unsigned quickOnes_ = 0;
};

} // namespace lt::chunker
