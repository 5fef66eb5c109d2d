// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/nginx_proxy.h"

#include <fstream>
#include <vector>

#include <glib.h>

namespace lt::support {

namespace {

constexpr const char *kProgram = "/usr/sbin/nginx"; // Debian; not on the PATH of an ordinary user

std::string configuration(int port, int target, const TemporaryDirectory &directory) {
    std::string text = "daemon off;\nmaster_process off;\nerror_log stderr info;\npid " +
                       directory.file("pid") +
                       ";\nevents { worker_connections 64; }\nhttp {\n  access_log off;\n";
    for (const char *kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
        text += std::string("  ") + kind + "_temp_path " + directory.file(kind) + ";\n";
    // The two headers and the version are what WebSockets need; the time-out is longer than a ping's
    // interval.
    return text + "  server {\n    listen 127.0.0.1:" + std::to_string(port) +
           ";\n    location / {\n      proxy_pass http://127.0.0.1:" + std::to_string(target) +
           ";\n      proxy_http_version 1.1;\n      proxy_set_header Upgrade $http_upgrade;\n"
           "      proxy_set_header Connection \"upgrade\";\n      proxy_read_timeout 60s;\n    }\n  }\n}\n";
}

} // namespace

std::string NginxProxy::whyUnavailable() {
    return g_file_test(kProgram, G_FILE_TEST_EXISTS) ? "" : std::string("there is no ") + kProgram;
}

NginxProxy::NginxProxy(int target) : port_(freePort()) {
    std::ofstream(directory_.file("nginx.conf")) << configuration(port_, target, directory_);
    process_ = std::make_unique<Process>(std::vector<std::string>{
        kProgram, "-p", directory_.file(""), "-e", "stderr", "-c", directory_.file("nginx.conf")});
    g_assert_true(waitForListener(port_));
}

} // namespace lt::support
