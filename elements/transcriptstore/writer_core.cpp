// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/writer_core.h"

#include "lib/metrics/registry.h"

#include <algorithm>
#include <set>
#include <utility>

namespace lt::store {

namespace {

namespace names = metrics::names;

std::string number(std::uint64_t count, const char *what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

/// For a message on the bus: its words are of no use there.
Transcript headOf(const Transcript &transcript) {
    Transcript head = transcript;
    head.words.clear();
    head.findings.clear();
    return head;
}

} // namespace

StoreWriter::Core::Core(std::unique_ptr<Database> database, WriterSettings settings,
                        std::shared_ptr<TimeSource> time)
    : settings_(std::move(settings)),
      time_(std::move(time)),
      patienceCap_(TimePoint::max().time_since_epoch().count()),
      database_(std::move(database)),
      spool_(settings_.spoolFolder, settings_.spoolKey),
      planner_(settings_.policy),
      batchSizes_(metrics::registry().histogram(names::kStoreBatchSize)),
      commitTimes_(metrics::registry().histogram(names::kStoreCommit)),
      retries_(metrics::registry().counter(names::kStoreRetries)),
      spoolSize_(metrics::registry().gauge(names::kStoreSpoolSize)) {}

void StoreWriter::Core::run() {
    {
        // Whoever is first is to hear everything, what is found on disk included.
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !newcomers_.empty() || finishBy_; });
    }
    spool_.adopt();
    countSpool();
    // Not only when something is to be stored: whoever starts it wants to know that the password is wrong.
    if (const Answer answer = connect(); !answer.done())
        failed(answer);
    for (;;) {
        welcomeNewcomers();
        Step step;
        {
            std::unique_lock lock(mutex_);
            const auto settled = settledListeners();
            if (!settled.empty()) {
                lock.unlock();
                for (const auto &listener : settled)
                    if (listener)
                        listener->onSettled();
                continue;
            }
            if (!newcomers_.empty())
                continue;
            const Plan plan = planner_.next(situation(), time_->now());
            step = plan.step;
            if (step == Step::Wait)
                time_->wait(lock, changed_, plan.until);
        }
        if (step == Step::Finish)
            break;
        take(step);
    }
    giveUp();
    database_->disconnect();
    counts.connected = false;
    spoolSize_.add(-static_cast<std::int64_t>(counts.spool)); // it is on disk, but nobody's now
    std::lock_guard lock(mutex_);
    exited_ = true;
    changed_.notify_all();
}

void StoreWriter::Core::take(Step step) {
    switch (step) {
    case Step::Commit:
        commitQueue();
        break;
    case Step::Replay:
        replaySpool();
        break;
    case Step::Spool:
        spoolQueue();
        break;
    case Step::Wait:
    case Step::Finish:
        break;
    }
}

void StoreWriter::Core::popQueue(std::size_t count) {
    std::lock_guard lock(mutex_);
    queue_.pop(count);
}

void StoreWriter::Core::countSpool() {
    const std::size_t size = spool_.size();
    const auto before = counts.spool.exchange(size);
    spoolSize_.add(static_cast<std::int64_t>(size) - static_cast<std::int64_t>(before));
    counts.damagedLines = spool_.damaged();
    counts.tornLines = spool_.torn();
    if (size == 0)
        toldSpooling_ = false;
    std::lock_guard lock(mutex_);
    spooled_ = size;
}

void StoreWriter::Core::commitQueue() {
    std::vector<const QueuedMessage *> first;
    {
        std::lock_guard lock(mutex_);
        first = queue_.front(settings_.policy.maxBatch);
    }
    Batch batch;
    for (const QueuedMessage *queued : first)
        batch.add(makeMessage(valueOf(queued->transcript.get()), queued->client->origin, queued->receivedMs,
                              queued->sequence));
    const Answer answer = write(batch);
    if (!answer.done())
        return failed(answer);
    popQueue(first.size());
    worked(batch);
}

