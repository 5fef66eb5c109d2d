// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/metrics/render.h"

#include "lib/gst/refs.h"

#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include <json-glib/json-glib.h>

namespace lt::metrics {

namespace {

struct NodeFree {
    void operator()(JsonNode *node) const noexcept { json_node_unref(node); }
};
struct ObjectUnref {
    void operator()(JsonObject *object) const noexcept { json_object_unref(object); }
};
using ObjectPtr = std::unique_ptr<JsonObject, ObjectUnref>;

ObjectPtr jsonOf(const HistogramSummary &summary) {
    ObjectPtr object(json_object_new());
    const std::pair<const char *, double> fields[] = {
        {"avg", summary.avg}, {"min", summary.min}, {"max", summary.max},
        {"p50", summary.p50}, {"p95", summary.p95}, {"p99", summary.p99},
    };
    for (const auto &[name, value] : fields)
        json_object_set_double_member(object.get(), name, value);
    json_object_set_int_member(object.get(), "count", static_cast<gint64>(summary.count));
    return object;
}

void setMember(JsonObject *object, const std::string &name, const Sample &sample) {
    std::visit(
        [&](const auto &value) {
            if constexpr (std::is_same_v<std::decay_t<decltype(value)>, HistogramSummary>)
                json_object_set_object_member(object, name.c_str(), jsonOf(value).release());
            else
                json_object_set_int_member(object, name.c_str(), static_cast<gint64>(value));
        },
        sample.value);
}

std::string prometheusName(std::string_view name) {
    std::string result(name);
    for (char &c : result) {
        if (!g_ascii_isalnum(c) && c != '_' && c != ':')
            c = '_';
    }
    if (!result.empty() && g_ascii_isdigit(result.front()))
        result.insert(0, 1, '_');
    return result;
}

/// In a HELP line a quotation mark stands for itself, in a label's value it does not.
std::string escaped(std::string_view text, bool label) {
    std::string result;
    for (const char c : text) {
        if (c == '\n')
            result += "\\n";
        else if (c == '\\' || (label && c == '"'))
            (result += '\\') += c;
        else
            result += c;
    }
    return result;
}

std::string numberOf(double value) {
    if (std::isnan(value))
        return "NaN";
    std::array<char, G_ASCII_DTOSTR_BUF_SIZE> text;
    return g_ascii_formatd(text.data(), static_cast<int>(text.size()), "%.15g", value);
}

class PrometheusText {
public:
    void add(const Sample &sample) {
        const auto name = prometheusName(sample.name);
        if (name != family_)
            beginFamily(name, sample);
        session_ = sample.session.empty() ? "" : "session=\"" + escaped(sample.session, true) + '"';
        std::visit([&](const auto &value) { addValue(value); }, sample.value);
    }
    std::string take() { return std::move(text_); }

private:
    void beginFamily(const std::string &name, const Sample &sample) {
        static constexpr const char *kTypes[] = {"counter", "gauge", "summary"}; // in the variant's order
        family_ = name;
        text_ += "# HELP " + name + ' ' + escaped(sample.help, false) + '\n';
        text_ += "# TYPE " + name + ' ' + kTypes[sample.value.index()] + '\n';
    }
    void addLine(const char *suffix, std::string labels, const std::string &value) {
        if (!session_.empty())
            labels = labels.empty() ? session_ : session_ + ',' + labels;
        text_ += family_ + suffix + (labels.empty() ? "" : '{' + labels + '}') + ' ' + value + '\n';
    }
    void addValue(std::uint64_t value) { addLine("", {}, std::to_string(value)); }
    void addValue(std::int64_t value) { addLine("", {}, std::to_string(value)); }
    void addValue(const HistogramSummary &summary) {
        const bool none = summary.count == 0;
        addLine("", "quantile=\"0.5\"", numberOf(none ? NAN : summary.p50));
        addLine("", "quantile=\"0.95\"", numberOf(none ? NAN : summary.p95));
        addLine("", "quantile=\"0.99\"", numberOf(none ? NAN : summary.p99));
        addLine("_sum", {}, numberOf(summary.sum));
        addLine("_count", {}, std::to_string(summary.count));
    }

    std::string text_, family_, session_;
};

} // namespace

std::string toJson(const std::vector<Sample> &samples) {
    ObjectPtr latency(json_object_new()), counters(json_object_new()), sessions(json_object_new());
    std::map<std::string, ObjectPtr> bySlug;
    for (const auto &sample : samples) {
        const bool ofProcess = sample.session.empty();
        const bool histogram = std::holds_alternative<HistogramSummary>(sample.value);
        setMember(histogram ? latency.get() : counters.get(),
                  ofProcess ? sample.name : sample.name + '.' + sample.session, sample);
        if (ofProcess)
            continue;
        auto &session = bySlug[sample.session];
        if (!session)
            session.reset(json_object_new());
        setMember(session.get(), sample.sessionKey.empty() ? sample.name : sample.sessionKey, sample);
    }
    for (auto &[slug, session] : bySlug)
        json_object_set_object_member(sessions.get(), slug.c_str(), session.release());

    std::unique_ptr<JsonNode, NodeFree> root(json_node_new(JSON_NODE_OBJECT));
    JsonObject *top = json_object_new();
    json_node_take_object(root.get(), top);
    json_object_set_object_member(top, "latency", latency.release());
    json_object_set_object_member(top, "counters", counters.release());
    json_object_set_object_member(top, "sessions", sessions.release());
    return CharPtr(json_to_string(root.get(), FALSE)).get();
}

std::string toPrometheus(const std::vector<Sample> &samples) {
    PrometheusText text;
    for (const auto &sample : samples)
        text.add(sample);
    return text.take();
}

} // namespace lt::metrics
