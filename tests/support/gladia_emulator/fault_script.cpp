// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/gladia_emulator/fault_script.h"
#include "tests/support/json_text.h"

#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

namespace lt::emulator {

using support::JsonObjectRef;
using support::stringMember;

namespace {

constexpr double kMostInteger = 9007199254740992.0; // what JSON's numbers hold exactly
constexpr std::size_t kMostFaults = 1000;
constexpr std::int64_t kOversized = 2 << 20;

/// Text frames that no client may trip over.
std::optional<std::string> payloadNamed(const std::string &name, std::int64_t bytes) {
    const auto size = static_cast<std::size_t>(bytes);
    if (name == "malformed")
        return R"({"type":"transcript","data":{"id":"00_)";
    if (name == "no-object")
        return "[1,2]";
    if (name == "no-type")
        return R"({"data":{}})";
    if (name == "not-utf8")
        return std::string("{\"type\":\"transcript\",\"data\":\"\xff\xfe\xc0\"}");
    if (name == "deep")
        return std::string(size / 2, '[') + std::string(size / 2, ']');
    if (name == "oversized")
        return R"({"type":"oversized","data":")" + std::string(size, 'x') + "\"}";
    return std::nullopt;
}

/// Reads one entry; the first problem ends it.
class EntryReader {
public:
    EntryReader(JsonObject *object, Draws &draws) : object_(object), draws_(draws) {}

    Fault read() {
        Fault fault;
        const std::string kind = text("do");
        const auto known = faultKindOf(kind);
        if (!known) {
            fail(kind.empty() ? "needs a 'do'" : "knows no fault '" + kind + "'");
            return fault;
        }
        fault.kind = *known;
        readWhen(fault);
        readWhat(fault);
        refuseUnknown();
        if (problem_.empty())
            problem_ = problemOf(fault);
        return fault;
    }

    const std::string &problem() const { return problem_; }

private:
    void fail(const std::string &what) {
        if (problem_.empty())
            problem_ = what;
    }

    JsonNode *member(const char *name) {
        known_.emplace_back(name);
        return json_object_get_member(object_, name);
    }

    std::string text(const char *name) {
        if (!member(name))
            return "";
        const char *value = stringMember(object_, name);
        if (!value)
            fail(std::string("wants a text as '") + name + "'");
        return value ? value : "";
    }

    std::string choice(const char *name, const char *usual, const char *other) {
        const std::string value = text(name);
        if (!value.empty() && value != usual && value != other)
            fail(std::string("knows '") + usual + "' and '" + other + "' as '" + name + "', not '" + value +
                 "'");
        return value.empty() ? usual : value;
    }

    bool readInteger(JsonNode *node, std::int64_t &value) {
        if (!JSON_NODE_HOLDS_VALUE(node))
            return false;
        const GType type = json_node_get_value_type(node);
        const double number = json_node_get_double(node);
        if ((type != G_TYPE_INT64 && type != G_TYPE_DOUBLE) || number < 0 || number > kMostInteger ||
            std::floor(number) != number)
            return false;
        value = static_cast<std::int64_t>(number);
        return true;
    }

    /// A number, or [least, most], from which one is drawn.
    std::optional<std::int64_t> number(const char *name) {
        JsonNode *node = member(name);
        if (!node)
            return std::nullopt;
        std::int64_t least = 0;
        std::int64_t most = 0;
        JsonArray *range = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : nullptr;
        if (range && json_array_get_length(range) == 2 &&
            readInteger(json_array_get_element(range, 0), least) &&
            readInteger(json_array_get_element(range, 1), most) && least <= most)
            return draws_.between(least, most);
        if (!range && readInteger(node, least))
            return least;
        fail(std::string("wants '") + name + "' as a whole number that is not negative, or as [least, most]");
        return std::nullopt;
    }

    int small(const char *name, int usual) {
        const std::int64_t value = number(name).value_or(usual);
        if (value > G_MAXINT)
            fail(std::string("has a '") + name + "' that is too large");
        return static_cast<int>(std::min<std::int64_t>(value, G_MAXINT));
    }

