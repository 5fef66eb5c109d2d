// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/sphinxtranscriber/sphinx_decoder.h"

#include "elements/sphinxtranscriber/pocketsphinx_log.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string_view>
#include <utility>

#include <sphinxbase/cmn.h>
#include <sphinxbase/feat.h>

namespace lt::sphinx {

namespace {

constexpr int kFramesPerSecond = 100;

/// PocketSphinx marks silence, noises and the ends of a sentence as words: <sil>, <s>, [NOISE], ++UH++.
bool isWord(std::string_view text) {
    return !text.empty() && text.front() != '<' && text.front() != '[' && !text.starts_with("++") &&
           text != "(NULL)";
}

/// A second pronunciation is written read(2).
std::string spelling(std::string_view text) {
    const auto bracket = text.rfind('(');
    const bool isVariant = bracket != std::string_view::npos && bracket > 0 && text.ends_with(')');
    return std::string(isVariant ? text.substr(0, bracket) : text);
}

} // namespace

std::vector<std::string> SphinxDecoder::modelRoots() {
    std::vector<std::string> roots = {SPHINX_MODEL_DIR};
    // The library knows where it was installed; it names the acoustic model two folders below that.
    const ConfigPtr config(cmd_ln_init(nullptr, ps_args(), TRUE, nullptr));
    if (!config)
        return roots;
    ps_default_search_args(config.get());
    if (const char *model = cmd_ln_str_r(config.get(), "-hmm")) {
        const auto root =
            std::filesystem::path(model).parent_path().parent_path().lexically_normal().string();
        if (root != roots.front())
            roots.push_back(root);
    }
    return roots;
}

SphinxDecoder::ConfigPtr SphinxDecoder::configure(const DecoderConfig &config) {
    const ModelFiles &files = config.files;
    const bool hasGrammar = !files.grammar.empty();
    const std::string silence =
        std::to_string(std::max(1L, std::lround(config.endpointing * kFramesPerSecond)));
    return ConfigPtr(cmd_ln_init(
        nullptr, ps_args(), TRUE, "-hmm", files.acousticModel.c_str(), "-dict", files.dictionary.c_str(),
        hasGrammar ? "-jsgf" : "-lm", (hasGrammar ? files.grammar : files.languageModel).c_str(),
        "-vad_postspeech", silence.c_str(), "-samprate", "16000", "-frate", "100", nullptr));
}

std::unique_ptr<SphinxDecoder> SphinxDecoder::create(const DecoderConfig &config, std::string &error,
                                                     std::uint64_t streamSamples) {
    redirectPocketSphinxLog();
    forgetPocketSphinxErrors();
    const ConfigPtr arguments = configure(config); // the decoder keeps a reference of its own
    DecoderPtr decoder(arguments ? ps_init(arguments.get()) : nullptr);
    std::unique_ptr<SphinxDecoder> made;
    if (decoder)
        made.reset(new SphinxDecoder(std::move(decoder), streamSamples));
    if (!made || !made->reset()) {
        error = pocketSphinxErrors();
        return nullptr;
    }
    return made;
}

SphinxDecoder::SphinxDecoder(DecoderPtr decoder, std::uint64_t streamSamples)
    : decoder_(std::move(decoder)), streamLimit_(streamSamples) {
    if (cmn_t *mean = ps_get_feat(decoder_.get())->cmn_struct) {
        channel_.resize(static_cast<std::size_t>(mean->veclen));
        cmn_live_get(mean, channel_.data());
    }
}

bool SphinxDecoder::startStream() {
    streamStart_ = heard_;
    return ps_start_stream(decoder_.get()) == 0;
}

bool SphinxDecoder::reset() {
    if (std::exchange(begun_, false) && ps_end_utt(decoder_.get()) != 0)
        return false;
    if (!channel_.empty())
        cmn_live_set(ps_get_feat(decoder_.get())->cmn_struct, channel_.data());
    heard_ = 0;
    return startStream();
}

bool SphinxDecoder::begin() {
    if (heard_ - streamStart_ >= streamLimit_ && !startStream())
        return false;
    begun_ = ps_start_utt(decoder_.get()) == 0;
    return begun_;
}

bool SphinxDecoder::hear(std::span<const std::int16_t> samples) {
    const bool spoke = inSpeech();
    heard_ += samples.size();
    if (ps_process_raw(decoder_.get(), samples.data(), samples.size(), FALSE, FALSE) < 0)
        return false;
    // A silence that never ends is an utterance that never ends. One with words in it is the caller's to end.
    if (heard_ - streamStart_ < streamLimit_ || spoke || inSpeech())
        return true;
    return ps_end_utt(decoder_.get()) == 0 && begin();
}

bool SphinxDecoder::inSpeech() const {
    return ps_get_in_speech(decoder_.get()) != 0;
}

Hypothesis SphinxDecoder::soFar() {
    return words(false);
}

bool SphinxDecoder::end(Hypothesis &hypothesis) {
    begun_ = false;
    if (ps_end_utt(decoder_.get()) != 0)
        return false;
    hypothesis = words(true);
    return true;
}

Hypothesis SphinxDecoder::words(bool isFinal) {
    Hypothesis hypothesis;
    // With a grammar a final that does not satisfy it has a segmentation, but no hypothesis.
    if (!ps_get_hyp(decoder_.get(), nullptr))
        return hypothesis;
    const double origin = static_cast<double>(streamStart_) / kRate;
    for (ps_seg_t *segment = ps_seg_iter(decoder_.get()); segment; segment = ps_seg_next(segment)) {
        const char *text = ps_seg_word(segment);
        if (!text || !isWord(text))
            continue;
        int first = 0, last = 0;
        ps_seg_frames(segment, &first, &last);
        HeardWord word;
        word.text = spelling(text);
        word.start = origin + static_cast<double>(first) / kFramesPerSecond;
        word.end = origin + static_cast<double>(last + 1) / kFramesPerSecond;
        if (isFinal) {
            const int posterior = ps_seg_prob(segment, nullptr, nullptr, nullptr);
            word.confidence = std::clamp(logmath_exp(ps_get_logmath(decoder_.get()), posterior), 0.0, 1.0);
        }
        hypothesis.push_back(std::move(word));
    }
    return hypothesis;
}

} // namespace lt::sphinx
