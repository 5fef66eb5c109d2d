// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/postgres_cluster.h"

#include <csignal>
#include <filesystem>
#include <fstream>

#include <glib.h>
#include <pwd.h>
#include <unistd.h>

namespace lt::support {

namespace {

/// The folder with the newest server programs; "" when there are none. Debian keeps them off the PATH.
std::string findBinaries() {
    std::string newest;
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator("/usr/lib/postgresql", error))
        if (std::filesystem::exists(entry.path() / "bin" / "initdb"))
            newest = std::max(newest, (entry.path() / "bin").string());
    return newest;
}

const passwd *unprivileged() {
    const passwd *user = getpwnam("postgres");
    return user ? user : getpwnam("nobody");
}

} // namespace

bool PostgresCluster::isPossible() {
    return !findBinaries().empty() && (geteuid() != 0 || (haveProgram("setpriv") && unprivileged()));
}

PostgresCluster::PostgresCluster(bool durable)
    : durable_(durable), binaries_(findBinaries()), data_(directory_.file("data")) {
    std::ofstream(directory_.file("password")) << kPassword << '\n';
    if (geteuid() == 0)
        for (const std::string &path : {directory_.file(""), directory_.file("password")})
            g_assert_cmpint(::chown(path.c_str(), unprivileged()->pw_uid, unprivileged()->pw_gid), ==, 0);
    Process initdb(
        command({binaries_ + "/initdb", "-D", data_, "-U", "postgres", "-A", "scram-sha-256",
                 "--pwfile=" + directory_.file("password"), "-E", "UTF8", "--no-locale", "--no-sync"}));
    if (initdb.waitForEnd() != 0)
        g_error("initdb failed:\n%s", initdb.output().c_str());
}

PostgresCluster::~PostgresCluster() {
    if (server_)
        crash();
}

/// As somebody who is not root, and who dies with the test.
std::vector<std::string> PostgresCluster::command(const std::vector<std::string> &program) const {
    std::vector<std::string> whole;
    if (geteuid() == 0)
        whole = {"setpriv",
                 "--reuid",
                 unprivileged()->pw_name,
                 "--regid",
                 std::to_string(unprivileged()->pw_gid),
                 "--clear-groups",
                 "--pdeathsig",
                 "KILL",
                 "--"};
    whole.insert(whole.end(), program.begin(), program.end());
    return whole;
}

void PostgresCluster::start() {
    const std::string syncs = durable_ ? "on" : "off";
    server_ = std::make_unique<Process>(
        command({binaries_ + "/postgres", "-D", data_, "-k", directory_.file(""), "-c",
                 "listen_addresses=", "-c", "fsync=" + syncs, "-c", "max_connections=20", "-c",
                 "shared_buffers=16MB", "-c", "autovacuum=off", "-c", "log_statement=none"}),
        std::vector<std::string>{"LC_ALL=C"});
    g_assert_true(server_->waitFor("ready to accept connections"));
}

void PostgresCluster::crash() {
    server_->signal(SIGQUIT); // what an administrator calls an immediate shutdown: no rollback, no farewell
    g_assert_true(server_->waitForEnd().has_value());
    server_.reset();
}

std::string PostgresCluster::uri(const std::string &database, const std::string &password) const {
    std::string folder = directory_.file("");
    folder.pop_back();
    return "postgresql://postgres:" + password + "@/" + database + "?host=" + folder;
}

std::string PostgresCluster::query(const std::string &sql, const std::string &database) {
    Process psql({binaries_ + "/psql", "-X", "-A", "-t", "-q", "-c", sql, uri(database)});
    if (psql.waitForEnd() != 0)
        g_error("%s\n%s", sql.c_str(), psql.output().c_str());
    std::string output = psql.output();
    while (output.ends_with('\n'))
        output.pop_back();
    return output;
}

} // namespace lt::support