void StoreWriter::Core::replaySpool() {
    Spool::Chunk chunk = spool_.front(settings_.policy.maxBatch);
    if (chunk.lines == 0)
        return failed({Verdict::Unavailable, "The spool in " + spool_.folder() + " cannot be read."});
    Batch batch;
    for (StoredMessage &message : chunk.messages)
        batch.add(std::move(message));
    const Answer answer = batch.empty() ? Answer{} : write(batch);
    if (!answer.done())
        return failed(answer);
    spool_.drop();
    countSpool();
    worked(batch);
}

Answer StoreWriter::Core::writeTimed(std::span<const StoredMessage> messages) {
    const Patience patience(TimePoint::clock::now() + settings_.callTimeout, patienceCap_);
    const auto before = TimePoint::clock::now();
    const Answer answer = database_->store(messages, patience);
    if (answer.done()) {
        const auto took = std::chrono::duration<double, std::micro>(TimePoint::clock::now() - before).count();
        counts.commits++;
        counts.lastBatch = messages.size();
        counts.lastCommitUs = static_cast<std::uint64_t>(took);
        counts.maxCommitUs = std::max(counts.maxCommitUs.load(), counts.lastCommitUs.load());
        commitTimes_.record(took / 1000);
        batchSizes_.record(static_cast<double>(messages.size()));
    }
    return answer;
}

Answer StoreWriter::Core::connect() {
    const Patience patience(TimePoint::clock::now() + settings_.callTimeout, patienceCap_);
    const Answer answer = database_->connect(patience);
    counts.connected = answer.done();
    return answer;
}

Answer StoreWriter::Core::write(const Batch &batch) {
    if (!database_->connected())
        if (Answer answer = connect(); !answer.done())
            return answer;
    const Answer answer = writeTimed(batch.messages());
    return answer.verdict == Verdict::Refused ? writeOneByOne(batch) : answer;
}

/// One message in the batch is not acceptable; the others are not to suffer.
Answer StoreWriter::Core::writeOneByOne(const Batch &batch) {
    for (const StoredMessage &message : batch.messages()) {
        Answer answer = writeTimed({&message, 1});
        if (answer.verdict == Verdict::Refused)
            answer = putAside(message, answer.sentence);
        if (!answer.done())
            return answer; // those that are stored already are replayed without effect
    }
    return {};
}

Answer StoreWriter::Core::putAside(const StoredMessage &message, const std::string &why) {
    std::string error;
    if (!spool_.setAside(message, error))
        return {Verdict::Unavailable, error};
    for (const auto &client : clientsOf(message.origin.session))
        client->counts.refused++;
    StoreNews news{StoreNews::Kind::Refused, "The database refuses a transcript; it is kept in " +
                                                 spool_.folder() + "/" + settings_.spoolKey +
                                                 "-refused.jsonl. " + why};
    news.messages = 1;
    tellSession(message.origin.session, news);
    return {};
}

void StoreWriter::Core::worked(const Batch &batch) {
    everStored_ = true;
    planner_.databaseWorked();
    if (std::exchange(trouble_, std::nullopt))
        tellAll({StoreNews::Kind::Available, "The database takes transcripts again."});
    tellStored(batch);
}

void StoreWriter::Core::failed(const Answer &answer) {
    counts.connected = database_->connected();
    counts.retries++;
    retries_.add();
    // What has worked before is repaired by somebody else; until then it is away like any other.
    const bool hopeless = answer.hopeless() && !everStored_;
    planner_.databaseFailed(time_->now(), std::uniform_real_distribution<>(0, 1)(random_), hopeless);
    const auto kind = hopeless ? StoreNews::Kind::Failed : StoreNews::Kind::Unavailable;
    if (trouble_ && trouble_->kind == kind)
        return;
    trouble_ = StoreNews{kind, answer.sentence, answer.verdict};
    if (!hopeless)
        trouble_->sentence += " Transcripts are kept, and stored when it is back.";
    tellAll(*trouble_);
}

