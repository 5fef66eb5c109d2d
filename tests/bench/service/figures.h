// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/bench/latency/speech_plan.h"
#include "tests/bench/latency/stages.h"
#include "tests/bench/service/recogniser.h"

#include <string>
#include <vector>

/// From everybody's logs to the figures of a run. Pure; times are ms.
namespace lt::bench {

struct ServiceFigures {
    std::vector<double>
        firstPcmMs; ///< per session: first audio handed to the encoder → PCM at the recogniser
    std::vector<double> ingestMs; ///< per chunk after the first seconds: handed to the encoder → recogniser
    std::vector<double> broadcastMs; ///< per message and viewer: sent by the recogniser → read by the viewer
    std::vector<double> glassMs;     ///< per final and viewer: last sound handed to the encoder → read
    std::vector<double> lostMs;      ///< per session: audio that never came
    std::vector<std::string> problems; ///< sentences: what is missing or does not fit

    void add(ServiceFigures &&other);
};

/// One session of a run.
ServiceFigures figuresOf(const SpeechPlan &plan, int rate, const PublisherLog &publisher,
                         const HeardSession &heard, const std::vector<std::vector<ViewerMessage>> &viewers);

/// Digits of all utterances in order: what tells sessions apart.
std::string digitsOf(const SpeechPlan &plan);
std::string digitsOf(const HeardSession &heard);

} // namespace lt::bench
