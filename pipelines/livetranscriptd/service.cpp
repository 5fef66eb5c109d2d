// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/service.h"

#include "lib/gst/refs.h"
#include "pipelines/livetranscriptd/description.h"
#include "pipelines/livetranscriptd/doors.h"
#include "pipelines/livetranscriptd/log_line.h"

#include <utility>

namespace lt::service {

namespace {

/// Of the time for a shutdown: what sendWaitingAway() may take.
constexpr std::chrono::milliseconds kGoodbye{2000};
constexpr const char *kInstalledDescription = LT_PIPELINES_DIR "/session.launch";

SupervisorLimits limitsOf(const Settings &settings) {
    SupervisorLimits limits;
    if (settings.text(Setting::Stt) == "gladia")
        limits.recogniserPlaces = static_cast<std::size_t>(settings.number(Setting::GladiaMaxSessions));
    else
        limits.recogniserPlaces = static_cast<std::size_t>(settings.number(Setting::MaxStreams));
    limits.shutdownTimeout = std::chrono::milliseconds(settings.number(Setting::ShutdownTimeoutMs));
    limits.publisherTimeout = std::chrono::seconds(settings.number(Setting::GracePeriod)) +
                              std::chrono::seconds(5); // a publisher that waits is taken within 5 s
    limits.idleTimeout = std::chrono::seconds(settings.number(Setting::IdleTimeout));
    return limits;
}

/// One stream of each session.
PlaceLimits sessionLimits(const Settings &settings) {
    return {static_cast<std::size_t>(settings.number(Setting::MaxStreams)), 1, 0};
}

std::string readDescription(const Settings &settings, std::string &problem) {
    const auto &chosen = settings.text(Setting::Pipeline);
    gchar *contents = nullptr;
    ErrorOut error;
    if (!g_file_get_contents(chosen.empty() ? kInstalledDescription : chosen.c_str(), &contents, nullptr,
                             error.out()))
        problem = std::string("no description of a session's pipeline: ") + error.message();
    const CharPtr text(contents);
    return text ? text.get() : "";
}

/// What a description may use.
Variables variablesOf(const Settings &settings, std::uint16_t rtmpPort, std::uint16_t viewerPort) {
    Variables variables;
    for (const SettingSpec &spec : settingSpecs())
        if (spec.kind != SettingKind::Secret)
            variables[spec.name] = settings.text(spec.id);
    variables["recogniser"] = settings.text(Setting::Stt) == "local" ? "sphinxtranscriber" : "gladiasink";
    variables["GRACE_MS"] = std::to_string(settings.number(Setting::GracePeriod) * 1000);
    variables["PORT"] = std::to_string(viewerPort); // not 0
    variables["RTMP_PORT"] = std::to_string(rtmpPort);
    variables["publisher_door"] = publisherDoorProperties(settings, rtmpPort);
    variables["viewer_door"] = viewerDoorProperties(settings, viewerPort);
    return variables;
}

/// One that makes a pipeline, as far as that can be said without starting it.
std::string checkedDescription(const Settings &settings, std::string &problem) {
    auto description = readDescription(settings, problem);
    if (!problem.empty())
        return {};
    auto variables = variablesOf(settings, 0, 0);
    variables["session"] = "check";
    const auto trial = expandDescription(description, variables);
    ErrorOut error;
    if (!trial.problem.empty())
        problem = "the description of a session's pipeline is wrong: " + trial.problem;
    else if (const ObjectRef<GstElement> made(gst_parse_launch_full(
                 trial.text.c_str(), nullptr,
                 static_cast<GstParseFlags>(GST_PARSE_FLAG_FATAL_ERRORS | GST_PARSE_FLAG_PLACE_IN_BIN),
                 error.out()));
             !made)
        problem = std::string("the description of a session's pipeline is wrong: ") + error.message();
    return description;
}

} // namespace

/// Lets publishers in; on the RTMP server's thread.
class Service::Door : public rtmp::PublishDoor {
public:
    using Begin = std::function<void(const std::string &session, StreamPassRef pass)>;
    /// `tokens` is null where everybody may publish.
    Door(std::string app, std::shared_ptr<rtmp::PublishDoor> tokens, std::shared_ptr<StreamGuard> guard,
         Begin begin)
        : app_(std::move(app)),
          tokens_(std::move(tokens)),
          guard_(std::move(guard)),
          begin_(std::move(begin)) {}

