// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/sphinxtranscriber/model_files.h"

#include <filesystem>
#include <system_error>

#include <unistd.h>

namespace lt::sphinx {

namespace {

namespace fs = std::filesystem;

constexpr const char *kPackage = "pocketsphinx-en-us";
constexpr const char *kAcousticModel = "en-us/en-us";
constexpr const char *kDictionary = "en-us/cmudict-en-us.dict";
constexpr const char *kLanguageModel = "en-us/en-us.lm.bin";

bool isFile(const fs::path &path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored) && access(path.c_str(), R_OK) == 0;
}

bool isAcousticModel(const fs::path &path) {
    return isFile(path / "mdef");
}

/// The root that has the English model; the first when none has it, so that messages can name a path.
fs::path standardRoot(const std::vector<std::string> &roots) {
    for (const std::string &root : roots)
        if (isAcousticModel(fs::path(root) / kAcousticModel))
            return root;
    return roots.empty() ? fs::path() : fs::path(roots.front());
}

/// Says whether a default is missing, which a package brings, or what the user named.
std::string missing(const char *what, const std::string &path, bool isDefault) {
    const std::string text = std::string("The ") + what + " " + path;
    if (isDefault)
        return text + " is not there. Install the package " + kPackage +
               ", or set the properties model-dir, " + "dictionary and language-model.";
    return text + " is not there or cannot be read.";
}

} // namespace

std::optional<ModelFiles> resolveModel(ModelFiles wanted, const std::vector<std::string> &roots,
                                       std::string &error) {
    const fs::path root = standardRoot(roots);
    const auto fill = [&](std::string &path, const char *standard) {
        const bool isDefault = path.empty();
        if (isDefault)
            path = (root / standard).string();
        return isDefault;
    };
    wanted.standard = fill(wanted.acousticModel, kAcousticModel);
    if (!isAcousticModel(wanted.acousticModel)) {
        error = missing("acoustic model", wanted.acousticModel + " (a directory with a file mdef)",
                        wanted.standard);
        return std::nullopt;
    }
    if (const bool isDefault = fill(wanted.dictionary, kDictionary); !isFile(wanted.dictionary)) {
        error = missing("dictionary", wanted.dictionary, isDefault);
        return std::nullopt;
    }
    if (!wanted.grammar.empty()) {
        wanted.languageModel.clear();
        if (isFile(wanted.grammar))
            return wanted;
        error = missing("grammar", wanted.grammar, false);
        return std::nullopt;
    }
    if (const bool isDefault = fill(wanted.languageModel, kLanguageModel); !isFile(wanted.languageModel)) {
        error = missing("language model", wanted.languageModel, isDefault);
        return std::nullopt;
    }
    return wanted;
}

} // namespace lt::sphinx
