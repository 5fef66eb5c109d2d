// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/sphinxtranscriber/transcriber_settings.h"

#include "lib/recogniser/backpressure.h"

#include <cmath>

namespace lt::sphinx {

namespace {

enum Property : guint {
    PROP_0,
    PROP_MODEL_DIR,
    PROP_DICTIONARY,
    PROP_LANGUAGE_MODEL,
    PROP_GRAMMAR,
    PROP_LANGUAGE,
    PROP_SESSION,
    PROP_ENDPOINTING,
    PROP_MAX_UTTERANCE,
    PROP_PARTIALS,
    PROP_PARTIAL_INTERVAL_MS,
    PROP_MAX_BACKLOG_MS,
    PROP_BACKPRESSURE,
    PROP_LATENCY_MS,
    PROP_LATENESS_MS,
    PROP_POST_MESSAGES,
    PROP_STATS,
    PROP_MAX_OBSERVED_DELAY,
};

constexpr guint kMaxMs = 3600 * 1000;
constexpr std::uint64_t kNsPerMs = 1'000'000;

GParamSpec *maxObservedDelay = nullptr;

/// All settings are read once, when a stream starts.
GParamFlags flags(guint more = GST_PARAM_MUTABLE_READY) {
    return static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | more);
}

constexpr GParamFlags kReadOnly = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

void installText(GObjectClass *klass, guint id, const char *name, const char *nick, const char *blurb) {
    g_object_class_install_property(klass, id, g_param_spec_string(name, nick, blurb, nullptr, flags()));
}

void installMs(GObjectClass *klass, guint id, const char *name, const char *nick, const char *blurb,
               guint least, guint most, guint fallback, guint mutability = GST_PARAM_MUTABLE_READY) {
    g_object_class_install_property(
        klass, id, g_param_spec_uint(name, nick, blurb, least, most, fallback, flags(mutability)));
}

void installSeconds(GObjectClass *klass, guint id, const char *name, const char *nick, const char *blurb,
                    double least, double most, double fallback) {
    g_object_class_install_property(klass, id,
                                    g_param_spec_double(name, nick, blurb, least, most, fallback, flags()));
}

void installFlag(GObjectClass *klass, guint id, const char *name, const char *nick, const char *blurb,
                 bool fallback) {
    g_object_class_install_property(klass, id, g_param_spec_boolean(name, nick, blurb, fallback, flags()));
}

void installModel(GObjectClass *klass) {
    installText(klass, PROP_MODEL_DIR, "model-dir", "Acoustic model",
                "Directory of the acoustic model, the one with the file mdef; unset: the English one of the "
                "Debian package pocketsphinx-en-us");
    installText(klass, PROP_DICTIONARY, "dictionary", "Dictionary",
                "File with the pronunciation of each word; unset: the English one of pocketsphinx-en-us");
    installText(klass, PROP_LANGUAGE_MODEL, "language-model", "Language model",
                "File with the probabilities of word sequences, ARPA or binary; unset: the English one of "
                "pocketsphinx-en-us; not used with a grammar");
    installText(klass, PROP_GRAMMAR, "grammar", "Grammar",
                "JSGF file that says which sentences there are; nothing else is heard then, and much better; "
                "unset: a language model is used");
    installText(klass, PROP_LANGUAGE, "language", "Language",
                "Language code that the transcripts carry; unset: en with the default acoustic model, else "
                "none");
    installText(
        klass, PROP_SESSION, "session", "Session",
        "Name of the live session, 1-128 of [A-Za-z0-9_.-]; unset: that of the pipeline, found through "
        "the context livetranscript.session, else default");
}

void installRecognition(GObjectClass *klass) {
    installSeconds(klass, PROP_ENDPOINTING, "endpointing", "Endpointing",
                   "Silence that ends an utterance, seconds", 0.1, 10, 0.5);
    installSeconds(klass, PROP_MAX_UTTERANCE, "max-utterance", "Longest utterance",
                   "Length at which an utterance ends without silence, seconds", 2, 60, 10);
    installFlag(klass, PROP_PARTIALS, "partials", "Partials",
                "Deliver provisional transcripts while an utterance lasts", true);
    installMs(klass, PROP_PARTIAL_INTERVAL_MS, "partial-interval-ms", "Interval of partials",
              "At most one partial per so much audio, and only when its words have changed, milliseconds", 10,
              60000, 250);
}

void installFlow(GObjectClass *klass) {
    installMs(klass, PROP_MAX_BACKLOG_MS, "max-backlog-ms", "Backlog",
              "Audio kept while the model loads or the processor is busy, milliseconds", 100, 120000, 10000);
    g_object_class_install_property(
        klass, PROP_BACKPRESSURE,
        g_param_spec_enum(
            "backpressure", "Backpressure",
            "What a full backlog does: auto drops the oldest audio when the pipeline and all its "
            "sources are live, else blocks",
            backpressureType(), GST_TRANSCRIPT_BACKPRESSURE_AUTO, flags()));
    installMs(klass, PROP_LATENCY_MS, "latency-ms", "Latency",
              "Text output only: how long after its audio a caption may come and still be in sync, "
              "milliseconds; added to the pipeline's latency",
              0, kMaxMs, 12000, GST_PARAM_MUTABLE_PLAYING);
    installMs(klass, PROP_LATENESS_MS, "lateness-ms", "Lateness",
              "Text output only: how much later than its audio a caption is shown, milliseconds; costs sync "
              "instead of latency",
              0, kMaxMs, 0);
    installFlag(klass, PROP_POST_MESSAGES, "post-messages", "Post messages",
                "Also post each transcript as an element message sphinxtranscriber/transcript", false);
    g_object_class_install_property(
        klass, PROP_STATS,
        g_param_spec_boxed("stats", "Statistics",
                           "State of the model, audio decoded, waiting, lost, the processor's time, and "
                           "transcripts so far",
                           GST_TYPE_STRUCTURE, kReadOnly));
    maxObservedDelay = g_param_spec_uint(
        "max-observed-delay", "Largest delay",
        "Longest time from the start of an utterance to its final, milliseconds of running time; notifies", 0,
        G_MAXUINT, 0, kReadOnly);
    g_object_class_install_property(klass, PROP_MAX_OBSERVED_DELAY, maxObservedDelay);
}

std::string *textOf(TranscriberSettings &settings, guint id) {
    switch (id) {
    case PROP_MODEL_DIR:
        return &settings.modelDir;
    case PROP_DICTIONARY:
        return &settings.dictionary;
    case PROP_LANGUAGE_MODEL:
        return &settings.languageModel;
    case PROP_GRAMMAR:
        return &settings.grammar;
    case PROP_LANGUAGE:
        return &settings.language;
    case PROP_SESSION:
        return &settings.session;
    default:
        return nullptr;
    }
}

guint *numberOf(TranscriberSettings &settings, guint id) {
    switch (id) {
    case PROP_PARTIAL_INTERVAL_MS:
        return &settings.partialIntervalMs;
    case PROP_MAX_BACKLOG_MS:
        return &settings.maxBacklogMs;
    case PROP_LATENCY_MS:
        return &settings.latencyMs;
    case PROP_LATENESS_MS:
        return &settings.latenessMs;
    default:
        return nullptr;
    }
}

/// Viewers see it: its words are to be taken with care.
constexpr const char *kRecogniser = "offline recogniser (PocketSphinx)";

std::uint64_t samplesOf(double seconds) {
    return static_cast<std::uint64_t>(std::llround(seconds * kRate));
}

} // namespace

