// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/ScoreCommand.h"

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/image/ImageIo.h"
#include "core/tensor/Runtime.h"
#include "core/training/scoring/MakeStarterWords.h"
#include "core/training/scoring/ScoreRun.h"

namespace ochre::app {
namespace {

/// A path, or the name of a checkpoint in the models folder.
std::filesystem::path modelFile(const std::string& name) {
    if (name.empty()) return {};
    std::filesystem::path file = paths::findModel(name, "checkpoints");
    if (file.empty()) throw Error(name + ": there is no such file or model", "give the path of a checkpoint");
    return file;
}

Json resultJson(const training::ScoreOutcome& outcome) {
    Json kinds = Json::array(), pictures = Json::array();
    for (const training::ScoredKind& kind : outcome.kinds)
        kinds.push_back({{"kind", kind.kind}, {"right", kind.right}, {"prompts", kind.prompts}, {"candidates", kind.candidates},
                         {"share", static_cast<double>(kind.right) / static_cast<double>(kind.prompts)}});
    for (const training::ScoredPicture& picture : outcome.pictures)
        pictures.push_back({{"kind", picture.kind}, {"prompt", picture.prompt}, {"concept", picture.meaning},
                            {"right", picture.rank == 1}, {"rank", picture.rank}, {"taken_for", picture.taken},
                            {"cosine", picture.cosine}});
    return {{"ok", true}, {"scorer", outcome.scorer.string()}, {"kinds", std::move(kinds)}, {"pictures", std::move(pictures)}};
}

} // namespace

Json scoreCommand(const ModelRequest& request) {
    const Json& o = request.options;
    if (const auto folder = o.value("write_prompts", std::string()); !folder.empty()) {
        Json files = Json::array();
        for (const auto& file : training::writeOwnPrompts(folder)) files.push_back(file.string());
        return {{"ok", true}, {"files", std::move(files)}};
    }
    if (const auto file = o.value("write_words", std::string()); !file.empty()) {
        tensor::useThreads();
        training::writeStarterWords(file);
        return {{"ok", true}, {"files", {file}}};
    }
    const auto output = o.value("output", std::string());
    training::ScoreRequest score{.model = modelFile(o.value("model", std::string())),
                                 .scorer = o.value("scorer", std::string()),
                                 .prompts = {},
                                 .count = o.value("count", std::size_t{0}),
                                 .sampler = o.value("sampler", std::string("dpmpp_2m")),
                                 .steps = o.value("steps", 20),
                                 .cfg = o.value("cfg", 3.0),
                                 .seed = o.value("seed", std::uint64_t{1}),
                                 .sheet = !output.empty(),
                                 .progress = {},
                                 .cancel = request.cancel};
    for (const Json& file : o.value("prompts", Json::array())) score.prompts.emplace_back(file.get<std::string>());
    score.progress = Progress([&](double, std::string_view what) {
        if (request.note) request.note(fmt::format("{}\n", what));
    });
    tensor::useThreads();
    const training::ScoreOutcome outcome = training::score(score);
    if (!output.empty()) writeImage(outcome.sheet, output);
    Json result = resultJson(outcome);
    result["model"] = score.model.empty() ? Json("real pictures") : Json(score.model.string());
    if (!output.empty()) result["output"] = output;
    return result;
}

} // namespace ochre::app
