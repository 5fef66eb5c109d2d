// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/gladiasink/init_request.h"

#include <optional>
#include <string>

#include <gst/gst.h>

enum GstGladiaSinkTranslationModel {
    GST_GLADIA_SINK_TRANSLATION_MODEL_BASE,
    GST_GLADIA_SINK_TRANSLATION_MODEL_ENHANCED
};

enum GstGladiaSinkSummary {
    GST_GLADIA_SINK_SUMMARY_NONE,
    GST_GLADIA_SINK_SUMMARY_GENERAL,
    GST_GLADIA_SINK_SUMMARY_BULLET_POINTS,
    GST_GLADIA_SINK_SUMMARY_CONCISE
};

namespace lt::gladia {

/// The properties that say what Gladia is to do, as values.
struct RecognitionSettings {
    std::string model;
    std::string languages;
    bool codeSwitching = false;
    double endpointing = 0.3;
    double maxUtterance = 5;
    bool partials = true;
    double speechThreshold = 0.6;
    bool audioEnhancer = false;
    std::string vocabulary;
    double vocabularyIntensity = 0.5;
    std::string spelling;
    std::string translationLanguages;
    int translationModel = GST_GLADIA_SINK_TRANSLATION_MODEL_BASE;
    bool translationMatch = true;
    bool translationLipsync = true;
    bool translationAdapts = true;
    std::string translationContext;
    bool translationInformal = false;
    bool namedEntities = false;
    bool sentiment = false;
    int summary = GST_GLADIA_SINK_SUMMARY_NONE;
    std::string metadata;
    std::string callbackUrl;
    guint callbackEvents = kDefaultCallbackEvents;
};

/// On failure `error` says which text is wrong and how it should look.
std::optional<SessionOptions> sessionOptions(const RecognitionSettings &settings, std::string &error);

/// Ids from kFirstRecognitionId on.
constexpr guint kFirstRecognitionId = 400;
void installRecognition(GObjectClass *klass);
/// True when the property is one of these, and then set. The caller locks.
bool setRecognition(RecognitionSettings &settings, guint id, const GValue *value);
bool getRecognition(const RecognitionSettings &settings, guint id, GValue *value);

} // namespace lt::gladia
