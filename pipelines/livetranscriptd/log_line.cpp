// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/log_line.h"

#include "lib/gst/refs.h"

#include <algorithm>

#include <unistd.h>

namespace lt::service {

namespace {

bool isPlain(std::string_view value) {
    return std::all_of(value.begin(), value.end(), [](unsigned char c) {
        return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
    });
}

/// Control characters could forge a line of their own.
std::string quoted(std::string_view value) {
    std::string text = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\')
            text += '\\';
        text += static_cast<unsigned char>(c) < ' ' || c == 0x7f ? ' ' : c;
    }
    return text + '"';
}

std::string now() {
    struct DateUnref {
        void operator()(GDateTime *date) const noexcept { g_date_time_unref(date); }
    };
    const std::unique_ptr<GDateTime, DateUnref> date(g_date_time_new_now_utc());
    const CharPtr text(g_date_time_format(date.get(), "%Y-%m-%dT%H:%M:%S"));
    const CharPtr millis(g_strdup_printf(".%03dZ", g_date_time_get_microsecond(date.get()) / 1000));
    return std::string(text.get()) + millis.get();
}

} // namespace

std::string formatLogLine(std::string_view time, std::string_view event, const LogFields &fields) {
    std::string line(time);
    line += " event=";
    line += event;
    for (const auto &[name, value] : fields) {
        if (value.empty())
            continue;
        line += ' ';
        line += name;
        line += '=';
        line += isPlain(value) ? value : quoted(value);
    }
    return line;
}

void logLine(std::string_view event, const LogFields &fields) {
    const auto line = formatLogLine(now(), event, fields) + "\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

} // namespace lt::service
