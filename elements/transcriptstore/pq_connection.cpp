// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/transcriptstore/pq_connection.h"

#include <algorithm>
#include <cerrno>
#include <string_view>

#include <glib.h>
#include <poll.h>

namespace lt::store {

namespace {

constexpr int kLookUpMs = 50; // how soon a shortened patience is noticed

std::string oneLine(std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    std::replace(text.begin(), text.end(), '\t', ' ');
    while (!text.empty() && (text.back() == ' ' || text.back() == '.'))
        text.pop_back();
    return text;
}

/// PostgreSQL's five characters -> what is to be done about it.
Verdict verdictOf(std::string_view state) {
    if (state.starts_with("28") || state == "42501")
        return Verdict::NotAllowed;
    if (state.starts_with("3D") || state.starts_with("42") || state == "0A000")
        return Verdict::Unusable; // no such database, a table that is not ours
    if (state.starts_with("22") || state.starts_with("23") || state == "54000")
        return Verdict::Refused;
    return Verdict::Unavailable; // connection, shutdown, disk full, deadlock …
}

} // namespace

std::int64_t PqResult::integer(int row, int column, std::int64_t unknown) const {
    return isNull(row, column) ? unknown : g_ascii_strtoll(PQgetvalue(get(), row, column), nullptr, 10);
}

double PqResult::number(int row, int column, double unknown) const {
    return isNull(row, column) ? unknown : g_ascii_strtod(PQgetvalue(get(), row, column), nullptr);
}

std::string PqConnection::sentence(const std::string &reason) const {
    return location_.withoutSecrets("PostgreSQL database " + location_.shown() + ": " + oneLine(reason) +
                                    ".");
}

PqConnection::Io PqConnection::waitFor(short events, const Patience &patience) {
    pollfd watched{PQsocket(connection_.get()), events, 0};
    while (!patience.over()) {
        const int slice = static_cast<int>(std::min<Milliseconds::rep>(patience.left().count(), kLookUpMs));
        const int ready = ::poll(&watched, 1, slice);
        if (ready > 0)
            return Io::Ready;
        if (ready < 0 && errno != EINTR)
            return Io::Broken;
    }
    return Io::TooLate;
}

Answer PqConnection::lost(const std::string &reason) {
    const Answer answer{Verdict::Unavailable, sentence(reason)};
    close();
    return answer;
}

/// libpq does not tell the SQLSTATE of a refused connection: the server's words are all there is. A server
/// that speaks another language is taken for one that is away, and its words are still shown.
Answer PqConnection::refusedConnection() {
    const std::string reason = PQerrorMessage(connection_.get());
    Verdict verdict = Verdict::Unavailable;
    if (PQconnectionNeedsPassword(connection_.get()) || reason.find("authentication failed") != reason.npos ||
        reason.find("no password") != reason.npos || reason.find("no pg_hba.conf entry") != reason.npos ||
        (reason.find("role \"") != reason.npos && reason.find("does not exist") != reason.npos))
        verdict = Verdict::NotAllowed;
    else if (reason.starts_with("invalid ")) // a setting, such as the port
        verdict = Verdict::Unusable;
    else if (reason.find("database \"") != reason.npos && reason.find("does not exist") != reason.npos)
        verdict = Verdict::Unusable;
    const Answer answer{verdict, sentence(reason)};
    close();
    return answer;
}

Answer PqConnection::open(const Patience &patience) {
    char *problem = nullptr;
    PQconninfoOption *options = PQconninfoParse(location_.secretText().c_str(), &problem);
    const std::string reason = problem ? problem : "out of memory";
    PQfreemem(problem);
    if (!options)
        return {Verdict::Unusable, sentence(reason)};
    PQconninfoFree(options);
    const char *const names[] = {"dbname", "fallback_application_name", nullptr};
    const char *const values[] = {location_.secretText().c_str(), "gst-livetranscript", nullptr};
    connection_.reset(PQconnectStartParams(names, values, 1));
    if (!connection_ || PQstatus(connection_.get()) == CONNECTION_BAD)
        return connection_ ? refusedConnection() : Answer{Verdict::Unavailable, sentence("out of memory")};
    PQsetNoticeProcessor(
        connection_.get(), [](void *, const char *) {}, nullptr); // else they go to stderr
    for (PostgresPollingStatusType state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;
         state = PQconnectPoll(connection_.get())) {
        if (state == PGRES_POLLING_FAILED)
            return refusedConnection();
        const Io io = waitFor(state == PGRES_POLLING_READING ? POLLIN : POLLOUT, patience);
        if (io != Io::Ready)
            return lost("it does not answer");
    }
    return PQsetnonblocking(connection_.get(), 1) == 0 ? Answer{} : lost(PQerrorMessage(connection_.get()));
}

Answer PqConnection::whatWentWrong(const PGresult *result) {
    if (PQstatus(connection_.get()) == CONNECTION_BAD)
        return lost(PQerrorMessage(connection_.get()));
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    return {verdictOf(state ? state : ""), sentence(message ? message : PQresultErrorMessage(result))};
}

Answer PqConnection::finish(bool sent, const Patience &patience, PqResult *result) {
    if (!sent)
        return lost(PQerrorMessage(connection_.get()));
    for (int unsentYet = PQflush(connection_.get()); unsentYet != 0; unsentYet = PQflush(connection_.get())) {
        if (unsentYet < 0)
            return lost(PQerrorMessage(connection_.get()));
        if (waitFor(POLLIN | POLLOUT, patience) != Io::Ready)
            return lost("it does not answer");
        if (!PQconsumeInput(connection_.get())) // a server that sends must not keep us from sending
            return lost(PQerrorMessage(connection_.get()));
    }
    Answer answer;
    for (;;) {
        while (PQisBusy(connection_.get())) {
            if (waitFor(POLLIN, patience) != Io::Ready)
                return lost("it does not answer");
            if (!PQconsumeInput(connection_.get()))
                return lost(PQerrorMessage(connection_.get()));
        }
        PqResult next(PQgetResult(connection_.get()));
        if (!next.get())
            return answer;
        const ExecStatusType status = PQresultStatus(next.get());
        if (answer.done() && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
            answer = whatWentWrong(next.get());
        if (!isOpen())
            return answer;
        if (result)
            *result = std::move(next);
    }
}

Answer PqConnection::run(const char *sql, const Patience &patience, PqResult *result) {
    return finish(PQsendQuery(connection_.get(), sql) == 1, patience, result);
}

Answer PqConnection::run(const char *sql, const std::vector<const char *> &parameters,
                         const Patience &patience, PqResult *result) {
    return finish(PQsendQueryParams(connection_.get(), sql, static_cast<int>(parameters.size()), nullptr,
                                    parameters.data(), nullptr, nullptr, 0) == 1,
                  patience, result);
}

Answer PqConnection::prepare(const char *name, const char *sql, const Patience &patience) {
    return finish(PQsendPrepare(connection_.get(), name, sql, 0, nullptr) == 1, patience, nullptr);
}

Answer PqConnection::runPrepared(const char *name, const std::vector<const char *> &parameters,
                                 const Patience &patience) {
    return finish(PQsendQueryPrepared(connection_.get(), name, static_cast<int>(parameters.size()),
                                      parameters.data(), nullptr, nullptr, 0) == 1,
                  patience, nullptr);
}

} // namespace lt::store
