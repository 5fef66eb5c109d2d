// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/listen_socket.h"

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace lt::rtmp {

namespace {

constexpr int kBacklog = 1024;

bool parseAddress(const std::string &text, std::uint16_t port, sockaddr_storage &storage, socklen_t &size) {
    std::memset(&storage, 0, sizeof storage);
    auto *four = reinterpret_cast<sockaddr_in *>(&storage);
    const std::string number = text == "localhost" ? "127.0.0.1" : text;
    if (inet_pton(AF_INET, number.c_str(), &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        size = sizeof *four;
        return true;
    }
    auto *six = reinterpret_cast<sockaddr_in6 *>(&storage);
    std::memset(&storage, 0, sizeof storage);
    if (inet_pton(AF_INET6, number.c_str(), &six->sin6_addr) != 1)
        return false;
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    size = sizeof *six;
    return true;
}

std::uint16_t portOf(const sockaddr_storage &address) {
    return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6 *>(&address)->sin6_port
                                               : reinterpret_cast<const sockaddr_in *>(&address)->sin_port);
}

} // namespace

std::string endpointText(const sockaddr_storage &address) {
    char text[INET6_ADDRSTRLEN] = "?";
    const bool six = address.ss_family == AF_INET6;
    const void *number =
        six ? static_cast<const void *>(&reinterpret_cast<const sockaddr_in6 *>(&address)->sin6_addr)
            : static_cast<const void *>(&reinterpret_cast<const sockaddr_in *>(&address)->sin_addr);
    inet_ntop(address.ss_family, number, text, sizeof text);
    return (six ? '[' + std::string(text) + ']' : std::string(text)) + ':' + std::to_string(portOf(address));
}

net::UniqueFd openListenSocket(const std::string &address, std::uint16_t port, std::uint16_t &boundPort,
                               ListenFailure &failure) {
    const std::string where = address + ":" + std::to_string(port);
    sockaddr_storage storage;
    socklen_t size = 0;
    if (!parseAddress(address, port, storage, size)) {
        failure = {EINVAL, "Cannot listen on " + where +
                               ": the address must be numeric, such as 127.0.0.1, 0.0.0.0 or ::."};
        return {};
    }
    const auto fail = [&] {
        failure.code = errno;
        failure.text = "Cannot listen on " + where + ": " + std::strerror(failure.code) + ".";
        return net::UniqueFd();
    };
    net::UniqueFd fd(socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd)
        return fail();
    const int on = 1, off = 0;
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (storage.ss_family == AF_INET6)
        setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    auto *generic = reinterpret_cast<sockaddr *>(&storage);
    if (bind(fd.get(), generic, size) != 0 || listen(fd.get(), kBacklog) != 0)
        return fail();
    socklen_t length = sizeof storage;
    if (getsockname(fd.get(), generic, &length) != 0)
        return fail();
    boundPort = portOf(storage);
    return fd;
}

} // namespace lt::rtmp
