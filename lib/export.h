// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/// Marks C++ that our own plugins use across the shared object. Everything else stays hidden; the installed
/// API is C.
#define LT_EXPORT __attribute__((visibility("default")))
