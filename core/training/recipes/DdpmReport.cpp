// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/recipes/DdpmReport.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/File.h"
#include "core/training/Report.h"
#include "core/training/TrainingLog.h"

namespace ochre::training {
namespace {
namespace fs = std::filesystem;

constexpr const char* kReportFile = "report.html";
constexpr std::size_t kCurvePoints = 80;
constexpr std::uint64_t kMostPicture = std::uint64_t{64} << 20;

std::string told(const Json& value) {
    return value.is_string() ? value.get<std::string>() : dumpJson(value);
}

/// What a guidance scale does, for readers who have not met it.
std::string captionOf(double cfg) {
    if (cfg == 0) return "Guidance 0: the class is not looked at";
    if (cfg == 1) return "Guidance 1: the network as it was trained";
    return fmt::format("Guidance {:g}: {:g} times as far from \"no class\" as the class itself", cfg, cfg);
}

std::string page(const fs::path& folder, const TrainingOutcome& outcome) {
    const Json settings = parseJson(readTextFile(folder / "settings.json", 1 << 20), "settings.json").at("settings");
    const std::vector<LoggedStep> log = readTrainingLog(folder);
    const double batch = settings.at("batch").get<double>() * settings.at("parts").get<double>();
    const double median = medianSeconds(log);
    ReportPage page("Class-conditional diffusion with classifier-free guidance");
    page.paragraph(fmt::format(
        "A network learned to take noise off pictures of the data set \"{}\" that it was told the class of; of {:.0f} % of them it was "
        "not told. So it predicts with and without a class, and samples go from the one prediction away from the other (arXiv 2006.11239, "
        "2207.12598).",
        told(settings.at("dataset")), 100 * settings.at("drop_class").get<double>()));
    std::vector<std::vector<std::string>> figures{{"Steps", std::to_string(outcome.steps)},
                                                  {"Pictures a step", fmt::format("{:.0f}", batch)},
                                                  {"Pictures a second", fmt::format("{:.1f}", median > 0 ? batch / median : 0.0)},
                                                  {"Loss, mean of the last hundred steps", fmt::format("{:.4f}", outcome.loss)}};
    if (outcome.figures.contains("held_out_loss"))
        figures.push_back({fmt::format("Loss over {} pictures that it did not see", told(outcome.figures.at("pictures"))),
                           fmt::format("{:.4f}", outcome.figures.at("held_out_loss").get<double>())});
    page.table({"Figure", "Value"}, figures);
    page.heading("Learning");
    page.plot({.title = "Loss while learning",
               .x = {"step"},
               .y = {"mean squared error", true},
               .series = {{"loss", smoothedLosses(log, std::max<std::size_t>(1, log.size() / kCurvePoints))}}});
    page.heading("Every class at each guidance");
    page.paragraph(fmt::format("A row a class. The pictures of a column begin with the same noise in all sheets: {} steps of {}.",
                               told(settings.at("sample_steps")), told(settings.at("sampler"))));
    for (const double cfg : kReportedGuidance) page.picture(captionOf(cfg), readFile(folder / guidanceFile(cfg), kMostPicture));
    page.heading("Settings");
    std::vector<std::vector<std::string>> rows;
    for (const auto& [name, value] : settings.items()) rows.push_back({name, told(value)});
    page.table({"Setting", "Value"}, rows);
    return page.html();
}

} // namespace

std::string guidanceFile(double cfg) {
    return fmt::format("guidance-{:g}.png", cfg);
}

TrainingOutcome reportOnDdpm(const TrainingRequest& request, Group& group, const TrainingObserver& observer) {
    TrainingOutcome outcome = train(request, group, observer);
    if (!outcome.finished || group.rank() != 0) return outcome;
    writeFileAtomic(request.folder / kReportFile, page(request.folder, outcome));
    outcome.result = kReportFile;
    return outcome;
}

} // namespace ochre::training
