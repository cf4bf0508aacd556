// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/MeasureCommand.h"

#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/image/ImageIo.h"
#include "core/tensor/Runtime.h"
#include "core/training/scoring/MeasureRun.h"

namespace ochre::app {
namespace {

/// What comes with Ochre for it.
std::string usualModel(const std::string& task) {
    return task == "click" ? "segment" : task == "low_light" ? "low-light" : "denoise";
}

/// Null for the PSNR of equal pictures.
Json numberJson(double value) {
    return std::isfinite(value) ? Json(value) : Json();
}

Json figuresJson(const training::Figures& figures, bool masks) {
    if (masks) return {{"iou", figures.first}};
    return {{"psnr", numberJson(figures.first)}, {"ssim", figures.ssim}};
}

Json pictureJson(const training::MeasuredPicture& picture, bool masks) {
    Json json{{"name", picture.name}, {"baseline", figuresJson(picture.baseline, masks)}, {"model", figuresJson(picture.model, masks)}};
    if (picture.given) json["given"] = figuresJson(*picture.given, masks);
    if (picture.strength > 0) json["strength"] = picture.strength;
    return json;
}

} // namespace

Json measureCommand(const ModelRequest& request) {
    const Json& o = request.options;
    const auto text = [&](const char* key) { return o.value(key, std::string()); };
    const std::string task = text("task"), asked = text("model"), name = asked.empty() ? usualModel(task) : asked;
    const std::filesystem::path model = paths::findModel(name);
    if (model.empty()) throw Error(name + ": there is no such file or model", "give the path of a model with --model");
    training::MeasureRequest measure{.task = task, .pictures = text("pictures"), .truth = text("truth"), .cutouts = text("cutouts"),
                                     .baseline = text("baseline"), .model = model, .seed = o.value("seed", std::uint64_t{1}),
                                     .count = o.value("count", std::size_t{0}), .side = o.value("side", 512),
                                     .sheet = !text("output").empty(), .progress = request.progress, .cancel = request.cancel};
    tensor::useThreads();
    const training::MeasureOutcome outcome = training::measure(measure);
    if (measure.sheet) writeImage(outcome.sheet, text("output"));
    Json pictures = Json::array();
    for (const training::MeasuredPicture& picture : outcome.pictures) pictures.push_back(pictureJson(picture, outcome.masks));
    Json result{{"ok", true}, {"task", task}, {"model", model.string()}, {"baseline", outcome.baseline}, {"seed", measure.seed},
                {"pictures", std::move(pictures)}, {"mean", pictureJson(outcome.mean, outcome.masks)},
                {"margin", numberJson(outcome.margin)}, {"median_margin", numberJson(outcome.medianMargin)}};
    if (measure.sheet) result["output"] = text("output");
    return result;
}

} // namespace ochre::app