    std::optional<Refusal> admit(const rtmp::PublishAttempt &attempt) override {
        if (attempt.address.app != app_)
            return Refusal{RefusalCode::InvalidArgument, "Publish to /" + app_ + "/SESSION."};
        if (tokens_)
            if (auto refusal = tokens_->admit(attempt))
                return refusal;
        const auto entry = guard_->admitStream(attempt.address.stream);
        if (const auto *pass = std::get_if<StreamPassRef>(&entry)) {
            begin_(attempt.address.stream, *pass);
            return std::nullopt;
        }
        const auto &denied = std::get<StreamGuard::Denied>(entry);
        if (denied.why == StreamGuard::Why::Session)
            return std::nullopt; // its own publisher may be coming back: the stream decides
        return denied.refusal;
    }

private:
    const std::string app_;
    const std::shared_ptr<rtmp::PublishDoor> tokens_;
    const std::shared_ptr<StreamGuard> guard_;
    const Begin begin_;
};

std::unique_ptr<Service> Service::open(const Settings &settings, std::shared_ptr<net::EventLoop> loop,
                                       std::string &problem) {
    auto description = checkedDescription(settings, problem);
    if (!problem.empty())
        return nullptr;
    std::unique_ptr<Service> service(new Service(settings, std::move(description), std::move(loop)));
    return service->openPorts(problem) ? std::move(service) : nullptr;
}

Service::Service(const Settings &settings, std::string description, std::shared_ptr<net::EventLoop> loop)
    : settings_(settings),
      description_(std::move(description)),
      loop_(std::move(loop)),
      guard_(std::make_shared<StreamGuard>(sessionLimits(settings), "sessions")) {
    board_->setLimit(static_cast<std::size_t>(settings_.number(Setting::MaxStreams)));
    loop_->runSync([this] {
        heap_ = std::make_unique<Heap>(loop_);
        supervisor_ = std::make_unique<Supervisor>(loop_, limitsOf(settings_), *this);
    });
}

bool Service::openPorts(std::string &problem) {
    const auto &host = settings_.text(Setting::Host);
    std::shared_ptr<rtmp::PublishDoor> tokens;
    if (const auto wanted = publisherTokens(settings_);
        wanted.set() && !(tokens = rtmp::makeTokenDoor(wanted, problem)))
        return false;
    broadcast::AttachError attachError;
    viewers_ =
        broadcast::BroadcastServer::open(host, static_cast<std::uint16_t>(settings_.number(Setting::Port)),
                                         viewerAccess(settings_), attachError);
    net::ListenError listenError;
    if (viewers_)
        publishers_ =
            rtmp::RtmpServer::acquire(host, static_cast<std::uint16_t>(settings_.number(Setting::RtmpPort)),
                                      listenError, {}, publisherTls(settings_));
    if (!publishers_) {
        problem = viewers_ ? listenError.sentence : attachError.sentence;
        return false;
    }
    viewers_->setOverview(board_);
    viewers_->setWaitingRoom(waitingRoom(settings_));
    publishers_->setDoor(std::make_shared<Door>(settings_.text(Setting::RtmpApp), std::move(tokens), guard_,
                                                [this](const std::string &session, StreamPassRef pass) {
                                                    loop_->post([this, session, pass = std::move(pass)] {
                                                        passes_[session] = pass;
                                                        if (!supervisor_->begin(session))
                                                            sessionOver(session);
                                                    });
                                                }));
    return true;
}

Service::~Service() {
    if (publishers_)
        publishers_->setDoor(nullptr); // no publisher begins a session any more
    loop_->runSync([this] {
        supervisor_.reset();
        heap_.reset();
    });
}

void Service::reload(const Settings &settings) {
    std::string problem;
    auto description = checkedDescription(settings, problem);
    if (!problem.empty())
        return logLine("reload-refused", {{"reason", problem}});
    std::vector<std::string> kept;
    settings_ = settings.reloadedInto(settings_, kept);
    for (const auto &name : kept)
        logLine("reload-ignored", {{"setting", name}, {"detail", "holds until the service is restarted"}});
    description_ = std::move(description);
    board_->setLimit(static_cast<std::size_t>(settings_.number(Setting::MaxStreams)));
    guard_->setLimits(sessionLimits(settings_));
    viewers_->setWaitingRoom(waitingRoom(settings_));
    supervisor_->setLimits(limitsOf(settings_));
    tellStatus();
    logLine("reloaded", {});
}

void Service::shutDown(std::chrono::milliseconds grace, std::function<void()> done) {
    guard_->close("The server is shutting down.");
    board_->close("draining");
    viewers_->announceShutDown();
    auto limits = limitsOf(settings_);
    limits.drainTimeout = std::max(grace - limits.shutdownTimeout - kGoodbye, std::chrono::milliseconds(0));
    supervisor_->setLimits(limits);
    supervisor_->endAll(std::move(done));
}

std::string Service::describe(const std::string &session, std::string &problem) {
    auto variables = variablesOf(settings_, rtmpPort(), viewerPort());
    variables["session"] = session;
    auto expansion = expandDescription(description_, variables);
    problem = std::move(expansion.problem);
    return std::move(expansion.text);
}

void Service::sessionEvent(const std::string &session, const std::string &event, const std::string &detail) {
    board_->count(event);
    if (event == "stuck")
        board_->setStuck(supervisor_->stuck());
    logLine(event, {{"session", session}, {"detail", detail}});
}

void Service::setStatusListener(std::function<void(const std::string &)> listener) {
    loop_->runSync([&] {
        statusListener_ = std::move(listener);
        tellStatus();
    });
}

void Service::tellStatus() {
    if (statusListener_)
        statusListener_(board_->summary());
}

void Service::sessionChanged(const SessionReport &report) {
    board_->put(report);
    tellStatus();
}

void Service::sessionWaits(const std::string &session, bool waits) {
    viewers_->setQueued(session, waits);
}

void Service::sessionOver(const std::string &session) {
    board_->remove(session);
    tellStatus();
    passes_.erase(session);
    heap_->sessionOver();
    if (supervisor_->stuck() < Supervisor::kMaxStuck || std::exchange(alarmed_, true))
        return;
    guard_->close("This server takes no more sessions: it needs its operator.");
    board_->close("no more sessions");
    logLine("alarm", {{"detail", std::to_string(supervisor_->stuck()) +
                                     " pipelines hang: no more sessions are taken, restart the service"}});
}

} // namespace lt::service
