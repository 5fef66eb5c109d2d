// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elements/sphinxtranscriber/decoder.h"
#include "elements/sphinxtranscriber/utterance_cutter.h"
#include "lib/recogniser/audio_backlog.h"
#include "lib/recogniser/audio_timeline.h"
#include "lib/recogniser/recogniser_pads.h"
#include "lib/recogniser/spoken_transcript.h"
#include "lib/recogniser/transcript_queue.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace lt::sphinx {

/// A stream of audio on its way to the decoder, and what the decoder makes of it.
class SphinxStream final : public RecogniserStream {
public:
    struct Settings {
        UtteranceCutter::Settings cutter;
        std::uint64_t maxBacklogNs = 10'000'000'000;
        std::string epoch;    ///< unique for ever
        std::string language; ///< of the model; may be empty
    };
    /// Called on the decoder's thread, without locks.
    struct Callbacks {
        std::function<void(const LostRange &, const std::string &reason)> onGap;
        std::function<void()> onBroken; ///< the decoder gave up; nothing more comes
    };
    struct Stats {
        std::uint64_t blocks = 0;
        std::uint64_t audioNs = 0;  ///< decoded
        std::uint64_t decodeNs = 0; ///< spent on that
        std::uint64_t partials = 0;
        std::uint64_t finals = 0;
        AudioBacklog::Level backlog;
    };

    SphinxStream(const Settings &settings, TranscriptQueue::Writer output, Callbacks callbacks);
    ~SphinxStream() override;
    SphinxStream(const SphinxStream &) = delete;
    SphinxStream &operator=(const SphinxStream &) = delete;

    /// What to do when there is work for the decoder's thread; before anything else.
    void setWake(std::function<void()> wake) { wake_ = std::move(wake); }

    AudioBacklog::Result push(AudioBlock block, AudioBacklog::Policy policy) override;
    void end(std::uint32_t seqnum) override;
    void abort(AudioBacklog::Result result) override;
    AudioBacklog::Level level() const override { return backlog_.level(); }
    /// Any thread.
    Stats stats() const;

    // ---- the decoder's thread
    /// The decoder was reset for this stream.
    void attach(Decoder &decoder);
    /// All there is to do now.
    void work();
    /// There is no decoder.
    void fail();

private:
    struct Instruments;

    bool decode(const AudioBlock &block);
    bool bridge(const AudioBlock &block);
    bool announceLost();
    void finish();
    void broken();
    void onUtterance(Utterance utterance);

    const Settings settings_;
    const TranscriptQueue::Writer output_;
    const Callbacks callbacks_;
    std::function<void()> wake_;
    AudioBacklog backlog_;
    const std::unique_ptr<Instruments> instruments_;

    // The decoder's thread only.
    std::optional<UtteranceCutter> cutter_;
    AudioTimeline timeline_;
    std::vector<std::int16_t> samples_;   // of one block; here only to keep its memory
    std::optional<std::uint64_t> nextNs_; // running time of what follows without a hole
    std::uint64_t gaps_ = 0;
    bool over_ = false;

    std::atomic<bool> aborted_ = false;
    std::atomic<std::uint32_t> endSeqnum_ = 0;

    mutable std::mutex statsMutex_; // guards what is below; taken alone
    Stats stats_;
};

} // namespace lt::sphinx
