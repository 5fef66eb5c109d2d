// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/broadcast/access.h"

#include <gst/gst.h>

/// Properties of transcriptbroadcast that say who may watch. They are those of the port: elements that share
/// one set them alike.
class AccessProperties {
public:
    /// Ids from `first` on are these; the element's own must be below.
    static constexpr guint kFirst = 100;

    static void install(GObjectClass *klass);
    /// False when `id` is none of these.
    bool set(guint id, const GValue *value);
    bool get(guint id, GValue *value) const;

    const lt::broadcast::AccessSettings &settings() const { return settings_; }

private:
    lt::broadcast::AccessSettings settings_;
};
