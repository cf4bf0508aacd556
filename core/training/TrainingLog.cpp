// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/TrainingLog.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Json.h"

namespace ochre::training {
namespace {

constexpr std::uint64_t kLongestLog = std::uint64_t{1} << 30;

} // namespace

std::vector<LoggedStep> readTrainingLog(const std::filesystem::path& folder) {
    const std::filesystem::path file = folder / "log.jsonl";
    std::istringstream lines(readTextFile(file, kLongestLog));
    std::vector<LoggedStep> steps;
    for (std::string line; std::getline(lines, line);) {
        if (!line.ends_with('}')) continue;
        const Json json = parseJson(line, file.string());
        const Json loss = json.value("loss", Json()); // null where it was not finite
        steps.push_back({.step = json.value("step", std::int64_t{0}),
                         .loss = loss.is_number() ? loss.get<double>() : NAN,
                         .seconds = json.value("seconds", 0.0)});
    }
    return steps;
}

double medianSeconds(std::vector<LoggedStep> steps) {
    if (steps.empty()) return 0;
    const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
    std::nth_element(steps.begin(), middle, steps.end(), [](const auto& a, const auto& b) { return a.seconds < b.seconds; });
    return middle->seconds;
}

std::vector<std::pair<double, double>> smoothedLosses(const std::vector<LoggedStep>& steps, std::size_t window) {
    std::vector<std::pair<double, double>> means;
    window = std::max<std::size_t>(1, window);
    for (std::size_t first = 0; first < steps.size(); first += window) {
        const std::size_t last = std::min(first + window, steps.size());
        double loss = 0, step = 0, count = 0;
        for (std::size_t i = first; i < last; ++i) {
            if (!std::isfinite(steps[i].loss)) continue;
            loss += steps[i].loss;
            step += static_cast<double>(steps[i].step);
            ++count;
        }
        if (count > 0) means.emplace_back(step / count, loss / count);
    }
    return means;
}

} // namespace ochre::training
