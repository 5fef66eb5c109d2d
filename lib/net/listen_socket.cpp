// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/net/listen_socket.h"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace lt::net {

namespace {

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;

    sockaddr *get() { return reinterpret_cast<sockaddr *>(&storage); }
};

Address parse(const std::string &text, std::uint16_t port) {
    Address address;
    auto *four = reinterpret_cast<sockaddr_in *>(&address.storage);
    auto *six = reinterpret_cast<sockaddr_in6 *>(&address.storage);
    if (inet_pton(AF_INET, text.c_str(), &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        address.size = sizeof *four;
    } else if (inet_pton(AF_INET6, text.c_str(), &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        address.size = sizeof *six;
    }
    return address;
}

std::uint16_t portOf(const sockaddr_storage &address) {
    return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6 *>(&address)->sin6_port
                                               : reinterpret_cast<const sockaddr_in *>(&address)->sin_port);
}

std::string sentenceFor(const std::string &address, std::uint16_t port, int code) {
    const std::string where = "port " + std::to_string(port) + " on " + address;
    switch (code) {
    case EADDRINUSE:
        return "Cannot listen: " + where +
               " is already in use. Stop the program that uses it, or choose another port.";
    case EADDRNOTAVAIL:
        return "Cannot listen on " + address + ": this machine has no such address.";
    case EACCES:
        return "Cannot listen: " + where + " needs more rights. Choose a port above 1023.";
    default:
        return "Cannot listen on " + where + ": " + std::generic_category().message(code) + ".";
    }
}

} // namespace

std::string listenAddress(const std::string &address) {
    if (address == "localhost")
        return "127.0.0.1";
    return parse(address, 0).size > 0 ? address : "";
}

UniqueFd listenOn(const std::string &address, std::uint16_t port, int backlog, ListenError &error) {
    const std::string known = listenAddress(address);
    if (known.empty()) {
        error = {false, true, "Cannot listen on \"" + address + "\": it is not an IP address."};
        return {};
    }
    Address where = parse(known, port);
    UniqueFd fd(socket(where.get()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1; // connections of an earlier run that linger in TIME_WAIT do not hold the port
    const int off = 0;
    if (fd && where.storage.ss_family == AF_INET6)
        setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (fd && setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd.get(), where.get(), where.size) == 0 && listen(fd.get(), backlog) == 0)
        return fd;
    const int code = errno;
    error = {code == EADDRINUSE, false, sentenceFor(address, port, code)};
    return {};
}

void prepareForStreams(int listeningFd) {
    constexpr int kSendBuffer = 64 * 1024;
    // Without it the kernel swallows megabytes for a peer that does not read before our queue notices
    // anything.
    constexpr int kNotSentLowWater = 16 * 1024;
    constexpr struct {
        int level, name, value;
    } kOptions[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},        {IPPROTO_TCP, TCP_NOTSENT_LOWAT, kNotSentLowWater},
        {SOL_SOCKET, SO_SNDBUF, kSendBuffer}, {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, 60},      {IPPROTO_TCP, TCP_KEEPINTVL, 15},
        {IPPROTO_TCP, TCP_KEEPCNT, 4},
    };
    for (const auto &option : kOptions)
        setsockopt(listeningFd, option.level, option.name, &option.value, sizeof option.value);
}

std::uint16_t localPort(int fd) {
    Address address;
    address.size = sizeof address.storage;
    if (getsockname(fd, address.get(), &address.size) != 0)
        return 0;
    return portOf(address.storage);
}

std::string endpointText(const sockaddr_storage &address) {
    char text[INET6_ADDRSTRLEN] = "?";
    const bool six = address.ss_family == AF_INET6;
    const void *number =
        six ? static_cast<const void *>(&reinterpret_cast<const sockaddr_in6 *>(&address)->sin6_addr)
            : static_cast<const void *>(&reinterpret_cast<const sockaddr_in *>(&address)->sin_addr);
    inet_ntop(address.ss_family, number, text, sizeof text);
    return (six ? '[' + std::string(text) + ']' : std::string(text)) + ':' + std::to_string(portOf(address));
}

} // namespace lt::net
