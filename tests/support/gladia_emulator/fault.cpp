// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/fault.h"

#include <algorithm>
#include <array>

namespace lt::emulator {

namespace {

struct KindName {
    FaultKind kind;
    FaultClass faultClass;
    const char *name;
};

constexpr std::array kKinds = {
    KindName{FaultKind::kDrop, FaultClass::kConnection, "drop"},
    KindName{FaultKind::kReset, FaultClass::kConnection, "reset"},
    KindName{FaultKind::kClose, FaultClass::kConnection, "close"},
    KindName{FaultKind::kSend, FaultClass::kConnection, "send"},
    KindName{FaultKind::kRestart, FaultClass::kServer, "restart"},
    KindName{FaultKind::kOutage, FaultClass::kServer, "outage"},
    KindName{FaultKind::kRefusePost, FaultClass::kRequest, "refuse-post"},
    KindName{FaultKind::kIgnorePost, FaultClass::kRequest, "ignore-post"},
    KindName{FaultKind::kRefuseUpgrade, FaultClass::kRequest, "refuse-upgrade"},
    KindName{FaultKind::kIgnoreUpgrade, FaultClass::kRequest, "ignore-upgrade"},
    KindName{FaultKind::kStopReading, FaultClass::kState, "stop-reading"},
    KindName{FaultKind::kHoldAcknowledgements, FaultClass::kState, "hold-acknowledgements"},
    KindName{FaultKind::kMute, FaultClass::kState, "mute"},
    KindName{FaultKind::kDelay, FaultClass::kState, "delay"},
    KindName{FaultKind::kThrottle, FaultClass::kState, "throttle"},
    KindName{FaultKind::kLoseAcknowledgement, FaultClass::kMessage, "lose-acknowledgement"},
    KindName{FaultKind::kRefuseChunk, FaultClass::kMessage, "refuse-chunk"},
    KindName{FaultKind::kRepeatFinal, FaultClass::kMessage, "repeat-final"},
    KindName{FaultKind::kReorderFinals, FaultClass::kMessage, "reorder-finals"},
};

constexpr int kNoStatus = 1005; // a close frame without a code
constexpr std::int64_t kLongestMs = 24 * 3600 * 1000;

const KindName &entryOf(FaultKind kind) {
    return *std::find_if(kKinds.begin(), kKinds.end(), [kind](const KindName &k) { return k.kind == kind; });
}

bool isCloseCode(int code) {
    return code == kNoStatus || (code >= 1000 && code <= 1014 && code != 1004 && code != 1006) ||
           (code >= 3000 && code <= 4999);
}

std::string problemWithWhen(const Fault &fault, FaultClass faultClass) {
    const int conditions = (fault.atByte ? 1 : 0) + (fault.afterMs ? 1 : 0) + (fault.connectedMs ? 1 : 0) +
                           (fault.atStop ? 1 : 0);
    if (conditions > 1)
        return "takes one of atByte, afterMs, connectedMs and atStop, not several";
    for (const std::int64_t ms :
         {fault.afterMs.value_or(0), fault.connectedMs.value_or(0), fault.forMs, fault.delayMs}) {
        if (ms < 0 || ms > kLongestMs)
            return "takes times of 0 to " + std::to_string(kLongestMs) + " ms";
    }
    if (fault.times < 0 || fault.times > 1000000)
        return "takes 'times' of 0 (until it is removed) to 1000000";
    const bool perConnection = faultClass == FaultClass::kConnection && (fault.connectedMs || fault.atStop);
    if (fault.times != 1 && faultClass != FaultClass::kRequest && faultClass != FaultClass::kMessage &&
        !perConnection)
        return "cannot happen several times; 'times' goes with requests, messages, connectedMs and atStop";
    return "";
}

std::string problemWithWhat(const Fault &fault) {
    switch (fault.kind) {
    case FaultKind::kClose:
        return isCloseCode(fault.code) ? "" : "needs a 'code' that a close frame may carry, or 1005 for none";
    case FaultKind::kSend:
        return fault.text ? "" : "needs a 'text' or a 'payload'";
    case FaultKind::kRefusePost:
    case FaultKind::kRefuseUpgrade:
        return fault.status >= 300 && fault.status <= 599 ? "" : "needs a 'status' of 300 to 599";
    case FaultKind::kDelay:
        return fault.delayMs > 0 ? "" : "needs a 'delayMs' above 0";
    case FaultKind::kThrottle:
        return fault.bytesPerSecond > 0 ? "" : "needs 'bytesPerSecond' above 0";
    case FaultKind::kOutage:
        return fault.forMs > 0 ? "" : "needs a 'forMs' above 0, because nobody could end it";
    default:
        return "";
    }
}

} // namespace

FaultClass classOf(FaultKind kind) {
    return entryOf(kind).faultClass;
}

const char *nameOf(FaultKind kind) {
    return entryOf(kind).name;
}

std::optional<FaultKind> faultKindOf(const std::string &name) {
    const auto found =
        std::find_if(kKinds.begin(), kKinds.end(), [&](const KindName &k) { return name == k.name; });
    return found == kKinds.end() ? std::nullopt : std::optional(found->kind);
}

std::string problemOf(const Fault &fault) {
    const FaultClass faultClass = classOf(fault.kind);
    std::string problem = problemWithWhen(fault, faultClass);
    if (problem.empty())
        problem = problemWithWhat(fault);
    if (problem.empty() && fault.forMs > 0 && faultClass != FaultClass::kState &&
        faultClass != FaultClass::kServer)
        problem = "does not last; 'forMs' goes with states, restart and outage";
    if (problem.empty() && fault.openConnections && faultClass != FaultClass::kState)
        problem = "is no state of a connection; 'connections' goes with those";
    return problem.empty() ? "" : std::string("'") + nameOf(fault.kind) + "' " + problem;
}

} // namespace lt::emulator
