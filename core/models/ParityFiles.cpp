// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/ParityFiles.h"

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Json.h"
#include "core/models/sampling/SamplingParity.h"
#include "core/models/text/ClipTokenizer.h"
#include "core/models/text/WordPieceTokenizer.h"

namespace ochre::models {
namespace {

constexpr std::size_t kLongestCase = std::size_t{64} << 20;

using Ids = std::vector<int>;

/// Whether the text gives the ids, mended or not where the case says that this matters, and these the text
/// again.
bool clipAgrees(const Json& one) {
    const ClipTokenizer& tokenizer = ClipTokenizer::shared();
    const auto text = one.at("text").get<std::string>();
    const Ids ids = tokenizer.encode(text);
    if (ids == one.at("ids").get<Ids>())
        return !one.contains("decoded") || tokenizer.decode(ids) == one.at("decoded").get<std::string>();
    return one.value("needs_ftfy", false) && ids == one.value("ids_without_ftfy", Ids());
}

/// The case's ids have start and end.
bool wordPieceAgrees(const Json& one) {
    const WordPieceTokenizer& tokenizer = WordPieceTokenizer::shared();
    const Ids ids = tokenizer.encode(one.at("text").get<std::string>());
    return tokenizer.framed(ids, ids.size() + 2) == one.at("ids").get<Ids>();
}

/// The difference is the number of texts that disagree.
void runTokenizer(const std::filesystem::path& path, ParityResult& result) {
    const Json file = parseJson(readTextFile(path, kLongestCase), path.string());
    const auto name = file.value("tokenizer", std::string());
    bool (*const agrees)(const Json&) = name == "clip_bpe"    ? clipAgrees
                                        : name == "wordpiece" ? wordPieceAgrees
                                                              : nullptr;
    if (!agrees) {
        result.detail = fmt::format("tokenizer {} is not built yet", name);
        return;
    }
    for (const Json& one : file.at("cases")) {
        if (agrees(one)) continue;
        if (result.detail.empty()) result.detail = fmt::format("{} gives other ids", one.at("text").dump());
        ++result.difference;
    }
    result.verdict = result.difference == 0 ? ParityResult::Verdict::Pass : ParityResult::Verdict::Fail;
}

} // namespace

const std::vector<ParityFileKind>& parityFileKinds() {
    static const std::vector<ParityFileKind> all{
        {"tokenizers", runTokenizer},
        {"samplers", sampling::runSamplerParity},
        {"schedules", sampling::runScheduleParity},
        {"prediction", sampling::runPredictionParity},
    };
    return all;
}

} // namespace ochre::models
