// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/settings.h"

#include "pipelines/livetranscriptd/env_file.h"

#include <glib.h>

using namespace lt::service;

namespace {

void same(const std::string &actual, const std::string &expected) {
    g_assert_cmpstr(actual.c_str(), ==, expected.c_str());
}

const SettingSource kKey{Origin::Environment, "environment", {{"GLADIA_API_KEY", "sesame"}}};

SettingsResolution resolve(std::vector<SettingSource> sources) {
    sources.push_back(kKey);
    return resolveSettings(sources);
}

std::string theOnly(const std::vector<std::string> &sentences) {
    g_assert_cmpuint(sentences.size(), ==, 1);
    return sentences.front();
}

void the_strongest_source_wins() {
    const SettingSource keyFile{Origin::KeyFile, "keys", {{"PORT", "1"}, {"HOST", "10.0.0.1"}}};
    const SettingSource config{Origin::ConfigFile, "config.env", {{"PORT", "2"}, {"RTMP_PORT", "22"}}};
    const SettingSource environment{Origin::Environment, "environment", {{"PORT", "3"}, {"RTMP_APP", "x"}}};
    const SettingSource line{Origin::CommandLine, "command line", {{"PORT", "4"}}};
    const auto [settings, problems, warnings] = resolve({line, environment, config, keyFile});
    g_assert_true(problems.empty());
    g_assert_true(warnings.empty());
    g_assert_cmpint(settings.number(Setting::Port), ==, 4);
    g_assert_true(settings.origin(Setting::Port) == Origin::CommandLine);
    same(settings.text(Setting::RtmpApp), "x");
    g_assert_cmpint(settings.number(Setting::RtmpPort), ==, 22);
    same(settings.text(Setting::Host), "10.0.0.1");
    g_assert_true(settings.origin(Setting::Host) == Origin::KeyFile);
    g_assert_cmpint(settings.number(Setting::PcmChunkSizeMs), ==, 50);
    g_assert_true(settings.origin(Setting::PcmChunkSizeMs) == Origin::Default);
}

void limits_are_never_taken_from_the_key_file() {
    const SettingSource keyFile{Origin::KeyFile, "keys", {{"BACKPRESSURE_MAX_STREAMS", "1"}}};
    const auto resolution = resolve({keyFile});
    g_assert_cmpint(resolution.settings.number(Setting::MaxStreams), ==, 100);
    g_assert_nonnull(strstr(theOnly(resolution.warnings).c_str(), "BACKPRESSURE_MAX_STREAMS"));
}

void a_bad_value_is_refused_with_source_name_and_range() {
    static const struct {
        const char *name, *value, *said;
    } kBad[] = {
        {"PORT", "70000", "config.env: PORT is \"70000\", it must be a whole number from 0 to 65535"},
        {"PORT", "", "config.env: PORT is \"\", it must be a whole number from 0 to 65535"},
        {"PORT", "12x", "config.env: PORT is \"12x\", it must be a whole number from 0 to 65535"},
        {"FLUSH_INTERVAL_MS", "-2",
         "config.env: FLUSH_INTERVAL_MS is \"-2\", it must be a whole number from -1 to 1000"},
        {"STT", "whisper", "config.env: STT is \"whisper\", it must be one of gladia|local"},
        {"HOST", "a\"b", "config.env: HOST may hold neither quotes, backslashes nor control characters"},
    };
    for (const auto &bad : kBad) {
        const SettingSource config{Origin::ConfigFile, "config.env", {{bad.name, bad.value}}};
        same(theOnly(resolve({config}).problems), bad.said);
    }
    const SettingSource http{Origin::ConfigFile, "config.env", {{"REALTIME_BROADCAST_MODE", "http"}}};
    g_assert_nonnull(strstr(theOnly(resolve({http}).problems).c_str(), "does not exist here yet"));
}

void a_name_that_is_no_setting_is_told_unless_it_is_the_environments() {
    const SettingSource environment{Origin::Environment, "environment", {{"PATH", "/bin"}}};
    g_assert_true(resolve({environment}).warnings.empty());
    const SettingSource config{Origin::ConfigFile, "config.env", {{"PROT", "3000"}}};
    same(theOnly(resolve({config}).warnings), "config.env: PROT is no setting and is ignored");
}

void without_a_key_only_the_offline_recogniser_is_left() {
    g_assert_nonnull(strstr(theOnly(resolveSettings({}).problems).c_str(), "STT=local"));
    const SettingSource local[] = {{Origin::Environment, "environment", {{"STT", "local"}}}};
    g_assert_true(resolveSettings(local).problems.empty());
}

void the_report_has_every_setting_and_no_secret() {
    const SettingSource config{
        Origin::ConfigFile, "config.env", {{"DATABASE_URL", "postgresql://me:opensesame@db/captions"}}};
    const auto report = resolve({config}).settings.report();
    for (const SettingSpec &spec : settingSpecs())
        g_assert_nonnull(strstr(report.c_str(), (std::string(spec.name) + "=").c_str()));
    g_assert_null(strstr(report.c_str(), "sesame"));
    g_assert_nonnull(strstr(report.c_str(), "GLADIA_API_KEY=********  # environment\n"));
    g_assert_nonnull(
        strstr(report.c_str(),
               "DATABASE_URL=postgresql://me:********@db/captions  # configuration file config.env\n"));
    g_assert_nonnull(strstr(report.c_str(), "PORT=3000  # default\n"));
}

void a_password_is_hidden_wherever_it_stands() {
    static const struct {
        const char *uri, *shown;
    } kUris[] = {
        {"captions.sqlite", "captions.sqlite"},
        {"postgresql://db/x", "postgresql://db/x"},
        {"postgresql://me@db/x", "postgresql://me@db/x"},
        {"postgresql://me:p@ss@db/x", "postgresql://me:********@db/x"},
        {"postgresql://me:p/x@db", "postgresql://me:********@db"},
        {"postgresql://db/x?password=p&user=me", "postgresql://db/x?password=********&user=me"},
        {"postgresql:///x?user=me&password=p", "postgresql:///x?user=me&password=********"},
    };
    for (const auto &each : kUris)
        same(withoutPassword(each.uri), each.shown);
}

void a_file_of_settings_is_read_as_others_read_it() {
    const auto file =
        parseEnvFile("# comment\n\nPORT=3001\r\nexport HOST = 0.0.0.0 \nA=\"b c\"\nB='d'\nC=e=f\n"
                     "PORT=3002\nEMPTY=\n");
    same(file.problem, "");
    const std::map<std::string, std::string, std::less<>> expected{
        {"PORT", "3002"}, {"HOST", "0.0.0.0"}, {"A", "b c"}, {"B", "d"}, {"C", "e=f"}, {"EMPTY", ""}};
    g_assert_true(file.values == expected);
    same(parseEnvFile("PORT=1\nsesame\n").problem, "line 2 is not of the form NAME=VALUE");
}

void a_key_file_may_hold_the_bare_key() {
    same(parseKeyFile(" sesame \n\n").values.at("GLADIA_API_KEY"), "sesame");
    same(parseKeyFile("# keys\nGLADIA_API_KEY=sesame\n").values.at("GLADIA_API_KEY"), "sesame");
    g_assert_true(parseKeyFile("").values.empty());
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/settings/the_strongest_source_wins", the_strongest_source_wins);
    g_test_add_func("/settings/limits_are_never_taken_from_the_key_file",
                    limits_are_never_taken_from_the_key_file);
    g_test_add_func("/settings/a_bad_value_is_refused_with_source_name_and_range",
                    a_bad_value_is_refused_with_source_name_and_range);
    g_test_add_func("/settings/a_name_that_is_no_setting_is_told_unless_it_is_the_environments",
                    a_name_that_is_no_setting_is_told_unless_it_is_the_environments);
    g_test_add_func("/settings/without_a_key_only_the_offline_recogniser_is_left",
                    without_a_key_only_the_offline_recogniser_is_left);
    g_test_add_func("/settings/the_report_has_every_setting_and_no_secret",
                    the_report_has_every_setting_and_no_secret);
    g_test_add_func("/settings/a_password_is_hidden_wherever_it_stands",
                    a_password_is_hidden_wherever_it_stands);
    g_test_add_func("/settings/a_file_of_settings_is_read_as_others_read_it",
                    a_file_of_settings_is_read_as_others_read_it);
    g_test_add_func("/settings/a_key_file_may_hold_the_bare_key", a_key_file_may_hold_the_bare_key);
    return g_test_run();
}
