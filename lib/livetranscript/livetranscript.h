/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/** One include for applications: transcripts, their buffer meta and tags, the heartbeat event. */
#include "gstheartbeatevent.h"
#include "gsttranscript.h"
#include "gsttranscriptmeta.h"
#include "gsttranscripttag.h"
