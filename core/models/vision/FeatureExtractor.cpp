// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/FeatureExtractor.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Log.h"
#include "core/image/Filter.h"
#include "core/models/vision/DinoV2.h"
#include "core/models/vision/Pictures.h"
#include "core/tensor/Attention.h"
#include "core/tensor/Convert.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

constexpr int kComponents = 3, kRounds = 60;
constexpr double kLeast = 1e-12;
constexpr int kShort = 256, kSquare = 224; // pixels: the shorter side of a picture that is described, the square in its middle

/// Columns made upright to each other and of length 1, in order.
nn::Tensor upright(const nn::Tensor& columns) {
    std::vector<nn::Tensor> done;
    for (std::int64_t i = 0; i < columns.size(1); ++i) {
        nn::Tensor column = columns.narrow(1, i, 1);
        for (const nn::Tensor& other : done) column = column.sub(other.mul(other.mul(column).sum()));
        done.push_back(column.div(column.norm().clamp_min(kLeast)));
    }
    return nn::cat(done, 1);
}

/// How far each row [T, D] lies along the main directions of all, each 0…1: [T, 3]. By iteration of a subspace (Golub and
/// Van Loan, Matrix Computations, 8.2.4); a direction points to where its largest part is positive.
nn::Tensor mainDirections(const nn::Tensor& rows) {
    const nn::Tensor centred = rows.to(at::kDouble).sub(rows.to(at::kDouble).mean({0}, true));
    const nn::Tensor covariance = centred.transpose(0, 1).matmul(centred); // [D, D]
    const std::int64_t width = rows.size(1);
    nn::Tensor basis = nn::range(1, width * kComponents).to(at::kDouble).cos_().view({width, kComponents});
    for (int i = 0; i < kRounds; ++i) {
        tensor::currentCancel().check();
        basis = upright(covariance.matmul(basis));
    }
    const nn::Tensor largest = basis.abs().argmax(0, true); // [1, 3]
    basis = basis.mul(basis.gather(0, largest).sign());
    const nn::Tensor places = centred.matmul(basis); // [T, 3]
    const nn::Tensor least = places.amin({0}, true), most = places.amax({0}, true);
    return places.sub(least).div_(most.sub(least).clamp_min(kLeast)).to(at::kFloat);
}

} // namespace

struct FeatureExtractor::State {
    std::optional<DinoV2> model;
    std::string identity;

    struct Patches {
        std::int64_t rows, columns;
        nn::Tensor features; ///< [rows · columns, width]
    };
    Patches look(const Image& image, int side, const Cancel& cancel) const {
        const Image seen = seenByNetwork(image);
        const int patch = model->config().patch;
        const double scale = static_cast<double>(side) / std::max(image.width(), image.height());
        const auto patches = [&](int length) { return std::max(1, static_cast<int>(std::lround(length * scale / patch))); };
        const int rows = patches(image.height()), columns = patches(image.width());
        const Image small = resize(seen, columns * patch, rows * patch, ResizeFilter::Bicubic, cancel);
        return {rows, columns, model->forward(normalisedTensor(small)).patches.squeeze(0)};
    }
};

FeatureExtractor FeatureExtractor::open(const std::filesystem::path& path) {
    auto state = std::make_shared<State>();
    tensor::run({}, [&] {
        const tensor::Weights file = tensor::Weights::open(path);
        for (const tensor::Weights& view : file.unwrapped()) {
            const auto config = DinoV2::Config::fromWeights(view);
            if (!config) continue;
            state->model.emplace(view.finiteOnly(), *config);
            state->identity = fmt::format("{} {}", path.filename().string(), std::filesystem::file_size(path));
            auto unused = view.unused();
            std::erase_if(unused, DinoV2::Config::isBeside);
            if (!unused.empty())
                log::warning("{}: {} tensors are not used by dinov2 (\"{}\", …)", path.string(), unused.size(), unused.front());
            return;
        }
        const auto names = file.names();
        throw Error(fmt::format("{}: no network whose features can be shown is known with these {} tensors (\"{}\", …)",
                                path.string(), names.size(), names.empty() ? std::string() : names.front()),
                    "choose DINOv2 weights", ErrorKind::NotMine);
    });
    FeatureExtractor extractor;
    extractor.m_state = std::move(state);
    return extractor;
}

