// SPDX-License-Identifier: GPL-3.0-or-later
// What can be trained: a network, its loss on a batch, and what comes out. To add a recipe: a source in recipes/ with its
// description and a line in Recipes.cpp; panel and command line come from the description.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Cancel.h"
#include "core/base/Json.h"
#include "core/base/Progress.h"
#include "core/graph/Parameter.h"
#include "core/image/Image.h"
#include "core/tensor/Runtime.h"
#include "core/training/Trainer.h"

namespace ochre::training {

/// Values of a recipe's parameters: what was set, else the default.
class Settings {
public:
    Settings() = default;
    /// Throws Error for a name that is none of `parameters` and for values out of range.
    Settings(const std::vector<graph::Parameter>& parameters, const std::map<std::string, std::string>& set);

    std::int64_t integer(const std::string& id) const { return std::get<std::int64_t>(m_values.at(id)); }
    double number(const std::string& id) const { return std::get<double>(m_values.at(id)); }
    bool flag(const std::string& id) const { return std::get<bool>(m_values.at(id)); }
    const std::string& text(const std::string& id) const { return std::get<std::string>(m_values.at(id)); }
    Json toJson() const;

private:
    std::map<std::string, graph::ParameterValue> m_values;
};

/// Where a recipe works.
struct Workplace {
    std::filesystem::path folder; ///< for results and for what is computed once: latents, states of texts
    std::function<void(const std::string& text)> say = [](const std::string&) {};
    Progress progress;
    Cancel cancel;
};

class Recipe {
public:
    virtual ~Recipe() = default;
    virtual Parameters& parameters() = 0;
    /// Computes what is needed once and builds the networks; before anything else, outside of learn().
    virtual void prepare(const Workplace& place) = 0;
    /// Mean loss over part `part` of step `step`: the same for the same numbers. In tensor::learn().
    virtual Tensor loss(std::int64_t step, int part) = 0;
    /// A picture of what the averaged weights can do, to be seen while it trains; or nothing.
    virtual std::optional<Image> samples() { return std::nullopt; }
    /// Figures on examples that it does not train on: {"psnr": 31.2}.
    virtual Json measure() { return Json::object(); }
    /// Writes the result into the folder and gives the file's name.
    virtual std::string save(const std::filesystem::path& folder, std::int64_t steps) = 0;
};

struct TrainingRequest;
struct TrainingObserver;
struct TrainingOutcome;

struct RecipeInfo {
    std::string id, label, help;
    std::vector<graph::Parameter> parameters; ///< with those that all have: commonParameters()
    std::function<std::unique_ptr<Recipe>(const Settings&)> make;
    /// Trains what its survey compares, in folders below the request's, and writes report.html there, which is then the
    /// result. Empty where there is none.
    std::function<TrainingOutcome(const TrainingRequest&, Group&, const TrainingObserver&)> report;
};

/// "steps", "batch", "parts", "learning_rate", "warm_up", "weight_decay", "clip", "average", "optimizer", "seed", "dtype", with these
/// defaults.
struct CommonDefaults {
    std::int64_t steps = 10000, batch = 16, parts = 1, warmUp = 200;
    double learningRate = 3e-4, weightDecay = 0.01, average = 0.999;
    const char* optimizer = "adamw";
};
std::vector<graph::Parameter> commonParameters(const CommonDefaults& defaults);
OptimizerOptions optimizerOptions(const Settings& settings);
at::ScalarType computeType(const Settings& settings); ///< "dtype"
graph::Parameter deviceParameter();                   ///< "device", of recipes that a GPU can train
tensor::Device computeDevice(const Settings& settings);

/// All, in the order of menus.
const std::vector<RecipeInfo>& recipes();
/// Throws Error that lists the names.
const RecipeInfo& findRecipe(const std::string& id);

} // namespace ochre::training