RecogniserPads::Settings TranscriberSettings::pads() const {
    RecogniserPads::Settings pads;
    pads.times.latencyNs = latencyMs * kNsPerMs;
    pads.times.latenessNs = latenessMs * kNsPerMs;
    // An utterance arrives at the latest when it ended, was followed by silence, and all that waited was
    // decoded.
    const double speech = (maxUtterance + endpointing) * static_cast<double>(GST_SECOND);
    pads.times.jsonLagNs = static_cast<std::uint64_t>(speech) + maxBacklogMs * kNsPerMs;
    pads.backpressure = backpressure;
    pads.recogniser = kRecogniser;
    return pads;
}

SphinxStream::Settings TranscriberSettings::stream() const {
    SphinxStream::Settings stream;
    stream.cutter.partials = partials;
    stream.cutter.partialSamples = std::uint64_t{partialIntervalMs} * kRate / 1000;
    stream.cutter.utteranceSamples = samplesOf(maxUtterance);
    stream.maxBacklogNs = maxBacklogMs * kNsPerMs;
    return stream;
}

ModelFiles TranscriberSettings::files() const {
    ModelFiles files;
    files.acousticModel = modelDir;
    files.dictionary = dictionary;
    files.languageModel = languageModel;
    files.grammar = grammar;
    return files;
}

void installProperties(GObjectClass *klass) {
    installModel(klass);
    installRecognition(klass);
    installFlow(klass);
}

bool setProperty(TranscriberSettings &settings, guint id, const GValue *value) {
    if (std::string *text = textOf(settings, id)) {
        const gchar *string = g_value_get_string(value);
        *text = string ? string : "";
    } else if (guint *number = numberOf(settings, id))
        *number = g_value_get_uint(value);
    else if (id == PROP_PARTIALS)
        settings.partials = g_value_get_boolean(value);
    else if (id == PROP_POST_MESSAGES)
        settings.postMessages = g_value_get_boolean(value);
    else if (id == PROP_ENDPOINTING)
        settings.endpointing = g_value_get_double(value);
    else if (id == PROP_MAX_UTTERANCE)
        settings.maxUtterance = g_value_get_double(value);
    else if (id == PROP_BACKPRESSURE)
        settings.backpressure = static_cast<GstTranscriptBackpressure>(g_value_get_enum(value));
    else
        return false;
    return true;
}

bool getProperty(const TranscriberSettings &settings, guint id, GValue *value) {
    auto &fields = const_cast<TranscriberSettings &>(settings); // the look-ups above serve both ways
    if (const std::string *text = textOf(fields, id))
        g_value_set_string(value, text->empty() ? nullptr : text->c_str());
    else if (const guint *number = numberOf(fields, id))
        g_value_set_uint(value, *number);
    else if (id == PROP_PARTIALS)
        g_value_set_boolean(value, settings.partials);
    else if (id == PROP_POST_MESSAGES)
        g_value_set_boolean(value, settings.postMessages);
    else if (id == PROP_ENDPOINTING)
        g_value_set_double(value, settings.endpointing);
    else if (id == PROP_MAX_UTTERANCE)
        g_value_set_double(value, settings.maxUtterance);
    else if (id == PROP_BACKPRESSURE)
        g_value_set_enum(value, settings.backpressure);
    else
        return false;
    return true;
}

bool isLatency(guint id) {
    return id == PROP_LATENCY_MS;
}

guint statsId() {
    return PROP_STATS;
}

guint maxObservedDelayId() {
    return PROP_MAX_OBSERVED_DELAY;
}

GParamSpec *maxObservedDelaySpec() {
    return maxObservedDelay;
}

} // namespace lt::sphinx
