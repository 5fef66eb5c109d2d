// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/sphinxtranscriber/model_files.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include <glib.h>

using namespace lt::sphinx;
namespace fs = std::filesystem;

namespace {

/// A folder for one test.
class Folder {
public:
    Folder() {
        std::string name = (fs::temp_directory_path() / "model-XXXXXX").string();
        path_ = g_mkdtemp(name.data());
    }
    ~Folder() { fs::remove_all(path_); }
    std::string file(const std::string &name) const {
        const fs::path path = path_ / name;
        fs::create_directories(path.parent_path());
        std::ofstream(path) << "x";
        return path.string();
    }
    /// As the package installs it.
    std::string model(const std::string &root) const {
        file(root + "/en-us/en-us/mdef");
        file(root + "/en-us/cmudict-en-us.dict");
        file(root + "/en-us/en-us.lm.bin");
        return (path_ / root).string();
    }
    std::string path(const std::string &name) const { return (path_ / name).string(); }

private:
    fs::path path_;
};

bool contains(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

} // namespace

static void without_wishes_it_is_the_english_model() {
    const Folder folder;
    const std::string root = folder.model("a");
    std::string error;
    const auto files = resolveModel({}, {folder.path("none"), root}, error);
    g_assert_true(files.has_value());
    g_assert_true(files->standard);
    g_assert_true(files->acousticModel == root + "/en-us/en-us");
    g_assert_true(files->dictionary == root + "/en-us/cmudict-en-us.dict");
    g_assert_true(files->languageModel == root + "/en-us/en-us.lm.bin");
}

static void a_missing_model_names_the_package() {
    const Folder folder;
    std::string error;
    g_assert_false(resolveModel({}, {folder.path("none")}, error).has_value());
    g_assert_true(contains(error, "pocketsphinx-en-us"));
    g_assert_true(contains(error, folder.path("none")));
    g_assert_false(resolveModel({}, {}, error).has_value());
}

static void what_the_user_names_is_used_and_missed_by_name() {
    const Folder folder;
    const std::string root = folder.model("a");
    folder.file("french/mdef");
    ModelFiles wanted;
    wanted.acousticModel = folder.path("french");
    wanted.dictionary = folder.file("french.dict");
    wanted.languageModel = folder.file("french.lm");
    std::string error;
    const auto files = resolveModel(wanted, {root}, error);
    g_assert_true(files.has_value());
    g_assert_false(files->standard);
    g_assert_cmpstr(files->languageModel.c_str(), ==, wanted.languageModel.c_str());

    for (std::string *field : {&wanted.acousticModel, &wanted.dictionary, &wanted.languageModel}) {
        const std::string was = std::exchange(*field, folder.path("nowhere"));
        g_assert_false(resolveModel(wanted, {root}, error).has_value());
        g_assert_true(contains(error, folder.path("nowhere")));
        g_assert_false(contains(error, "package"));
        *field = was;
    }
}

static void a_grammar_takes_the_place_of_the_language_model() {
    const Folder folder;
    const std::string root = folder.model("a");
    fs::remove(root + "/en-us/en-us.lm.bin");
    ModelFiles wanted;
    wanted.grammar = folder.file("commands.gram");
    std::string error;
    const auto files = resolveModel(wanted, {root}, error);
    g_assert_true(files.has_value());
    g_assert_true(files->languageModel.empty());
    wanted.grammar = folder.path("other.gram");
    g_assert_false(resolveModel(wanted, {root}, error).has_value());
    g_assert_true(contains(error, "other.gram"));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/model_files/without wishes it is the English model",
                    without_wishes_it_is_the_english_model);
    g_test_add_func("/model_files/a missing model names the package", a_missing_model_names_the_package);
    g_test_add_func("/model_files/what the user names is used, and missed by name",
                    what_the_user_names_is_used_and_missed_by_name);
    g_test_add_func("/model_files/a grammar takes the place of the language model",
                    a_grammar_takes_the_place_of_the_language_model);
    return g_test_run();
}
