// SPDX-License-Identifier: LGPL-2.1-or-later
// Sessions that begin and end, and services that are killed: nothing is left behind. LT_SERVICE_CYCLES says
// how many sessions; else it is 200 where the database is a file, few where it is a server, or under a
// sanitizer.
#include "tests/service/running_service.h"
#include "tests/support/dtmf_tone.h"
#include "tests/support/live_publisher.h"
#include "tests/support/old_rule_viewer.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/rtmp_publisher.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <functional>

#include <glib.h>

using namespace lt::support;
using namespace lt::service::test;

namespace {

constexpr unsigned kWarmUp = 10, kCycles = 40, kMany = 200;

#ifdef __SANITIZE_ADDRESS__
constexpr bool kMeasuresMemory = false; // what is freed stays in quarantine
#else
constexpr bool kMeasuresMemory = true;
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr unsigned kCheapCycles = kCycles; // they are not cheap
#else
constexpr unsigned kCheapCycles = kMany; // an eighth of a second each
#endif

bool hasPostgresql = false; // this build

unsigned wantedCycles(unsigned usual) {
    const char *wanted = g_getenv("LT_SERVICE_CYCLES");
    return wanted ? static_cast<unsigned>(g_ascii_strtoull(wanted, nullptr, 10)) : usual;
}

/// How many of the process's descriptors are of a file whose name begins so.
std::size_t descriptorsOf(pid_t process, const std::string &path) {
    std::size_t count = 0;
    std::error_code error;
    for (const auto &entry :
         std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/fd", error))
        count += std::filesystem::read_symlink(entry, error).string().starts_with(path);
    return count;
}

/// How many connections the service has to its database, or descriptors of its file.
using Connections = std::function<double(const RunningService &)>;

struct Usage {
    double descriptors, threads, database, megabytes;

    static Usage of(const RunningService &service, const Connections &connections) {
        return {service.metric("process.open_fds"), service.metric("process.threads"), connections(service),
                service.metric("process.resident_bytes") / (1024 * 1024)};
    }
    bool atMost(const Usage &other) const {
        return descriptors <= other.descriptors && threads <= other.threads && database <= other.database;
    }
    bool sameAs(const Usage &other) const { return atMost(other) && other.atMost(*this); }
    std::string text() const {
        gchar *line = g_strdup_printf("%.0f descriptors, %.0f threads, %.0f on the database, %.1f MiB",
                                      descriptors, threads, database, megabytes);
        std::string copy = line;
        g_free(line);
        return copy;
    }
};

/// Per step, by least squares.
double slopeOf(const std::vector<double> &values) {
    const auto n = static_cast<double>(values.size());
    double sumX = 0, sumY = 0, sumXY = 0, sumXX = 0;
    for (std::size_t i = 0; i < values.size(); i++) {
        const auto x = static_cast<double>(i);
        sumX += x;
        sumY += values[i];
        sumXY += x * values[i];
        sumXX += x * x;
    }
    return (n * sumXY - sumX * sumY) / (n * sumXX - sumX * sumX);
}

/// A publisher that comes, is heard for a second of audio, and goes: politely, or not.
void cycle(RunningService &service, unsigned number) {
    const auto session = "cycle-" + std::to_string(number);
    {
        RtmpPublisher publisher(static_cast<std::uint16_t>(service.rtmpPort()));
        g_assert_true(publisher.publish("live", session).accepted);
        publisher.sendConfig();
        publisher.sendFrames(40);
        OldRuleViewer viewer(service.port(), session);
        if (number % 4 == 3)
            publisher.drop();
        else
            publisher.unpublish();
        service.waitFor("event=over session=" + session + "\n");
    }
}

void letSessionsComeAndGo(unsigned cycles, const std::string &database, const Connections &connections) {
    RunningService service({"DATABASE_URL=" + database, "BACKPRESSURE_GRACE_PERIOD=0"});
    unsigned number = 0;
    while (number < kWarmUp)
        cycle(service, number++);
    // What ends with a session ends a moment after the session is said to be over: once the figures stand
    // still it has.
    const auto quiet = [&] {
        const gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
        Usage last = Usage::of(service, connections);
        for (int still = 0; still < 10 && g_get_monotonic_time() < deadline;) {
            g_usleep(50000); // there is no event to wait for
            const Usage now = Usage::of(service, connections);
            still = now.sameAs(last) ? still + 1 : 0;
            last = now;
        }
        return last;
    };
    const Usage before = quiet();
    std::vector<double> memory;
    for (const unsigned end = number + wantedCycles(cycles); number < end; number++) {
        cycle(service, number);
        memory.push_back(service.metric("process.resident_bytes") / 1024);
    }
    const Usage after = quiet();
    g_test_message("before: %s", before.text().c_str());
    g_test_message("after %zu sessions: %s", memory.size(), after.text().c_str());
    const double slope =
        slopeOf({memory.begin() + static_cast<std::ptrdiff_t>(memory.size() / 4), memory.end()});
    g_test_message("memory grows by %.1f KiB a session", slope);
    if (!after.atMost(before))
        g_error("left behind: %s instead of %s", after.text().c_str(), before.text().c_str());
    // Few sessions show no more than whether one of them stays: that would be megabytes.
    if (kMeasuresMemory && memory.size() >= kCycles)
        g_assert_cmpfloat(slope, <, memory.size() < kMany ? 512 : 64);
    g_assert_cmpfloat(service.metric("service.sessions"), ==, 0);
    g_assert_cmpint(service.end(), ==, 0);
}

void sessions_that_have_ended_leave_nothing_behind() {
    const TemporaryDirectory directory;
    const auto database = directory.file("captions.sqlite");
    letSessionsComeAndGo(kCheapCycles, database, [&](const RunningService &service) {
        return static_cast<double>(descriptorsOf(service.pid(), database));
    });
}

void sessions_that_have_ended_leave_no_connection_to_postgresql() {
    if (!hasPostgresql || !PostgresCluster::isPossible())
        return g_test_skip("there is no PostgreSQL");
    PostgresCluster cluster;
    cluster.start();
    letSessionsComeAndGo(kCycles, cluster.uri(), [&](const RunningService &) {
        const auto count = cluster.query("SELECT count(*) FROM pg_stat_activity WHERE backend_type = "
                                         "'client backend' AND pid <> pg_backend_pid()");
        return g_ascii_strtod(count.c_str(), nullptr);
    });
}

void what_was_killed_stands_in_nobodys_way() {
    const TemporaryDirectory directory;
    const Texts settings = {"DATABASE_URL=" + directory.file("captions.sqlite")};
    unsigned rtmpPort = 0, port = 0;
    for (int round = 0; round < 3; round++) {
        RunningService service(settings,
                               {"--rtmp-port=" + std::to_string(rtmpPort), "--port=" + std::to_string(port)});
        rtmpPort = service.rtmpPort();
        port = service.port();
        std::vector<std::unique_ptr<OldRuleViewer>> viewers;
        std::vector<std::unique_ptr<LivePublisher>> publishers;
        const Texts digits = {"12", "34", "56"};
        for (const auto &each : digits) {
            viewers.push_back(std::make_unique<OldRuleViewer>(port, "s" + each));
            publishers.push_back(std::make_unique<LivePublisher>(service.url("s" + each)));
        }
        for (const auto &each : digits)
            service.waitFor("event=published session=s" + each);
        for (std::size_t i = 0; i < digits.size(); i++)
            publishers[i]->play(makeDtmf(digits[i]));
        for (std::size_t i = 0; i < digits.size(); i++)
            if (!viewers[i]->waitForFinalText(digits[i], kPatience))
                g_error("heard \"%s\" instead of \"%s\"", viewers[i]->finalText().c_str(), digits[i].c_str());
        if (round < 2) {
            g_assert_cmpint(service.end(SIGKILL), ==, 128 + SIGKILL);
            continue;
        }
        for (auto &publisher : publishers)
            g_assert_cmpint(publisher->finish(), ==, 0);
        g_assert_cmpint(service.end(), ==, 0);
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    const auto arguments = begin(argc, argv);
    hasPostgresql = std::find(arguments.begin(), arguments.end(), "postgresql") != arguments.end();
    g_test_add_func("/cycles/sessions_that_have_ended_leave_nothing_behind",
                    sessions_that_have_ended_leave_nothing_behind);
    g_test_add_func("/cycles/sessions_that_have_ended_leave_no_connection_to_postgresql",
                    sessions_that_have_ended_leave_no_connection_to_postgresql);
    g_test_add_func("/cycles/what_was_killed_stands_in_nobodys_way", what_was_killed_stands_in_nobodys_way);
    const int result = g_test_run();
    recogniser.reset();
    return result;
}
