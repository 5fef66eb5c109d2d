// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/admission/refusal.h"

namespace lt {

std::string_view refusalWord(RefusalCode code) {
    switch (code) {
    case RefusalCode::ResourceExhausted:
        return "RESOURCE_EXHAUSTED";
    case RefusalCode::Unauthenticated:
        return "UNAUTHENTICATED";
    case RefusalCode::InvalidArgument:
        return "INVALID_ARGUMENT";
    case RefusalCode::Unavailable:
        break;
    }
    return "UNAVAILABLE";
}

unsigned refusalHttpStatus(RefusalCode code) {
    switch (code) {
    case RefusalCode::ResourceExhausted:
        return 429;
    case RefusalCode::Unauthenticated:
        return 401;
    case RefusalCode::InvalidArgument:
        return 400;
    case RefusalCode::Unavailable:
        break;
    }
    return 503;
}

} // namespace lt
