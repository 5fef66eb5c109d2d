// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/nginx_rtmp.h"

#include <fstream>

#include <glib.h>

namespace lt::support {

namespace {

constexpr const char *kProgram = "/usr/sbin/nginx"; // Debian; not on the PATH of an ordinary user
constexpr const char *kModule = "/usr/lib/nginx/modules/ngx_rtmp_module.so";

std::string configuration(int port, const TemporaryDirectory &directory) {
    // One process in the foreground: the one the test knows and kills.
    return std::string("daemon off;\nmaster_process off;\npid ") + directory.file("pid") + ";\nload_module " +
           kModule + ";\nerror_log stderr info;\nevents { worker_connections 64; }\n" +
           "rtmp { server { listen 127.0.0.1:" + std::to_string(port) +
           "; application live { live on; idle_streams on; } } }\n";
}

} // namespace

std::string NginxRtmp::whyUnavailable() {
    for (const char *file : {kProgram, kModule})
        if (!g_file_test(file, G_FILE_TEST_EXISTS))
            return std::string("there is no ") + file;
    return "";
}

NginxRtmp::NginxRtmp() : port_(freePort()) {
    std::ofstream(directory_.file("nginx.conf")) << configuration(port_, directory_);
    process_ = std::make_unique<Process>(std::vector<std::string>{
        kProgram, "-p", directory_.file(""), "-e", "stderr", "-c", directory_.file("nginx.conf")});
    g_assert_true(waitForListener(port_));
}

std::string NginxRtmp::url(const std::string &stream) const {
    return "rtmp://127.0.0.1:" + std::to_string(port_) + "/live/" + stream;
}

} // namespace lt::support
