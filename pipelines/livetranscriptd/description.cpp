// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/description.h"

#include <algorithm>

namespace lt::service {

namespace {

std::string_view takeLine(std::string_view &text) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// Goes through a description once, line by line.
class Expander {
public:
    explicit Expander(const Variables &variables) : variables_(variables) {}

    Expansion run(std::string_view description) {
        declareDefaults(description);
        for (number_ = 1; !description.empty() && result_.problem.empty(); number_++)
            line(takeLine(description));
        if (conditional_ && result_.problem.empty())
            result_.problem = "a \"${NAME?\" has no \"}\" line";
        if (!result_.problem.empty())
            result_.text.clear();
        return std::move(result_);
    }

private:
    void declareDefaults(std::string_view description) {
        while (!description.empty()) {
            auto declared = takeLine(description);
            if (!declared.starts_with("#:"))
                continue;
            declared = trimmed(declared.substr(2));
            declared = declared.substr(0, declared.find_first_of(" \t"));
            if (const auto equals = declared.find('='); equals != std::string_view::npos)
                variables_.emplace(declared.substr(0, equals), declared.substr(equals + 1)); // not over one
        }
    }

    void line(std::string_view text) {
        const auto word = trimmed(text);
        if (text.starts_with('#'))
            return;
        if (word.starts_with("${") && word.ends_with("?")) {
            if (conditional_)
                return fail("a condition inside a condition");
            conditional_ = true;
            const auto value = valueOf(word.substr(2, word.size() - 3));
            kept_ = value && !value->empty();
        } else if (word == "}") {
            if (!conditional_)
                return fail("a \"}\" without its \"${NAME?\"");
            conditional_ = false;
            kept_ = true;
        } else if (kept_) {
            replaceIn(text);
            result_.text += '\n';
        }
    }

    void replaceIn(std::string_view text) {
        for (;;) {
            const auto start = text.find("${");
            result_.text += text.substr(0, start);
            if (start == std::string_view::npos)
                return;
            const auto end = text.find('}', start);
            if (end == std::string_view::npos)
                return fail("a \"${\" without its \"}\"");
            const auto value = valueOf(text.substr(start + 2, end - start - 2));
            if (!value)
                return;
            result_.text += *value;
            text.remove_prefix(end + 1);
        }
    }

    const std::string *valueOf(std::string_view name) {
        const auto found = variables_.find(name);
        if (found != variables_.end())
            return &found->second;
        fail("${" + std::string(name) + "} is no setting, and no \"#:\" line declares it");
        return nullptr;
    }

    void fail(const std::string &what) { result_.problem = "line " + std::to_string(number_) + ": " + what; }

    Variables variables_;
    Expansion result_;
    std::size_t number_ = 0;
    bool conditional_ = false;
    bool kept_ = true;
};

} // namespace

Expansion expandDescription(std::string_view description, const Variables &variables) {
    return Expander(variables).run(description);
}

} // namespace lt::service
