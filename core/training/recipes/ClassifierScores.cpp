// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/recipes/ClassifierScores.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <map>

#include <ATen/Parallel.h>

#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"

namespace ochre::training {
namespace {

using models::TextClassifier;

constexpr std::size_t kBatch = 64;
constexpr int kRounds = 5;            // of which the fastest counts
constexpr double kLeastSeconds = 0.1; // of rounds together

/// The fastest of kRounds or more, after one that warms up.
double fastest(const std::function<void()>& work) {
    using Clock = std::chrono::steady_clock;
    work();
    double best = INFINITY, sum = 0;
    for (int round = 0; round < kRounds || sum < kLeastSeconds; ++round) {
        const auto start = Clock::now();
        work();
        const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
        best = std::min(best, seconds);
        sum += seconds;
    }
    return best;
}

/// One thread while it lives.
class OneThread {
public:
    OneThread() : m_before(at::get_num_threads()) { tensor::useThreads(1); }
    ~OneThread() { tensor::useThreads(m_before); }
    OneThread(const OneThread&) = delete;
    OneThread& operator=(const OneThread&) = delete;

private:
    int m_before;
};

template <typename Use>
void eachBatch(const ClassifierTexts& texts, std::span<const std::uint32_t> which, const Use& use) {
    for (std::size_t first = 0; first < which.size(); first += kBatch)
        use(texts.whole(which.subspan(first, std::min(kBatch, which.size() - first))));
}

} // namespace

std::vector<int> classified(const TextClassifier& network, const ClassifierTexts& texts, std::span<const std::uint32_t> which) {
    std::vector<int> seen;
    eachBatch(texts, which, [&](const TokenBatch& batch) {
        for (const float best : nn::toValues(network.forward(batch.ids, batch.mask).argmax(1).to(at::kFloat)))
            seen.push_back(static_cast<int>(best));
    });
    return seen;
}

ClassifierScores scoresOf(const ClassifierTexts& texts, std::span<const std::uint32_t> which, std::span<const int> seen) {
    const std::size_t classes = texts.classes().size();
    ClassifierScores scores;
    scores.counts.assign(classes, 0);
    scores.confusion.assign(classes * classes, 0);
    double right = 0, plain = 0, plainRight = 0;
    for (std::size_t i = 0; i < which.size(); ++i) {
        const auto label = static_cast<std::size_t>(texts.label(which[i]));
        const bool hit = texts.label(which[i]) == seen[i];
        ++scores.counts[label];
        ++scores.confusion[label * classes + static_cast<std::size_t>(seen[i])];
        right += hit;
        if (texts.toned(which[i])) continue;
        ++plain;
        plainRight += hit;
    }
    double sum = 0, known = 0;
    for (std::size_t c = 0; c < classes; ++c) {
        scores.classes.push_back(scores.counts[c] ? static_cast<double>(scores.confusion[c * classes + c]) / scores.counts[c] : NAN);
        if (!scores.counts[c]) continue;
        sum += scores.classes[c];
        ++known;
    }
    scores.all = right / std::max<double>(1, static_cast<double>(which.size()));
    scores.withoutTones = plainRight / std::max(1.0, plain);
    scores.meanOfClasses = sum / std::max(1.0, known);
    return scores;
}

double textsPerSecond(const TextClassifier& network, const ClassifierTexts& texts) {
    if (texts.heldOut().empty()) return 0;
    std::vector<TokenBatch> batches;
    eachBatch(texts, texts.heldOut(), [&](const TokenBatch& batch) { batches.push_back(batch); });
    const double seconds = fastest([&] {
        for (const TokenBatch& batch : batches) network.forward(batch.ids, batch.mask);
    });
    return static_cast<double>(texts.heldOut().size()) / seconds;
}

std::vector<std::pair<double, double>> costByLength(const tensor::Weights& weights, std::span<const int> lengths) {
    const std::optional<TextClassifier::Config> found = TextClassifier::Config::fromWeights(weights);
    if (!found || lengths.empty()) return {};
    TextClassifier::Config config = *found;
    at::Generator random = tensor::generator(1);
    std::map<std::string, nn::Tensor> tensors;
    config.positions = std::max(config.positions, *std::max_element(lengths.begin(), lengths.end()));
    for (const auto& [name, shape] : config.expected())
        tensors[name] = weights.shape(name) == shape ? weights.tensor(name) : nn::randn(shape, random);
    const TextClassifier network(tensor::Weights::of(std::move(tensors), "the network that is timed"), config);
    std::vector<std::pair<double, double>> costs;
    const OneThread alone;
    for (const int length : lengths) {
        const nn::Tensor ids = nn::range(0, length).remainder(config.vocabulary).unsqueeze(0); // [1, T]
        costs.emplace_back(length, fastest([&] { network.forward(ids); }));
    }
    return costs;
}

} // namespace ochre::training
