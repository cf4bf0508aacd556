// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/Detector.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Log.h"
#include "core/image/Filter.h"
#include "core/models/vision/CocoNames.h"
#include "core/models/vision/Detr.h"
#include "core/models/vision/Pictures.h"
#include "core/models/vision/Yolox.h"
#include "core/tensor/Attention.h"
#include "core/tensor/Convert.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

constexpr float kYoloxThreshold = 0.3f, kDetrThreshold = 0.7f;
constexpr double kLetterbox = 114; // grey around what YOLOX sees, of 255
constexpr int kDetrShorter = 800, kDetrLonger = 1333;
constexpr int kCocoClasses = 80, kCocoNumbers = 91;

/// A box as the networks give it, centre and size in pixels; nothing where it is no number or outside the picture.
std::optional<Detection> boxOf(const float* values, double scaleX, double scaleY, const Image& image) {
    const double x = values[0] * scaleX, y = values[1] * scaleY, width = values[2] * scaleX, height = values[3] * scaleY;
    if (!std::isfinite(x + y + width + height)) return std::nullopt;
    const auto inside = [](double edge, int side) { return static_cast<float>(std::clamp(edge, 0.0, static_cast<double>(side))); };
    Detection box{.left = inside(x - width / 2, image.width()), .top = inside(y - height / 2, image.height()),
                  .right = inside(x + width / 2, image.width()), .bottom = inside(y + height / 2, image.height())};
    return box.right > box.left && box.bottom > box.top ? std::optional(box) : std::nullopt;
}

/// The class with the highest of `count` scores.
int bestOf(const float* scores, std::int64_t count) {
    return static_cast<int>(std::max_element(scores, scores + count) - scores);
}

Detections findWithYolox(const Yolox& model, const Image& image, const DetectOptions& options) {
    const int side = model.config().side(), classes = model.config().classes;
    const double ratio = std::min(static_cast<double>(side) / image.width(), static_cast<double>(side) / image.height());
    const auto height = std::max<std::int64_t>(1, static_cast<std::int64_t>(image.height() * ratio)),
               width = std::max<std::int64_t>(1, static_cast<std::int64_t>(image.width() * ratio));
    const nn::Tensor picture = tensor::toTensor(image, {2, 1, 0}, 0, 0, image.width(), image.height()).mul_(255); // BGR
    nn::Tensor seen = nn::emptyPicture(picture, 1, 3, side, side).fill_(kLetterbox);
    seen.narrow(2, 0, height).narrow(3, 0, width).copy_(nn::resizeBilinear(picture, height, width));
    const nn::Tensor found = Yolox::decode(model.forward(seen).raw, side, side).to(at::kCPU, at::kFloat).contiguous();
    const float threshold = options.threshold > 0 ? options.threshold : kYoloxThreshold;
    Detections boxes;
    for (std::int64_t i = 0; i < found.size(1); ++i) {
        const float* values = found.const_data_ptr<float>() + i * found.size(2);
        const int kind = bestOf(values + 5, classes);
        const float score = values[4] * values[5 + kind];
        auto box = score >= threshold ? boxOf(values, 1 / ratio, 1 / ratio, image) : std::nullopt;
        if (!box) continue;
        box->score = score;
        box->kind = kind;
        box->label = classes == kCocoClasses ? cocoName(kind, CocoNumbers::Dense) : fmt::format("class {}", kind);
        boxes.push_back(std::move(*box));
    }
    return suppressOverlaps(std::move(boxes), options.overlap);
}

/// The shorter side becomes 800, but the longer no more than 1333.
Image forDetr(const Image& image, const Cancel& cancel) {
    const double shorter = std::min(image.width(), image.height()), longer = std::max(image.width(), image.height());
    const double least = longer / shorter * kDetrShorter > kDetrLonger ? std::round(kDetrLonger * shorter / longer) : kDetrShorter;
    const auto scaled = [&](int side) { return std::max(1, static_cast<int>(least * side / shorter)); };
    return resize(image, scaled(image.width()), scaled(image.height()), ResizeFilter::Bilinear, cancel);
}

Detections findWithDetr(const Detr& model, const Image& image, const DetectOptions& options, const Cancel& cancel) {
    const Detr::Output output = model.forward(normalisedTensor(forDetr(image, cancel)));
    const nn::Tensor scores = nn::softmax(output.logits).to(at::kCPU, at::kFloat).contiguous(),
                     places = output.boxes.to(at::kCPU, at::kFloat).contiguous();
    const float threshold = options.threshold > 0 ? options.threshold : kDetrThreshold;
    Detections boxes;
    for (std::int64_t i = 0; i < scores.size(1); ++i) {
        const float* row = scores.const_data_ptr<float>() + i * scores.size(2);
        const int kind = bestOf(row, model.config().classes);
        auto box = row[kind] >= threshold
                       ? boxOf(places.const_data_ptr<float>() + i * 4, image.width(), image.height(), image)
                       : std::nullopt;
        if (!box) continue;
        box->score = row[kind];
        box->kind = kind;
        box->label = model.config().classes == kCocoNumbers ? cocoName(kind, CocoNumbers::Gapped) : fmt::format("class {}", kind);
        boxes.push_back(std::move(*box));
    }
    return suppressOverlaps(std::move(boxes), 1); // sorted; none is left out
}

bool nameSaysDilated(const std::filesystem::path& path) {
    std::string name = path.filename().string();
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return name.find("dc5") != std::string::npos;
}

} // namespace

struct Detector::State {
    std::string architecture;
    std::optional<Yolox> yolox;
    std::optional<Detr> detr;
};

Detector Detector::open(const std::filesystem::path& path) {
    auto state = std::make_shared<State>();
    tensor::run({}, [&] {
        const tensor::Weights file = tensor::Weights::open(path);
        for (const tensor::Weights& view : file.unwrapped()) {
            if (const auto config = Yolox::Config::fromWeights(view)) {
                state->architecture = "yolox";
                state->yolox.emplace(view.finiteOnly(), *config);
            } else if (auto dilatable = Detr::Config::fromWeights(view)) {
                dilatable->dilated = nameSaysDilated(path);
                state->architecture = "detr";
                state->detr.emplace(view.finiteOnly(), *dilatable);
            } else {
                continue;
            }
            if (const auto unused = view.unused(); !unused.empty())
                log::warning("{}: {} tensors are not used by {} (\"{}\", …)", path.string(), unused.size(), state->architecture,
                             unused.front());
            return;
        }
        const auto names = file.names();
        throw Error(fmt::format("{}: no network that finds objects is known with these {} tensors (\"{}\", …)", path.string(),
                                names.size(), names.empty() ? std::string() : names.front()),
                    "choose YOLOX or DETR weights", ErrorKind::NotMine);
    });
    Detector detector;
    detector.m_state = std::move(state);
    return detector;
}

const std::string& Detector::architecture() const {
    return m_state->architecture;
}

Detections Detector::detect(const Image& image, const DetectOptions& options, const Cancel& cancel) const {
    const Image seen = seenByNetwork(image);
    Detections found;
    tensor::useThreads();
    tensor::run(cancel, [&] {
        found = m_state->yolox ? findWithYolox(*m_state->yolox, seen, options)
                               : findWithDetr(*m_state->detr, seen, options, cancel);
    });
    return found;
}

} // namespace ochre::models
