// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/support/process.h"

#include <memory>
#include <string>
#include <vector>

namespace lt::support {

/// A PostgreSQL server of the test's own, in a temporary directory, on a Unix socket only. It runs as an
/// unprivileged user, because it refuses root, and ends with its object or with the test.
class PostgresCluster {
public:
    /// Makes the cluster; start() starts it. `durable`: with fsync, for benchmarks; a server that is killed
    /// loses nothing without it either, a machine would.
    explicit PostgresCluster(bool durable = false);
    ~PostgresCluster();
    PostgresCluster(const PostgresCluster &) = delete;
    PostgresCluster &operator=(const PostgresCluster &) = delete;

    /// False where PostgreSQL's server programs are not installed.
    static bool isPossible();

    /// Returns when it takes connections.
    void start();
    /// Every connection is cut, whatever it is doing, as in a crash.
    void crash();

    /// With this password, which must turn up nowhere.
    static constexpr const char *kPassword = "s3cret";
    std::string uri(const std::string &database = "postgres", const std::string &password = kPassword) const;
    /// Runs a statement as psql does; its output without headers.
    std::string query(const std::string &sql, const std::string &database = "postgres");

private:
    std::vector<std::string> command(const std::vector<std::string> &program) const;

    TemporaryDirectory directory_;
    const bool durable_;
    std::string binaries_;
    std::string data_;
    std::unique_ptr<Process> server_;
};

} // namespace lt::support
