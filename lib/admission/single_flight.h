// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/export.h"

#include <memory>
#include <optional>
#include <string>

namespace lt {

/// At most one holder per name, decided atomically: of any number of simultaneous acquire() calls for a name
/// exactly one gets the slot. Any thread.
class LT_EXPORT SingleFlight {
public:
    /// Held for as long as the name is in use; frees it when destroyed. May outlive the SingleFlight.
    class LT_EXPORT Slot {
    public:
        Slot(Slot &&) noexcept;
        Slot &operator=(Slot &&) noexcept;
        ~Slot();
        const std::string &name() const { return name_; }
        /// Frees the name now.
        void release();

    private:
        friend class SingleFlight;
        struct Names;
        Slot(std::shared_ptr<Names> names, std::string name);
        std::shared_ptr<Names> names_;
        std::string name_;
    };

    SingleFlight();
    /// The slot, or nothing when somebody holds it.
    std::optional<Slot> acquire(const std::string &name);
    bool held(const std::string &name) const;

private:
    std::shared_ptr<Slot::Names> names_;
};

} // namespace lt
