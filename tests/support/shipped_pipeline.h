// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "lib/gst/refs.h"

#include <string>
#include <vector>

#include <gst/gst.h>

namespace lt::support {

/// A pipeline of pipelines/*.launch, in this process, with values for its variables.
class ShippedPipeline {
public:
    /// `runner` is the path of pipelines/run, `name` and `variables` (NAME=VALUE) are its arguments. A
    /// description that does not parse ends the test.
    ShippedPipeline(const std::string &runner, const std::string &name,
                    const std::vector<std::string> &variables);
    /// Sets it to NULL.
    ~ShippedPipeline();
    ShippedPipeline(const ShippedPipeline &) = delete;
    ShippedPipeline &operator=(const ShippedPipeline &) = delete;

    /// Asks for the state; ends the test with the error's text when that fails.
    void setState(GstState state);
    /// Until the pipeline has ended. Empty: by EOS; else the text of its error, or "timeout".
    std::string waitForEnd(unsigned timeoutMs);

    /// The element made by this factory; the pipeline owns it.
    GstElement *element(const char *factory) const;
    /// An unsigned property of the element made by `factory`.
    unsigned get(const char *factory, const char *property) const;

private:
    ObjectRef<GstElement> pipeline_;
};

} // namespace lt::support
