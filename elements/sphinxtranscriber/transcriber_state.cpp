// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/sphinxtranscriber/transcriber_state.h"

#include "lib/gst/session_context.h"
#include "lib/transcript/transcript.h"

#include <utility>

GST_DEBUG_CATEGORY_EXTERN(gst_sphinx_transcriber_debug);
#define GST_CAT_DEFAULT gst_sphinx_transcriber_debug

namespace lt::sphinx {

namespace {

std::string uniqueName() {
    const CharPtr uuid(g_uuid_string_random());
    return uuid.get();
}

} // namespace

TranscriberState::TranscriberState(GstSphinxTranscriber *element, GstPad *sinkPad, GstPad *sourcePad)
    : element_(GST_ELEMENT(element)),
      sourcePad_(sourcePad),
      pads_(element_, gst_sphinx_transcriber_debug, sinkPad, sourcePad, callbacks()) {}

// ---- properties

bool TranscriberState::set(guint id, const GValue *value) {
    guint latencyMs = 0;
    {
        std::lock_guard lock(mutex_);
        if (!setProperty(settings_, id, value))
            return false;
        latencyMs = settings_.latencyMs;
    }
    if (isLatency(id))
        pads_.setLatency(latencyMs * GST_MSECOND);
    return true;
}

bool TranscriberState::get(guint id, GValue *value) const {
    if (id == statsId())
        g_value_take_boxed(value, stats().release());
    else if (id == maxObservedDelayId())
        g_value_set_uint(value, static_cast<guint>(pads_.pusher().maxDelayNs() / GST_MSECOND));
    else {
        std::lock_guard lock(mutex_);
        return getProperty(settings_, id, value);
    }
    return true;
}

std::string TranscriberState::session() const {
    std::lock_guard lock(mutex_);
    return settings_.session;
}

StructureRef TranscriberState::stats() const {
    SphinxStream::Stats now;
    const char *model = nullptr;
    {
        std::lock_guard lock(mutex_);
        if (stream_)
            now = stream_->stats();
        model = modelState_;
    }
    const auto ms = [](std::uint64_t ns) -> guint64 {
        return ns / GST_MSECOND;
    };
    const auto number = [](std::uint64_t value) -> guint64 {
        return value;
    };
    return StructureRef(gst_structure_new(
        "sphinxtranscriber-stats", "model", G_TYPE_STRING, model, "chunks", G_TYPE_UINT64, number(now.blocks),
        "audio-ms", G_TYPE_UINT64, ms(now.audioNs), "decode-ms", G_TYPE_UINT64, ms(now.decodeNs),
        "backlog-ms", G_TYPE_UINT64, ms(now.backlog.ns), "dropped-audio-ms", G_TYPE_UINT64,
        ms(now.backlog.droppedNs), "partials", G_TYPE_UINT64, number(now.partials), "finals", G_TYPE_UINT64,
        number(now.finals), "transcripts-pushed", G_TYPE_UINT64, number(pads_.pusher().pushed()),
        "transcripts-dropped", G_TYPE_UINT64, number(pads_.output().dropped()), "late-finals", G_TYPE_UINT64,
        number(pads_.pusher().lateFinals()), "max-observed-delay-ms", G_TYPE_UINT64,
        ms(pads_.pusher().maxDelayNs()), nullptr));
}

// ---- state changes

bool TranscriberState::open() {
    TranscriberSettings settings;
    {
        std::lock_guard lock(mutex_);
        settings = settings_;
    }
    if (!settings.session.empty() && !isSessionSlug(settings.session)) {
        postError(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
                  "The session's name is not 1-128 characters of [A-Za-z0-9_.-].", "");
        return false;
    }
    std::string error;
    auto files = resolveModel(settings.files(), SphinxDecoder::modelRoots(), error);
    if (!files) {
        postError(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND, error, "");
        return false;
    }
    if (settings.session.empty())
        settings.session = resolveSession(element_, sourcePad_);
    else
        announceSession(element_, settings.session);

    streamSettings_ = settings.stream();
    streamSettings_.language = settings.language.empty() && files->standard ? "en" : settings.language;
    {
        std::lock_guard lock(mutex_);
        messages_ =
            std::make_shared<RecogniserMessages>(element_, gst_sphinx_transcriber_debug, settings.session);
    }
    startDecoder({std::move(*files), settings.endpointing});
    auto pads = settings.pads();
    pads.session = settings.session;
    pads_.open(pads);
    return true;
}

/// A model that is loaded, or on its way, is used again.
void TranscriberState::startDecoder(const DecoderConfig &config) {
    if (decoder_ && config_ == config && decoder_->state() != DecoderThread::State::Failed)
        return;
    unload();
    config_ = config;
    {
        std::lock_guard lock(mutex_);
        modelState_ = "loading";
    }
    decoder_ = std::make_unique<DecoderThread>([this, config] {
        auto decoder = load(config);
        std::lock_guard lock(mutex_);
        modelState_ = decoder ? "loaded" : "failed";
        return decoder;
    });
}

std::unique_ptr<Decoder> TranscriberState::load(const DecoderConfig &config) const {
    postProgress(GST_PROGRESS_TYPE_START, "Loading the speech model");
    std::string debug;
    auto decoder = SphinxDecoder::create(config, debug);
    if (decoder) {
        postProgress(GST_PROGRESS_TYPE_COMPLETE, "The speech model is loaded");
        return decoder;
    }
    postProgress(GST_PROGRESS_TYPE_ERROR, "The speech model cannot be loaded");
    const std::string grammar = config.files.grammar;
    postError(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ,
              grammar.empty() ? "PocketSphinx cannot use the acoustic model " + config.files.acousticModel +
                                    " with the dictionary " + config.files.dictionary +
                                    " and the language model " + config.files.languageModel + "."
                              : "PocketSphinx cannot use the grammar " + grammar +
                                    ": it must be valid JSGF, and all its words must be in the dictionary " +
                                    config.files.dictionary + ".",
              debug);
    return nullptr;
}

void TranscriberState::close() {
    pads_.close();
    if (decoder_)
        decoder_->serve(nullptr);
    std::lock_guard lock(mutex_);
    stream_.reset();
    messages_.reset();
}

void TranscriberState::unload() {
    decoder_.reset();
    config_.reset();
    std::lock_guard lock(mutex_);
    modelState_ = "none";
}

// ---- streams

std::shared_ptr<RecogniserStream> TranscriberState::startStream(TranscriptQueue::Writer output) {
    SphinxStream::Settings settings = streamSettings_;
    settings.epoch = uniqueName();
    SphinxStream::Callbacks callbacks;
    callbacks.onGap = [messages = messages()](const LostRange &range, const std::string &reason) {
        messages->postGap(range, reason);
    };
    callbacks.onBroken = [this] {
        postError(GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE, "PocketSphinx cannot decode the audio any more.",
                  "");
    };
    auto stream = std::make_shared<SphinxStream>(settings, std::move(output), std::move(callbacks));
    decoder_->serve(stream);
    std::lock_guard lock(mutex_);
    stream_ = stream;
    return stream;
}

RecogniserPads::Callbacks TranscriberState::callbacks() {
    RecogniserPads::Callbacks callbacks;
    callbacks.startStream = [this](TranscriptQueue::Writer output) {
        return startStream(std::move(output));
    };
    callbacks.onTranscript = [this](GstTranscript *transcript) {
        bool wanted = false;
        {
            std::lock_guard lock(mutex_);
            wanted = settings_.postMessages;
        }
        if (const auto where = wanted ? messages() : nullptr)
            where->postTranscript(transcript);
    };
    callbacks.onLate = [this](std::uint64_t lateFinals) {
        if (const auto where = messages())
            where->postLate(lateFinals, pads_.pusher().maxDelayNs() / GST_MSECOND);
    };
    callbacks.onDelayGrew = [this] {
        g_object_notify_by_pspec(G_OBJECT(element_), maxObservedDelaySpec());
    };
    return callbacks;
}

// ---- messages

std::shared_ptr<RecogniserMessages> TranscriberState::messages() const {
    std::lock_guard lock(mutex_);
    return messages_;
}

void TranscriberState::postError(GQuark domain, gint code, const std::string &text,
                                 const std::string &debug) const {
    gst_element_message_full(element_, GST_MESSAGE_ERROR, domain, code, g_strdup(text.c_str()),
                             debug.empty() ? nullptr : g_strdup(debug.c_str()), __FILE__, GST_FUNCTION,
                             __LINE__);
}

void TranscriberState::postProgress(GstProgressType type, const std::string &text) const {
    GST_INFO_OBJECT(element_, "%s", text.c_str());
    gst_element_post_message(element_,
                             gst_message_new_progress(GST_OBJECT(element_), type, "load", text.c_str()));
}

} // namespace lt::sphinx