void StoreWriter::Core::welcomeNewcomers() {
    std::vector<std::shared_ptr<StoreClient>> newcomers;
    {
        std::lock_guard lock(mutex_);
        newcomers.swap(newcomers_);
        clients_.insert(clients_.end(), newcomers.begin(), newcomers.end());
    }
    for (const auto &client : newcomers)
        if (trouble_)
            tell(*client, *trouble_);
}

void StoreWriter::Core::spoolQueue() {
    std::vector<const QueuedMessage *> all;
    {
        std::lock_guard lock(mutex_);
        all = queue_.front(queue_.size());
    }
    Batch batch;
    for (const QueuedMessage *queued : all)
        if (valueOf(queued->transcript.get()).isFinal)
            batch.add(makeMessage(valueOf(queued->transcript.get()), queued->client->origin,
                                  queued->receivedMs, queued->sequence));
    std::string error;
    if (!batch.empty() && !spool_.append(batch.messages(), error)) {
        planner_.spoolFailed(time_->now());
        dropLateWaiters();
        if (!std::exchange(toldSpoolFailed_, true))
            tellAll({StoreNews::Kind::SpoolFailed,
                     error + ". Transcripts stay in memory until the disk or the database takes them."});
        return;
    }
    planner_.spoolWorked();
    toldSpoolFailed_ = false;
    for (const QueuedMessage *queued : all)
        (valueOf(queued->transcript.get()).isFinal ? queued->client->counts.spooled
                                                   : queued->client->counts.droppedPartials)++;
    popQueue(all.size());
    countSpool();
    if (!batch.empty() && !std::exchange(toldSpooling_, true)) {
        StoreNews news{StoreNews::Kind::Spooling, "Transcripts go to the spool in " + spool_.folder() +
                                                      " until the database takes them."};
        news.messages = news.finals = batch.size();
        tellAll(news);
    }
}

/// The end: whatever is still in memory now has found no place.
void StoreWriter::Core::giveUp() {
    std::unique_lock lock(mutex_);
    const std::size_t lost = queue_.size();
    queue_.pop(lost);
    lock.unlock();
    if (lost == 0)
        return;
    StoreNews news{StoreNews::Kind::Lost, "Neither the database nor the spool in " + spool_.folder() +
                                              " took " + number(lost, "transcript") + ": lost."};
    news.messages = lost;
    tellAll(news);
}

std::vector<std::shared_ptr<StoreClient>> StoreWriter::Core::clientsOf(const std::string &session) {
    std::vector<std::shared_ptr<StoreClient>> found;
    std::lock_guard lock(mutex_);
    std::copy_if(clients_.begin(), clients_.end(), std::back_inserter(found),
                 [&](const auto &client) { return session.empty() || client->origin.session == session; });
    return found;
}

void StoreWriter::Core::tellSession(const std::string &session, const StoreNews &news) {
    for (const auto &client : clientsOf(session))
        tell(*client, news);
}

void StoreWriter::Core::tell(const StoreClient &client, const StoreNews &news) {
    if (const auto listener = client.listener.lock())
        listener->onStoreNews(news);
}

void StoreWriter::Core::tellAll(const StoreNews &news) {
    tellSession("", news);
}

void StoreWriter::Core::tellStored(const Batch &batch) {
    std::set<std::string> told;
    for (const StoredMessage &first : batch.messages()) {
        const std::string &session = first.origin.session;
        if (!told.insert(session).second)
            continue;
        StoreNews news{StoreNews::Kind::Stored, {}};
        for (const StoredMessage &message : batch.messages()) {
            if (message.origin.session != session)
                continue;
            news.messages++;
            news.finals += message.transcript.isFinal;
            if (message.transcript.isFinal)
                news.last = headOf(message.transcript);
        }
        for (const auto &client : clientsOf(session)) {
            client->counts.stored += news.messages;
            client->counts.storedFinals += news.finals;
        }
        tellSession(session, news);
    }
}

} // namespace lt::store
