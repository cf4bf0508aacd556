// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/WholePicture.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Log.h"
#include "core/image/Color.h"
#include "core/models/restore/Tiling.h"
#include "core/tensor/Convert.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

constexpr std::uint64_t kMostTileMemory = std::uint64_t{2} << 30;
constexpr int kSmallestTile = 16;

/// Shares of the pixels of a span in the picture, those that have none cut off: [last − first].
nn::Tensor sharesOf(const Span& span) {
    std::vector<float> shares;
    for (int i = span.first(); i < span.last(); ++i) shares.push_back(static_cast<float>(share(span, i + 0.5)));
    return nn::fromValues(shares, {static_cast<std::int64_t>(shares.size())});
}

nn::Tensor runTiles(const PictureModel& model, const nn::Tensor& x, int tile, int overlap, const Progress& progress,
                    int& count) {
    const auto across = cutAxis(static_cast<int>(x.size(3)), tile, overlap, model.multiple);
    const auto down = cutAxis(static_cast<int>(x.size(2)), tile, overlap, model.multiple);
    const std::size_t total = across.size() * down.size();
    nn::Tensor out = nn::zeros({1, model.outChannels, x.size(2), x.size(3)});
    count = 0;
    for (const Span& v : down)
        for (const Span& h : across) {
            tensor::currentCancel().check();
            progress.report(static_cast<std::size_t>(count), total, fmt::format("tile {} of {}", count + 1, total));
            const nn::Tensor seen = nn::narrow(nn::narrow(x, 2, v.from, v.size), 3, h.from, h.size);
            const nn::Tensor made = model.forward(filledUp(seen, model.multiple, model.leastSide));
            const int height = v.last() - v.first(), width = h.last() - h.first();
            const nn::Tensor part = nn::narrow(nn::narrow(made, 2, v.first() - v.from, height), 3, h.first() - h.from, width);
            nn::Tensor place = nn::narrow(nn::narrow(out, 2, v.first(), height), 3, h.first(), width);
            place.add_(part.mul(sharesOf(v).view({height, 1})).mul(sharesOf(h)));
            ++count;
        }
    progress.report(total, total, "done");
    return out;
}

} // namespace

void requireNumbers(const Image& image, const std::string& subject) {
    if (image.empty()) throw Error(subject + " is missing", "give it a picture");
    const auto values = image.values();
    const auto bad = std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
    if (bad == values.end()) return;
    const auto at = static_cast<std::size_t>(bad - values.begin()) / static_cast<std::size_t>(image.channels());
    const auto width = static_cast<std::size_t>(image.width());
    throw Error(fmt::format("{}: the pixel at ({}, {}) is {}, which is no number to compute with", subject, at % width,
                            at / width, *bad),
                "repair the picture first");
}

nn::Tensor colorsOf(const Image& image, const std::string& subject, const Cancel& cancel) {
    requireNumbers(image, subject);
    if (image.channels() > 4)
        throw Error(fmt::format("{}: has {} channels; 1 to 4 can be worked on", subject, image.channels()));
    return tensor::toTensor(withChannels(toColorSpace(image, ColorSpace::Srgb, cancel), 3, cancel)).clamp_(0, 1);
}

Image pictureLike(const nn::Tensor& colors, const Image& like, const Cancel& cancel) {
    Image out = toColorSpace(tensor::toImage(colors.clamp(0, 1)), like.colorSpace(), cancel);
    if (like.hasAlpha()) out = withAlpha(out, alphaOf(like));
    out.setMetadata(like.metadata());
    return out;
}

nn::Tensor filledUp(const nn::Tensor& x, int multiple, int leastSide) {
    const auto missing = [&](std::int64_t side) {
        const std::int64_t wanted = std::max<std::int64_t>(side, leastSide);
        return (wanted + multiple - 1) / multiple * multiple - side;
    };
    const std::int64_t right = missing(x.size(3)), bottom = missing(x.size(2));
    if (right == 0 && bottom == 0) return x;
    const bool room = right < x.size(3) && bottom < x.size(2);
    return nn::pad(x, 0, right, 0, bottom, room ? nn::Padding::Reflect : nn::Padding::Replicate);
}

nn::Tensor forwardInTiles(const PictureModel& model, const nn::Tensor& x, const RestoreOptions& options,
                          const Progress& progress, RestoreReport* report) {
    const int overlap = options.overlap >= 0 ? options.overlap : model.overlap;
    const int whole = static_cast<int>(std::max(x.size(2), x.size(3)));
    RestoreReport local{.overlap = overlap};
    for (int divisor = 1;; divisor *= 2) {
        const std::uint64_t budget =
            options.memory > 0 ? options.memory : std::min(kMostTileMemory, tensor::availableMemory() / 2);
        const double pixels = static_cast<double>(budget) / model.bytesPerPixel;
        const bool fits = static_cast<double>(x.size(2) * x.size(3)) <= pixels;
        const int chosen = options.tile > 0 ? std::max(options.tile, model.multiple)
                           : fits           ? whole
                                            : static_cast<int>(std::sqrt(pixels)) - 2 * overlap;
        const int tile = std::max(chosen / divisor, std::min(whole, kSmallestTile));
        if (divisor > 1 && tile == local.tile)
            throw Error("out of memory even for the smallest tile", "close other programs or use a smaller picture",
                        ErrorKind::Memory);
        local.tile = tile;
        try {
            nn::Tensor out;
            tensor::run(tensor::currentCancel(), [&] { out = runTiles(model, x, tile, overlap, progress, local.tiles); });
            if (report) *report = local;
            return out;
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::Memory) throw;
            ++local.retries;
            log::info("restore: out of memory with tiles of {}, trying smaller ones", tile);
        }
    }
}

} // namespace ochre::models
