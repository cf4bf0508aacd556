// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/recipes/TextClassifierReport.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"
#include "core/training/Report.h"
#include "core/training/TrainingLog.h"
#include "core/training/recipes/ClassifierScores.h"

namespace ochre::training {
namespace {
namespace fs = std::filesystem;

using models::TextClassifier;

constexpr const char* kReportFile = "report.html";
constexpr int kLengths[] = {16, 32, 64, 128, 256, 512, 1024};
constexpr int kLongFrom = 128;         // lengths from which growth is fitted: shorter texts are mostly overhead
constexpr std::size_t kCurvePoints = 60;
constexpr std::size_t kShownTexts = 3; // with attention maps
constexpr int kMapCell = 18, kMatrixCell = 38, kGroupCell = 48;
constexpr std::size_t kLongestPiece = 14; // letters of a token in a picture

/// One network after its training.
struct Compared {
    TextClassifier::Kind kind = TextClassifier::Kind::Transformer;
    fs::path folder;
    Json figures;
    std::vector<LoggedStep> log;
    ClassifierScores scores;
    std::vector<std::pair<double, double>> costs; ///< (length, seconds)

    std::string label() const { return models::labelOf(kind); }
    double seconds() const {
        return std::accumulate(log.begin(), log.end(), 0.0, [](double sum, const LoggedStep& step) { return sum + step.seconds; });
    }
    double exponent() const {
        std::vector<std::pair<double, double>> longOnes;
        for (const auto& cost : costs)
            if (cost.first >= kLongFrom) longOnes.push_back(cost);
        return growthExponent(longOnes);
    }
};

std::string percent(double share) {
    return std::isnan(share) ? "–" : fmt::format("{:.1f} %", 100 * share);
}

tensor::Weights weightsOf(const Compared& one) {
    return tensor::Weights::open(one.folder / kClassifierFile);
}

TextClassifier networkOf(const Compared& one) {
    const tensor::Weights weights = weightsOf(one);
    const auto config = TextClassifier::Config::fromWeights(weights);
    if (!config)
        throw Error(fmt::format("{}: is no text classifier", (one.folder / kClassifierFile).string()), "train afresh in another folder");
    return {weights, *config};
}

void introduce(ReportPage& page, const ClassifierTexts& texts, const std::vector<Compared>& all) {
    std::vector<std::string> labels;
    for (const Compared& one : all) labels.push_back(one.label());
    page.paragraph(fmt::format(
        "The task: from the name and keywords of an emoji (Unicode CLDR) tell which of Unicode's {} groups it is in. The networks, "
        "{}, differ in what mixes the tokens and have as many weights as nearly as can be; the table of tokens, the mean over the "
        "text, the order of examples, the steps and the learning rate are the same.",
        texts.classes().size(), fmt::join(labels, ", ")));
    page.paragraph(fmt::format(
        "{} texts are learned, {} are held out: one base emoji in {} by a hash of its name (XXH3 of the name without skin tones, modulo {}), "
        "with all its skin tones, so that no variant of a held-out emoji is ever learned. Tokens are WordPiece's; the {} that occur in "
        "texts to learn make the vocabulary, all others are one unknown token. Computed on {} of the CPU.",
        texts.learned().size(), texts.heldOut().size(), EmojiTexts::kHeldOut, EmojiTexts::kHeldOut, texts.vocabularySize() - 2,
        at::get_num_threads() == 1 ? std::string("one thread") : fmt::format("{} threads", at::get_num_threads())));
}

void compareFigures(ReportPage& page, const std::vector<Compared>& all) {
    std::vector<std::vector<std::string>> rows;
    for (const Compared& one : all)
        rows.push_back({one.label(), fmt::format("{}", one.figures.value("parameters", std::int64_t{0})), percent(one.scores.all),
                        percent(one.scores.withoutTones), percent(one.scores.meanOfClasses),
                        fmt::format("{:.0f}", one.figures.value("trained_per_second", 0.0)),
                        fmt::format("{:.0f}", one.figures.value("classified_per_second", 0.0)), fmt::format("{:.0f} s", one.seconds())});
    page.table({"Network", "Parameters", "Accuracy", "Without skin tones", "Mean of groups", "Trained/s", "Classified/s", "Time of training"}, rows);
    page.paragraph("Accuracy is of the held-out texts, by the averaged weights. Many of them are skin tones of one emoji, hence the two "
                   "figures beside it. Speeds are texts a second; that of training by the median step, that of classifying by the fastest of "
                   "several rounds over the held-out texts.");
}

void compareLosses(ReportPage& page, const std::vector<Compared>& all) {
    LinePlot plot{.title = "Loss while learning", .x = {"step"}, .y = {"cross-entropy"}, .series = {}};
    for (const Compared& one : all)
        plot.series.push_back({one.label(), smoothedLosses(one.log, one.log.size() / kCurvePoints)});
    page.plot(plot);
}

void compareGroups(ReportPage& page, const ClassifierTexts& texts, const std::vector<Compared>& all) {
    HeatMap map{.title = "Accuracy by group, in percent (held-out texts of the group)", .rowLabel = "", .columnLabel = "", .cell = kGroupCell};
    for (const Compared& one : all) map.columns.push_back(one.label());
    for (std::size_t group = 0; group < texts.classes().size(); ++group) {
        const int count = all.front().scores.counts[group];
        map.rows.push_back(fmt::format("{} ({})", texts.classes()[group], count));
        for (const Compared& one : all) {
            const double share = one.scores.classes[group];
            map.values.push_back(share);
            map.texts.push_back(std::isnan(share) ? "" : fmt::format("{:.0f}", 100 * share));
        }
    }
    page.maps({map});
}

void compareCosts(ReportPage& page, const std::vector<Compared>& all) {
    LinePlot plot{.title = "Time to classify one text, by its length",
                  .x = {"tokens", true, {std::begin(kLengths), std::end(kLengths)}},
                  .y = {"milliseconds", true},
                  .series = {}};
    std::vector<std::string> head{"Network"};
    for (const int length : kLengths) head.push_back(fmt::format("{} tokens", length));
    head.push_back("Exponent");
    std::vector<std::vector<std::string>> rows;
    for (const Compared& one : all) {
        PlotSeries series{.name = fmt::format("{}: T^{:.2f}", one.label(), one.exponent()), .marked = true};
        std::vector<std::string>& row = rows.emplace_back(std::vector<std::string>{one.label()});
        for (const auto& [length, seconds] : one.costs) {
            series.points.emplace_back(length, 1000 * seconds);
            row.push_back(fmt::format("{:.2f} ms", 1000 * seconds));
        }
        row.push_back(fmt::format("{:.2f}", one.exponent()));
        plot.series.push_back(std::move(series));
    }
    page.plot(plot);
    page.table(head, rows);
    page.paragraph(fmt::format("One text at a time on one thread, the fastest of several runs. Exponent: k where the time grows as Tᵏ, by least squares from {} "
                               "tokens on. 1 is linear, as recurrence and scan are; attention compares all pairs of tokens, which is "
                               "quadratic, but at these widths its linear layers still weigh.",
                               kLongFrom));
}

void showAttention(ReportPage& page, const ClassifierTexts& texts, const TextClassifier& network) {
    for (const std::uint32_t text : textsToShow(texts, kShownTexts)) {
        const std::uint32_t one[] = {text};
        const TokenBatch batch = texts.whole(one);
        const int seen = classified(network, texts, one).front();
        std::vector<std::string> pieces;
        for (const std::int64_t id : texts.tokens(text)) {
            std::string piece = texts.piece(id);
            if (piece.size() > kLongestPiece) piece = piece.substr(0, kLongestPiece - 1) + ".";
            pieces.push_back(std::move(piece));
        }
        page.paragraph(fmt::format("“{}”, of the group {}, seen as {}:", texts.name(text), texts.classes()[static_cast<std::size_t>(texts.label(text))],
                                   texts.classes()[static_cast<std::size_t>(seen)]));
        const std::vector<nn::Tensor> layers = network.attentionMaps(batch.ids, batch.mask);
        for (std::size_t layer = 0; layer < layers.size(); ++layer) {
            std::vector<HeatMap> maps;
            for (std::int64_t head = 0; head < layers[layer].size(1); ++head) {
                const std::vector<float> values = nn::toValues(layers[layer][0][head]);
                maps.push_back({.title = fmt::format("Layer {}, head {}", layer + 1, head + 1), .rows = pieces, .columns = pieces,
                                .rowLabel = "", .columnLabel = "", .values = {values.begin(), values.end()}, .cell = kMapCell});
            }
            page.maps(maps);
        }
    }
}

HeatMap confusionMatrix(const ClassifierTexts& texts, const Compared& one) {
    HeatMap map{.title = one.label(), .rows = texts.classes(), .columns = texts.classes(), .rowLabel = "is", .columnLabel = "seen as", .cell = kMatrixCell};
    const std::size_t classes = texts.classes().size();
    for (std::size_t i = 0; i < classes * classes; ++i) {
        const int count = one.scores.confusion[i], all = one.scores.counts[i / classes];
        map.values.push_back(all > 0 ? static_cast<double>(count) / all : 0);
        map.texts.push_back(count > 0 ? std::to_string(count) : "");
    }
    return map;
}

void write(const fs::path& file, std::vector<Compared>& all, const Cancel& cancel) {
    const auto texts = ClassifierTexts::ofEmoji();
    for (Compared& one : all) {
        cancel.check();
        one.log = readTrainingLog(one.folder);
        one.scores = scoresOf(*texts, texts->heldOut(), classified(networkOf(one), *texts, texts->heldOut()));
        one.costs = costByLength(weightsOf(one), kLengths);
    }
    ReportPage page("Transformer, LSTM, GRU and Mamba on emoji texts");
    introduce(page, *texts, all);
    compareFigures(page, all);
    page.heading("Learning");
    compareLosses(page, all);
    page.heading("Accuracy by group");
    compareGroups(page, *texts, all);
    page.heading("Cost and length");
    compareCosts(page, all);
    page.heading("What the transformer looks at");
    page.paragraph("Rows are the tokens that look, columns those that are looked at; a row's shares sum to 1.");
    for (const Compared& one : all)
        if (one.kind == TextClassifier::Kind::Transformer) showAttention(page, *texts, networkOf(one));
    page.heading("Confusion");
    page.paragraph("Held-out texts by their group and by what they were taken for; colour is the share of the row.");
    std::vector<HeatMap> matrices;
    for (const Compared& one : all) matrices.push_back(confusionMatrix(*texts, one));
    page.maps(matrices);
    writeFileAtomic(file, page.html());
}

} // namespace

TrainingOutcome reportOnTextClassifiers(const TrainingRequest& request, Group& group, const TrainingObserver& observer) {
    if (const auto chosen = request.settings.find("network"); chosen != request.settings.end())
        throw Error(fmt::format("training: network={} is set, but the report is on all networks", chosen->second),
                    "leave out the setting, or the report");
    std::vector<Compared> all;
    TrainingOutcome together{.finished = true, .figures = Json::object()};
    for (const TextClassifier::Kind kind : models::textClassifierKinds()) {
        const std::string id = models::nameOf(kind);
        TrainingRequest one = request;
        one.settings["network"] = id;
        one.folder = request.folder / id;
        observer.say(fmt::format("network {}", id));
        TrainingOutcome outcome = train(one, group, observer);
        together.steps += outcome.steps;
        together.loss += outcome.loss / static_cast<double>(models::textClassifierKinds().size());
        together.figures[id] = outcome.figures;
        if (!outcome.finished) {
            outcome.result = id + "/" + outcome.result;
            return outcome;
        }
        all.push_back({.kind = kind, .folder = one.folder, .figures = outcome.figures});
    }
    if (group.rank() != 0) return together;
    observer.say("compares the networks");
    tensor::run(request.cancel, [&] { write(request.folder / kReportFile, all, request.cancel); });
    together.result = kReportFile;
    return together;
}

} // namespace ochre::training
