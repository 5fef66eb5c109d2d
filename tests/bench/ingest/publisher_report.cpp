// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/ingest/publisher_report.h"

#include <sstream>
#include <stdexcept>

namespace lt::bench {

std::vector<PublisherReport> parsePublisherReports(const std::string &text, unsigned sessions) {
    std::vector<PublisherReport> reports(sessions);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        std::string kind;
        std::size_t session = 0, number = 0;
        fields >> kind >> session;
        if (!fields || session >= sessions)
            throw std::runtime_error("unexpected words from the publisher: " + line);
        auto &report = reports[session];
        if (kind == "accepted") {
            fields >> report.acceptedNs;
        } else if (kind == "offset") {
            fields >> report.codecOffset >> report.convertedOffset;
        } else {
            PublisherReport::Marker marker;
            fields >> number >> marker.handedNs >> marker.codecNs >> marker.convertedNs;
            report.markers.push_back(marker);
        }
        if (!fields || (kind == "marker" && number + 1 != report.markers.size()))
            throw std::runtime_error("unexpected words from the publisher: " + line);
    }
    for (const auto &report : reports)
        if (report.markers.empty() || report.acceptedNs == 0)
            throw std::runtime_error("the publisher reported nothing for a session");
    return reports;
}

} // namespace lt::bench
