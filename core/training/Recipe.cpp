// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/Recipe.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/Error.h"
#include "core/tensor/Runtime.h"

namespace ochre::training {
namespace {

using graph::Parameter;
using graph::ParameterKind;

Parameter whole(const char* id, const char* label, const char* help, std::int64_t value, double min) {
    return {.id = id, .label = label, .help = help, .kind = ParameterKind::Int, .defaultValue = value, .min = min};
}

Parameter real(const char* id, const char* label, const char* help, double value, double min, double max, double step) {
    return {.id = id, .label = label, .help = help, .kind = ParameterKind::Float, .defaultValue = value, .min = min, .max = max,
            .step = step};
}

} // namespace

Settings::Settings(const std::vector<Parameter>& parameters, const std::map<std::string, std::string>& set) {
    for (const Parameter& parameter : parameters) m_values[parameter.id] = parameter.check(parameter.defaultValue);
    for (const auto& [id, text] : set) {
        const auto it = std::find_if(parameters.begin(), parameters.end(), [&](const Parameter& p) { return p.id == id; });
        if (it == parameters.end()) {
            std::vector<std::string> names;
            for (const Parameter& parameter : parameters) names.push_back(parameter.id);
            throw Error(fmt::format("training: there is no setting \"{}\"", id),
                        fmt::format("there are {}", fmt::join(names, ", ")));
        }
        m_values[id] = it->parse(text);
    }
}

Json Settings::toJson() const {
    Json json = Json::object();
    for (const auto& [id, value] : m_values) json[id] = graph::toJson(value);
    return json;
}

std::vector<Parameter> commonParameters(const CommonDefaults& d) {
    return {whole("steps", "Steps", "How many times the weights move.", d.steps, 1),
            whole("batch", "Batch", "Examples of one part of a step.", d.batch, 1),
            whole("parts", "Parts", "How many parts a step is summed from. More need no more memory, and several processes share them.", d.parts, 1),
            real("learning_rate", "Learning rate", "The highest, after the warm-up; it then falls along a cosine.", d.learningRate, 0, 1, 1e-5),
            whole("warm_up", "Warm-up", "Steps in which the learning rate rises.", d.warmUp, 0),
            real("weight_decay", "Weight decay", "How strongly weights are drawn to zero.", d.weightDecay, 0, 10, 0.001),
            real("clip", "Clip", "Longest gradient that is taken in full; 0: any.", 1.0, 0, 1e9, 0.1),
            real("average", "Average", "Share that the moving average of the weights, which is what is saved, keeps at each step.", d.average, 0, 0.99999, 1e-4),
            {.id = "optimizer", .label = "Optimizer",
             .help = "Muon moves matrices and kernels of whole networks by orthogonal steps, which takes longer and learns more by each.",
             .kind = ParameterKind::Choice, .defaultValue = std::string(d.optimizer),
             .choices = {{"adamw", "AdamW"}, {"muon", "Muon"}}, .advanced = true},
            {.id = "seed", .label = "Seed", .help = "Of the first weights, the order of examples and all noise.",
             .kind = ParameterKind::Seed, .defaultValue = std::int64_t{0}, .min = 0},
            {.id = "dtype", .label = "Numbers", .help = "What is computed with; the weights are kept in float32.",
             .kind = ParameterKind::Choice, .defaultValue = std::string("auto"),
             .choices = {{"auto", "Automatic"}, {"float32", "float32"}, {"bfloat16", "bfloat16"}}, .advanced = true}};
}

OptimizerOptions optimizerOptions(const Settings& settings) {
    return {.method = settings.text("optimizer") == "muon" ? OptimizerMethod::Muon : OptimizerMethod::AdamW,
            .learningRate = settings.number("learning_rate"),
            .warmUp = settings.integer("warm_up"),
            .steps = settings.integer("steps"),
            .weightDecay = settings.number("weight_decay"),
            .clip = settings.number("clip"),
            .average = settings.number("average")};
}

at::ScalarType computeType(const Settings& settings) {
    const auto precision = tensor::choosePrecision(tensor::precisionFromName(settings.text("dtype")), tensor::Device::Cpu);
    return precision == tensor::Precision::Bfloat16 ? at::kBFloat16 : at::kFloat;
}

Parameter deviceParameter() {
    return {.id = "device", .label = "Device", .help = "What computes. The same seed starts alike on each and rounds differently.",
            .kind = ParameterKind::Choice, .defaultValue = std::string("auto"),
            .choices = {{"auto", "The fastest there is"}, {"cpu", "CPU"}, {"cuda", "NVIDIA GPU (CUDA)"}}, .advanced = true};
}

tensor::Device computeDevice(const Settings& settings) {
    return tensor::deviceFromName(settings.text("device"));
}

} // namespace ochre::training
