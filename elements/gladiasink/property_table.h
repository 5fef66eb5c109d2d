// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include <gst/gst.h>

namespace lt::gladia {

/// One property and the field of `Settings` that it sets. The ranges are GObject's to check.
template <typename Settings>
struct Property {
    struct Text {
        std::string Settings::*field;
    };
    /// May be written only.
    struct Secret {
        std::string Settings::*field;
    };
    struct Number {
        guint Settings::*field;
        guint least, most;
    };
    struct Real {
        double Settings::*field;
        double least, most;
    };
    struct Flag {
        bool Settings::*field;
    };
    struct Choice {
        int Settings::*field;
        GType (*type)();
    };
    struct Set {
        guint Settings::*field;
        GType (*type)();
    };

    const char *name, *nick, *blurb;
    std::variant<Text, Secret, Number, Real, Flag, Choice, Set> kind;
    guint mutability = GST_PARAM_MUTABLE_READY;
};

/// The properties of a struct; their ids count from `firstId`.
template <typename Settings>
class PropertyTable {
public:
    /// `defaults` live as long as the table.
    constexpr PropertyTable(guint firstId, std::span<const Property<Settings>> rows, const Settings &defaults)
        : firstId_(firstId), rows_(rows), defaults_(defaults) {}

    void install(GObjectClass *klass) const {
        guint id = firstId_;
        for (const auto &row : rows_)
            g_object_class_install_property(klass, id++, spec(row));
    }

    /// True when the property is one of these. The caller locks.
    bool set(Settings &settings, guint id, const GValue *value) const {
        const auto *row = find(id);
        if (row)
            std::visit([&](const auto &kind) { put(settings.*kind.field, kind, value); }, row->kind);
        return row;
    }

    bool get(const Settings &settings, guint id, GValue *value) const {
        const auto *row = find(id);
        if (row && !std::holds_alternative<typename P::Secret>(row->kind))
            std::visit([&](const auto &kind) { give(settings.*kind.field, kind, value); }, row->kind);
        return row;
    }

    /// True when `id` is that of the property `name`.
    bool isNamed(guint id, std::string_view name) const {
        const auto *row = find(id);
        return row && row->name == name;
    }

private:
    using P = Property<Settings>;

    const P *find(guint id) const {
        return id >= firstId_ && id - firstId_ < rows_.size() ? &rows_[id - firstId_] : nullptr;
    }

    GParamSpec *spec(const P &row) const {
        const bool secret = std::holds_alternative<typename P::Secret>(row.kind);
        const auto flags = static_cast<GParamFlags>((secret ? G_PARAM_WRITABLE : G_PARAM_READWRITE) |
                                                    G_PARAM_STATIC_STRINGS | row.mutability);
        return std::visit([&](const auto &kind) { return specOf(row, kind, flags); }, row.kind);
    }

    template <typename Kind>
    GParamSpec *specOf(const P &row, const Kind &kind, GParamFlags flags) const {
        const auto &value = defaults_.*kind.field;
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>)
            return g_param_spec_string(row.name, row.nick, row.blurb, value.empty() ? nullptr : value.c_str(),
                                       flags);
        else if constexpr (std::is_same_v<Kind, typename P::Number>)
            return g_param_spec_uint(row.name, row.nick, row.blurb, kind.least, kind.most, value, flags);
        else if constexpr (std::is_same_v<Kind, typename P::Real>)
            return g_param_spec_double(row.name, row.nick, row.blurb, kind.least, kind.most, value, flags);
        else if constexpr (std::is_same_v<Kind, typename P::Flag>)
            return g_param_spec_boolean(row.name, row.nick, row.blurb, value, flags);
        else if constexpr (std::is_same_v<Kind, typename P::Choice>)
            return g_param_spec_enum(row.name, row.nick, row.blurb, kind.type(), value, flags);
        else
            return g_param_spec_flags(row.name, row.nick, row.blurb, kind.type(), value, flags);
    }

    template <typename Kind, typename Field>
    static void put(Field &field, const Kind &, const GValue *value) {
        if constexpr (std::is_same_v<Field, std::string>) {
            const gchar *text = g_value_get_string(value);
            field = text ? text : "";
        } else if constexpr (std::is_same_v<Kind, typename P::Number>)
            field = g_value_get_uint(value);
        else if constexpr (std::is_same_v<Kind, typename P::Real>)
            field = g_value_get_double(value);
        else if constexpr (std::is_same_v<Kind, typename P::Flag>)
            field = g_value_get_boolean(value);
        else if constexpr (std::is_same_v<Kind, typename P::Choice>)
            field = g_value_get_enum(value);
        else
            field = g_value_get_flags(value);
    }

    template <typename Kind, typename Field>
    static void give(const Field &field, const Kind &, GValue *value) {
        if constexpr (std::is_same_v<Field, std::string>)
            g_value_set_string(value, field.empty() ? nullptr : field.c_str());
        else if constexpr (std::is_same_v<Kind, typename P::Number>)
            g_value_set_uint(value, field);
        else if constexpr (std::is_same_v<Kind, typename P::Real>)
            g_value_set_double(value, field);
        else if constexpr (std::is_same_v<Kind, typename P::Flag>)
            g_value_set_boolean(value, field);
        else if constexpr (std::is_same_v<Kind, typename P::Choice>)
            g_value_set_enum(value, field);
        else
            g_value_set_flags(value, field);
    }

    const guint firstId_;
    const std::span<const P> rows_;
    const Settings &defaults_;
};

/// Registers an enumeration or a set of flags, once; `values` end with a null row and live for ever.
GType registeredEnum(gsize &once, const char *name, const GEnumValue *values);
GType registeredFlags(gsize &once, const char *name, const GFlagsValue *values);

} // namespace lt::gladia
