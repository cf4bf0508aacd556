// SPDX-License-Identifier: GPL-3.0-or-later
// How good and how fast a text classifier is. All inside of tensor::run().
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/models/language/TextClassifier.h"
#include "core/training/recipes/ClassifierTexts.h"

namespace ochre::training {

std::vector<int> classified(const models::TextClassifier& network, const ClassifierTexts& texts, std::span<const std::uint32_t> which);

struct ClassifierScores {
    double all = 0;                  ///< share of texts that were put into their class
    double withoutTones = 0;         ///< the same of those that are no variants with skin tones
    double meanOfClasses = 0;        ///< of the shares of classes
    std::vector<double> classes;     ///< share of each class; NaN where none was asked for
    std::vector<int> counts;         ///< texts of each class
    std::vector<int> confusion;      ///< [class][seen as]: texts
};
ClassifierScores scoresOf(const ClassifierTexts& texts, std::span<const std::uint32_t> which, std::span<const int> seen);

/// The fastest of some rounds over the held-out texts.
double textsPerSecond(const models::TextClassifier& network, const ClassifierTexts& texts);

/// Seconds for one text of each length on one thread, the fastest of several: (length, seconds). A table of positions that is too short is
/// made longer with random numbers.
std::vector<std::pair<double, double>> costByLength(const tensor::Weights& weights, std::span<const int> lengths);

} // namespace ochre::training
