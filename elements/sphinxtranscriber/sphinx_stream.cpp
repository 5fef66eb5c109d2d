// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/sphinxtranscriber/sphinx_stream.h"

#include "elements/sphinxtranscriber/utterance_transcript.h"
#include "lib/metrics/registry.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace lt::sphinx {

namespace {

constexpr AudioFormat kFormat{Encoding::Pcm, kRate, 1};
/// After so much audio the decoder looks whether it shall stop.
constexpr std::size_t kSliceSamples = kStepSamples * 5;
constexpr const char *kTooSlow = "the machine decodes too slowly";

std::uint64_t monotonicNs() {
    return static_cast<std::uint64_t>(g_get_monotonic_time()) * 1000;
}

} // namespace

/// References into the process's registry: looked up once per stream.
struct SphinxStream::Instruments {
    metrics::Registry &all = metrics::registry();
    metrics::Counter &chunks = all.counter(metrics::names::kAudioChunksSent);
    metrics::Histogram &chunkSize = all.histogram(metrics::names::kAudioChunkSize);
    metrics::Histogram &end = all.histogram(metrics::names::kEndToTranscript);
    metrics::Histogram &endPartial = all.histogram(metrics::names::kEndToTranscriptPartial);
    metrics::Histogram &endFinal = all.histogram(metrics::names::kEndToTranscriptFinal);

    void record(const AudioBlock &block) {
        chunks.add();
        chunkSize.record(static_cast<double>(block.bytes));
    }
    void record(const SpokenTranscript &spoken) {
        const std::uint64_t received = spoken.stamps.received;
        if (spoken.stamps.audio_sent == GST_CLOCK_TIME_NONE)
            return;
        const double ms = static_cast<double>(received - std::min(received, spoken.stamps.audio_sent)) / 1e6;
        end.record(ms);
        (spoken.transcript.isFinal ? endFinal : endPartial).record(ms);
    }
};

SphinxStream::SphinxStream(const Settings &settings, TranscriptQueue::Writer output, Callbacks callbacks)
    : settings_(settings),
      output_(std::move(output)),
      callbacks_(std::move(callbacks)),
      backlog_(settings.maxBacklogNs),
      instruments_(std::make_unique<Instruments>()) {
    timeline_.reset(kFormat);
}

SphinxStream::~SphinxStream() = default;

// ---- streaming thread

AudioBacklog::Result SphinxStream::push(AudioBlock block, AudioBacklog::Policy policy) {
    const auto pushed = backlog_.push(std::move(block), policy);
    if (pushed.result == AudioBacklog::Result::Taken && pushed.wasEmpty)
        wake_();
    return pushed.result;
}

void SphinxStream::end(std::uint32_t seqnum) {
    endSeqnum_ = seqnum;
    backlog_.end();
    wake_();
}

// ---- any thread

void SphinxStream::abort(AudioBacklog::Result result) {
    aborted_ = true;
    backlog_.shut(result);
}

SphinxStream::Stats SphinxStream::stats() const {
    std::lock_guard lock(statsMutex_);
    Stats copy = stats_;
    copy.backlog = backlog_.level();
    return copy;
}

// ---- the decoder's thread

void SphinxStream::attach(Decoder &decoder) {
    cutter_.emplace(decoder, settings_.cutter,
                    [this](Utterance utterance) { onUtterance(std::move(utterance)); });
}

void SphinxStream::work() {
    while (!over_ && !aborted_) {
        if (!announceLost())
            return broken();
        const auto block = backlog_.pop(kFormat);
        if (!block && backlog_.exhausted())
            return finish();
        if (!block)
            return;
        if (!bridge(*block) || !decode(*block))
            return broken();
    }
}

bool SphinxStream::announceLost() {
    const auto lost = backlog_.takeLosses();
    // The words before a gap come before it.
    if (!lost.empty() && !cutter_->finish())
        return false;
    for (const auto &[range, bytes, reason] : lost) {
        output_.push(makeGap(settings_.epoch, ++gaps_, range, kTooSlow, monotonicNs()));
        if (!aborted_)
            callbacks_.onGap(range, kTooSlow);
    }
    return true;
}

/// What is on the two sides of a hole belongs to different utterances.
bool SphinxStream::bridge(const AudioBlock &block) {
    const std::uint64_t expected = nextNs_.value_or(block.runningNs);
    const std::uint64_t jump =
        block.runningNs > expected ? block.runningNs - expected : expected - block.runningNs;
    nextNs_ = block.runningNs + block.durationNs();
    return jump < AudioTimeline::kHoleNs || cutter_->finish();
}

bool SphinxStream::decode(const AudioBlock &block) {
    const BufferMap map(block.buffer.get());
    if (!map.ok())
        return true; // as good as a hole; the next block tells
    const std::uint64_t begun = monotonicNs();
    timeline_.append(block.bytes, block.runningNs, block.enteredNs, begun);
    instruments_->record(block);
    // Aligned, and in the machine's order.
    samples_.resize(block.bytes / sizeof(std::int16_t));
    std::memcpy(samples_.data(), map.data(), block.bytes);
    for (std::int16_t &sample : samples_)
        sample = GINT16_FROM_LE(sample);
    for (std::size_t at = 0; at < samples_.size() && !aborted_; at += kSliceSamples) {
        const std::size_t count = std::min(kSliceSamples, samples_.size() - at);
        if (!cutter_->hear(std::span(samples_).subspan(at, count)))
            return false;
    }
    std::lock_guard lock(statsMutex_);
    stats_.blocks++;
    stats_.audioNs += block.durationNs();
    stats_.decodeNs += monotonicNs() - begun;
    return true;
}

void SphinxStream::finish() {
    if (aborted_)
        return;
    if (!cutter_->finish())
        return broken();
    over_ = true;
    output_.push(EndOfTranscripts{endSeqnum_});
}

void SphinxStream::broken() {
    if (!aborted_)
        callbacks_.onBroken();
    fail();
}

void SphinxStream::fail() {
    over_ = true;
    if (!aborted_)
        backlog_.shut(AudioBacklog::Result::Failed);
    output_.push(EndOfTranscripts{});
}

void SphinxStream::onUtterance(Utterance utterance) {
    SpokenTranscript spoken =
        spokenTranscript(std::move(utterance), timeline_, settings_.epoch, settings_.language, monotonicNs());
    instruments_->record(spoken);
    {
        std::lock_guard lock(statsMutex_);
        (spoken.transcript.isFinal ? stats_.finals : stats_.partials)++;
    }
    output_.push(std::move(spoken));
}

} // namespace lt::sphinx