Image FeatureExtractor::picture(const Image& image, int side, const Cancel& cancel) const {
    Image out;
    tensor::useThreads();
    tensor::run(cancel, [&] {
        const State::Patches seen = m_state->look(image, side, cancel);
        const nn::Tensor colours = mainDirections(seen.features).view({seen.rows, seen.columns, kComponents}).permute({2, 0, 1});
        out = resize(tensor::toImage(colours), image.width(), image.height(), ResizeFilter::Bilinear, cancel);
    });
    return out;
}

std::vector<float> FeatureExtractor::describe(const Image& image, const Cancel& cancel) const {
    const Image seen = seenByNetwork(image);
    const double scale = static_cast<double>(kShort) / std::min(seen.width(), seen.height());
    const auto scaled = [scale](int length) { return std::max(kShort, static_cast<int>(std::lround(length * scale))); };
    // Of a long strip only the middle is enlarged.
    const int width = std::min(seen.width(), seen.height() * 8), height = std::min(seen.height(), seen.width() * 8);
    const Image part = crop(seen, (seen.width() - width) / 2, (seen.height() - height) / 2, width, height);
    const Image small = resize(part, scaled(width), scaled(height), ResizeFilter::Bicubic, cancel);
    std::vector<float> numbers;
    tensor::useThreads();
    tensor::run(cancel, [&] {
        const Image square = crop(small, (small.width() - kSquare) / 2, (small.height() - kSquare) / 2, kSquare, kSquare);
        numbers = nn::toValues(m_state->model->forward(normalisedTensor(square)).whole);
    });
    return numbers;
}

int FeatureExtractor::width() const {
    return m_state->model->config().width;
}

const std::string& FeatureExtractor::identity() const {
    return m_state->identity;
}

std::vector<FeatureExtractor::Pair> FeatureExtractor::match(const Image& from, const Image& to, int side, std::size_t most,
                                                            const Cancel& cancel) const {
    std::vector<Pair> pairs;
    tensor::useThreads();
    tensor::run(cancel, [&] {
        const State::Patches a = m_state->look(from, side, cancel), b = m_state->look(to, side, cancel);
        const auto unit = [](const nn::Tensor& rows) { return rows.div(rows.norm(2, {1}, true).clamp_min(kLeast)); };
        const nn::Tensor alike = unit(a.features).matmul(unit(b.features).transpose(0, 1)); // [A, B]
        const nn::Tensor there = alike.argmax(1), back = alike.argmax(0);
        const auto middle = [](const Image& image, const State::Patches& p, std::int64_t at) {
            const auto along = [](std::int64_t i, std::int64_t count, int length) {
                return (static_cast<float>(i) + 0.5f) * static_cast<float>(length) / static_cast<float>(count);
            };
            return std::pair(along(at % p.columns, p.columns, image.width()), along(at / p.columns, p.rows, image.height()));
        };
        for (std::int64_t i = 0; i < a.rows * a.columns; ++i) {
            const auto j = there[i].item<std::int64_t>();
            if (back[j].item<std::int64_t>() != i) continue;
            const auto [x, y] = middle(from, a, i);
            const auto [u, v] = middle(to, b, j);
            pairs.push_back({x, y, u, v, alike[i][j].item<float>()});
        }
    });
    std::ranges::stable_sort(pairs, std::ranges::greater(), &Pair::likeness);
    if (pairs.size() > most) pairs.resize(most);
    return pairs;
}

} // namespace ochre::models