    void readWhen(Fault &fault) {
        if (const auto byte = number("atByte"))
            fault.atByte = static_cast<std::uint64_t>(*byte);
        fault.afterMs = number("afterMs");
        fault.connectedMs = number("connectedMs");
        if (JsonNode *node = member("atStop")) {
            if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_BOOLEAN)
                fault.atStop = json_node_get_boolean(node);
            else
                fail("wants 'atStop' as true or false");
        }
        fault.times = small("times", 1);
        fault.forMs = number("forMs").value_or(0);
        fault.openConnections = choice("connections", "all", "open") == "open";
    }

    void readWhat(Fault &fault) {
        // Only what belongs to the kind is known; everything else is reported as a key it does not take.
        switch (fault.kind) {
        case FaultKind::kClose:
            fault.code = small("code", 0);
            fault.reason = text("reason");
            break;
        case FaultKind::kSend:
            readPayload(fault);
            break;
        case FaultKind::kRefusePost:
        case FaultKind::kRefuseUpgrade:
            fault.status = small("status", 0);
            fault.message = text("message");
            fault.retryAfterS = small("retryAfterS", 0);
            break;
        case FaultKind::kDelay:
            fault.delayMs = number("delayMs").value_or(0);
            break;
        case FaultKind::kThrottle:
            fault.bytesPerSecond = static_cast<std::uint64_t>(number("bytesPerSecond").value_or(0));
            break;
        case FaultKind::kOutage:
            fault.silent = choice("how", "refused", "silent") == "silent";
            break;
        case FaultKind::kRestart:
            fault.forgetSessions = choice("sessions", "kept", "forgotten") == "forgotten";
            break;
        default:
            break;
        }
    }

    void readPayload(Fault &fault) {
        if (std::string given = text("text"); json_object_has_member(object_, "text"))
            fault.text = std::move(given);
        const std::string name = text("payload");
        const std::int64_t bytes = number("bytes").value_or(kOversized);
        if (bytes < 2 || bytes > (64 << 20)) {
            fail("wants 'bytes' of 2 to 64 MiB");
            return;
        }
        if (name.empty())
            return;
        const auto payload = payloadNamed(name, bytes);
        if (!payload)
            fail("knows no payload '" + name + "'");
        else if (fault.text)
            fail("takes a 'text' or a 'payload', not both");
        else
            fault.text = *payload;
    }

    void refuseUnknown() {
        JsonObjectIter iter;
        const char *name = nullptr;
        json_object_iter_init_ordered(&iter, object_);
        while (json_object_iter_next_ordered(&iter, &name, nullptr)) {
            bool known = std::strcmp(name, "copies") == 0;
            for (const auto &each : known_)
                known = known || each == name;
            if (!known)
                fail("does not take '" + std::string(name) + "'");
        }
    }

    JsonObject *object_;
    Draws &draws_;
    std::string problem_;
    std::vector<std::string> known_;
};

std::size_t copiesOf(JsonObject *entry, std::string &problem) {
    if (!json_object_has_member(entry, "copies"))
        return 1;
    JsonNode *node = json_object_get_member(entry, "copies");
    const bool number = JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64;
    const gint64 copies = number ? json_node_get_int(node) : 0;
    if (copies < 1 || copies > static_cast<gint64>(kMostFaults)) {
        problem = "wants 'copies' of 1 to " + std::to_string(kMostFaults);
        return 0;
    }
    return static_cast<std::size_t>(copies);
}

void readEntry(JsonNode *node, Draws &draws, FaultScript &script) {
    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        script.problem = "is no object";
        return;
    }
    JsonObject *object = json_node_get_object(node);
    const std::size_t copies = copiesOf(object, script.problem);
    for (std::size_t i = 0; i < copies && script.problem.empty(); i++) {
        EntryReader reader(object, draws);
        script.faults.push_back(reader.read());
        script.problem = reader.problem();
        if (script.problem.empty() && script.faults.size() > kMostFaults)
            script.problem =
                "is one too many: a script has at most " + std::to_string(kMostFaults) + " faults";
    }
}

JsonObjectRef stateObject(const Faults::State &state) {
    const Fault &fault = state.fault;
    JsonObjectRef object(json_object_new());
    const auto setNumber = [&](const char *name, std::int64_t value) {
        json_object_set_int_member(object.get(), name, value);
    };
    setNumber("id", static_cast<gint64>(state.id));
    json_object_set_string_member(object.get(), "do", nameOf(fault.kind));
    json_object_set_string_member(object.get(), "phase",
                                  state.phase == Faults::Phase::kWaiting  ? "waiting"
                                  : state.phase == Faults::Phase::kActive ? "active"
                                                                          : "over");
    setNumber("happened", static_cast<gint64>(state.happened));
    setNumber("times", fault.times);
    if (fault.atByte)
        setNumber("atByte", static_cast<gint64>(*fault.atByte));
    if (fault.afterMs)
        setNumber("afterMs", *fault.afterMs);
    if (fault.connectedMs)
        setNumber("connectedMs", *fault.connectedMs);
    if (fault.atStop)
        json_object_set_boolean_member(object.get(), "atStop", TRUE);
    if (fault.forMs > 0)
        setNumber("forMs", fault.forMs);
    return object;
}

} // namespace

FaultScript parseFaultScript(std::string_view json, Draws &draws) {
    FaultScript script;
    const JsonObjectRef root = support::parseObject(json, script.problem);
    if (!root)
        return script;
    JsonNode *list = json_object_get_member(root.get(), "faults");
    if (!list || !JSON_NODE_HOLDS_ARRAY(list) || json_object_get_size(root.get()) != 1) {
        script.problem = R"(A fault script is an object with one member, "faults", an array)";
        return script;
    }
    JsonArray *entries = json_node_get_array(list);
    for (guint i = 0; i < json_array_get_length(entries) && script.problem.empty(); i++) {
        readEntry(json_array_get_element(entries, i), draws, script);
        if (!script.problem.empty())
            script.problem = "Fault " + std::to_string(i + 1) + ": " + script.problem;
    }
    if (!script.problem.empty())
        script.faults.clear();
    return script;
}

std::string faultListJson(const std::vector<Faults::State> &states) {
    JsonArray *list = json_array_new();
    for (const auto &state : states)
        json_array_add_object_element(list, stateObject(state).release());
    JsonObjectRef object(json_object_new());
    json_object_set_array_member(object.get(), "faults", list);
    return support::toText(std::move(object));
}

} // namespace lt::emulator
