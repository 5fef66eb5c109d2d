// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/rtmp/publish_door.h"

#include "lib/admission/token_check.h"

#include <ctime>
#include <vector>

namespace lt::rtmp {

namespace {

constexpr const char *kTokenName = "token";

struct StreamToken {
    std::string stream; ///< "" for every one
    std::string token;
};

std::vector<StreamToken> tokensOf(const std::string &list) {
    constexpr const char *kSeparators = " \t\r\n,";
    std::vector<StreamToken> tokens;
    for (std::size_t at = list.find_first_not_of(kSeparators); at != list.npos;
         at = list.find_first_not_of(kSeparators, at)) {
        const std::size_t end = std::min(list.find_first_of(kSeparators, at), list.size());
        const std::string word = list.substr(at, end - at);
        const auto colon = word.find(':');
        if (colon != word.npos && isStreamName(word.substr(0, colon)) && colon + 1 < word.size())
            tokens.push_back({word.substr(0, colon), word.substr(colon + 1)});
        else
            tokens.push_back({"", word});
        at = end;
    }
    return tokens;
}

Refusal unauthenticated(std::string why) {
    return {RefusalCode::Unauthenticated, std::move(why)};
}

class TokenDoor final : public PublishDoor {
public:
    TokenDoor(std::vector<StreamToken> tokens, std::string jwtKey)
        : tokens_(std::move(tokens)), webTokens_("", std::move(jwtKey)) {}

    std::optional<Refusal> admit(const PublishAttempt &attempt) override {
        const std::string *credential = nullptr;
        for (const auto &[name, value] : attempt.address.query) {
            if (name == kTokenName && !credential)
                credential = &value;
        }
        if (!credential || credential->empty())
            return unauthenticated("A token is needed: add ?token=… to the stream name.");
        // All are compared, so that the time does not tell which one was near.
        bool right = false;
        for (const auto &[stream, token] : tokens_) {
            const bool same = equalInConstantTime(token, *credential);
            right = right || (same && (stream.empty() || stream == attempt.address.stream));
        }
        if (right)
            return std::nullopt;
        if (!webTokens_.wanted())
            return unauthenticated("The token is wrong.");
        return admitBearer(*credential, attempt.address.stream);
    }

private:
    std::optional<Refusal> admitBearer(const std::string &credential, const std::string &stream) const {
        const auto answer = webTokens_.check(credential, std::time(nullptr));
        if (const auto *refusal = std::get_if<Refusal>(&answer))
            return *refusal;
        const auto &permission = std::get<Permission>(answer);
        if (!permission.allows(stream))
            return unauthenticated("The token is for another stream.");
        if (!permission.mayPublish)
            return unauthenticated("The token's role is not publisher.");
        return std::nullopt;
    }

    const std::vector<StreamToken> tokens_;
    const TokenCheck webTokens_;
};

} // namespace

std::shared_ptr<PublishDoor> makeTokenDoor(const PublishTokens &settings, std::string &problem) {
    std::vector<StreamToken> tokens;
    std::string key;
    if (settings.tokens.set()) {
        const auto list = readSecret(settings.tokens, "publishers' tokens", problem);
        if (!list)
            return nullptr;
        tokens = tokensOf(*list);
        if (tokens.empty()) {
            problem = "The list of publishers' tokens is empty.";
            return nullptr;
        }
    }
    if (settings.jwtKey.set()) {
        const auto read = readSecret(settings.jwtKey, "key of the publishers' web tokens", problem);
        if (!read)
            return nullptr;
        key = *read;
        if (!TokenCheck::knowsJwt()) {
            problem = "This build knows no JSON Web Tokens.";
            return nullptr;
        }
    }
    return std::make_shared<TokenDoor>(std::move(tokens), std::move(key));
}

} // namespace lt::rtmp
