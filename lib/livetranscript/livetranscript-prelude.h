/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#ifndef GST_LIVETRANSCRIPT_API
#define GST_LIVETRANSCRIPT_API __attribute__((visibility("default")))
#endif
