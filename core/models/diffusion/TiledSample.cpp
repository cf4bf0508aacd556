// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/TiledSample.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/diffusion/LatentOps.h"
#include "core/tensor/Fill.h"

namespace ochre::models {
namespace {

using nn::Tensor;

constexpr int kSmallestTile = 128; ///< pixels

/// Begin and size of windows of one size over a length, evenly spread, at most `stride` apart.
std::vector<std::pair<int, int>> spread(int length, int size, int stride) {
    if (length <= size) return {{0, length}};
    const int gaps = (length - size + stride - 1) / stride;
    std::vector<std::pair<int, int>> windows;
    for (int i = 0; i <= gaps; ++i) windows.emplace_back(i * (length - size) / gaps, size);
    return windows;
}

/// The window of x [N, C, h, w], whose pixels are `side` times as many as those of the latent.
Tensor cut(const Tensor& x, const LatentWindow& window, int side = 1) {
    return x.narrow(2, std::int64_t{window.y} * side, std::int64_t{window.height} * side)
        .narrow(3, std::int64_t{window.x} * side, std::int64_t{window.width} * side);
}

/// An area of the whole picture as pixels of the window; nothing where they do not meet.
std::optional<ConditioningArea> meet(const ConditioningArea& area, const LatentWindow& window, int width,
                                     int height) {
    ConditioningArea whole = area;
    if (area.share) {
        whole = {std::nearbyint(area.x * width), std::nearbyint(area.y * height),
                 std::max(1.0, std::nearbyint(area.width * width)),
                 std::max(1.0, std::nearbyint(area.height * height)), false};
    }
    const double left = std::max<double>(whole.x, window.x), top = std::max<double>(whole.y, window.y);
    const double right = std::min<double>(whole.x + whole.width, window.x + window.width),
                 bottom = std::min<double>(whole.y + whole.height, window.y + window.height);
    if (right <= left || bottom <= top) return std::nullopt;
    return ConditioningArea{left - window.x, top - window.y, right - left, bottom - top, false};
}

/// False where the entry does not act in the window.
bool cutEntry(ConditioningEntry& entry, const LatentWindow& window, int width, int height) {
    bool acts = true;
    if (entry.area) {
        entry.area = meet(*entry.area, window, width, height);
        acts = entry.area.has_value();
    }
    if (entry.mask.defined()) {
        const Tensor mask = nn::resizeBilinear(entry.mask.unsqueeze(1), height, width);
        entry.mask = cut(mask, window).squeeze(1).contiguous();
        acts = acts && nn::maxAbs(entry.mask) > 0;
    }
    for (ControlUse& use : entry.controls)
        use.hint =
            cut(resizeCenter(use.hint, width * kLatentSide, height * kLatentSide, LatentResize::Nearest),
                window, kLatentSide)
                .contiguous();
    if (entry.inpaint) {
        const auto part = [&](const Tensor& x) {
            return cut(resizeCenter(x, width, height, LatentResize::Bilinear), window).contiguous();
        };
        entry.inpaint = InpaintConcat{part(entry.inpaint->latent), part(entry.inpaint->mask)};
    }
    return acts;
}

/// Whether what the network is shown depends on the place.
bool isLocal(const GuiderSetup& setup) {
    const auto local = [](const Conditioning& conditioning) {
        return std::ranges::any_of(conditioning.entries, [](const ConditioningEntry& e) {
            return e.area || e.mask.defined() || !e.controls.empty() || e.inpaint;
        });
    };
    return local(setup.positive) || local(setup.negative) || setup.model.checkpoint->isInpaint();
}

/// Weights along a side: from the edges that lie inside the picture they rise over `ramp` pixels.
std::vector<float> ramps(int from, int size, int whole, int ramp) {
    std::vector<float> weights;
    constexpr int kFar = std::numeric_limits<int>::max();
    for (int i = 0; i < size; ++i) {
        const int near = std::min(from > 0 ? i : kFar, from + size < whole ? size - 1 - i : kFar);
        weights.push_back(near >= ramp ? 1.0f : static_cast<float>(near + 1) / static_cast<float>(ramp + 1));
    }
    return weights;
}

} // namespace

std::vector<LatentWindow> tileWindows(int width, int height, const TileOptions& options) {
    if (options.tile < kSmallestTile || options.overlap < 0 || 3 * options.overlap > options.tile)
        throw Error(
            fmt::format("tiles: a side of {} pixels with an overlap of {}", options.tile, options.overlap),
            "tiles are at least 128 pixels, and the overlap is at most a third of that");
    const int size = options.tile / kLatentSide, stride = size - 2 * (options.overlap / kLatentSide);
    std::vector<LatentWindow> windows;
    for (const auto& [y, rows] : spread(height, size, stride))
        for (const auto& [x, columns] : spread(width, size, stride)) windows.push_back({x, y, columns, rows});
    return windows;
}

Conditioning seenThrough(const Conditioning& conditioning, const LatentWindow& window, int width,
                         int height) {
    Conditioning seen;
    seen.family = conditioning.family;
    for (ConditioningEntry entry : conditioning.entries)
        if (cutEntry(entry, window, width, height)) seen.entries.push_back(std::move(entry));
    if (seen.entries.empty() && !conditioning.entries.empty()) {
        ConditioningEntry entry = conditioning.entries.back();
        entry.area.reset();
        entry.mask.reset();
        cutEntry(entry, window, width, height);
        seen.entries.push_back(std::move(entry));
    }
    return seen;
}

TiledGuider::TiledGuider(const GuiderSetup& setup, const Tensor& x, const TileOptions& options) {
    const int width = static_cast<int>(x.size(3)), height = static_cast<int>(x.size(2));
    const bool local = isLocal(setup);
    for (const LatentWindow& window : tileWindows(width, height, options)) {
        Tile tile{window, {}, nullptr};
        // Where nothing depends on the place, tiles of one size share what was prepared.
        for (const Tile& other : m_tiles)
            if (!local && other.window.width == window.width && other.window.height == window.height)
                tile.guider = other.guider;
        if (!tile.guider) {
            GuiderSetup part = setup;
            part.positive = seenThrough(setup.positive, window, width, height);
            part.negative = seenThrough(setup.negative, window, width, height);
            if (setup.latent.defined()) part.latent = cut(setup.latent, window).contiguous();
            if (setup.mask.defined()) part.mask = cut(setup.mask, window).contiguous();
            tile.guider = std::make_shared<Guider>(part, cut(x, window).contiguous());
            m_guiders.push_back(tile.guider);
        }
        m_tiles.push_back(std::move(tile));
    }
    weigh(width, height, options.overlap / kLatentSide);
}

void TiledGuider::weigh(int width, int height, int overlap) {
    const std::vector<float> none(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), 0.0f);
    Tensor total = nn::fromValues(none, {1, 1, height, width});
    for (Tile& tile : m_tiles) {
        const LatentWindow& w = tile.window;
        const Tensor across = nn::fromValues(ramps(w.x, w.width, width, 2 * overlap), {1, 1, 1, w.width}),
                     down = nn::fromValues(ramps(w.y, w.height, height, 2 * overlap), {1, 1, w.height, 1});
        tile.weight = down.mul(across);
        cut(total, w).add_(tile.weight);
    }
    for (Tile& tile : m_tiles) tile.weight.div_(cut(total, tile.window));
}

sampling::DenoiseResult TiledGuider::operator()(const Tensor& x, double sigma) {
    sampling::DenoiseResult whole;
    const auto add = [&](Tensor& onto, const Tensor& part, const Tile& tile) {
        if (!part.defined()) return;
        if (!onto.defined()) onto = x.new_zeros(x.sizes());
        cut(onto, tile.window).add_(part.mul(tile.weight));
    };
    for (std::size_t i = 0; i < m_tiles.size(); ++i) {
        const Tile& tile = m_tiles[i];
        if (onTile) onTile(static_cast<int>(i));
        const sampling::DenoiseResult part = (*tile.guider)(cut(x, tile.window).contiguous(), sigma);
        add(whole.denoised, part.denoised, tile);
        add(whole.unconditional, part.unconditional, tile);
    }
    return whole;
}

int TiledGuider::calls() const {
    int calls = 0;
    for (const auto& guider : m_guiders) calls += guider->calls();
    return calls;
}

SampleResult sampleTiled(const DiffusionModel& model, const Conditioning& positive,
                         const Conditioning& negative, const LatentBatch& latent,
                         const SampleOptions& options, const TileOptions& tiles, const SampleHooks& hooks) {
    std::shared_ptr<TiledGuider> guider;
    int done = 0; // steps
    SampleHooks inner = hooks;
    inner.preview = [&](int step, int total, const Tensor& denoised) {
        done = step + 1;
        if (hooks.preview) hooks.preview(step, total, denoised);
    };
    inner.guide = [&](const GuiderSetup& setup, const Tensor& x) -> sampling::Denoiser {
        guider = std::make_shared<TiledGuider>(setup, x, tiles);
        const int count = guider->tiles(), steps = static_cast<int>(setup.sigmas.size()) - 1;
        guider->onTile = [&hooks, &done, count, steps](int tile) {
            hooks.cancel.check();
            if (hooks.waitWhilePaused) hooks.waitWhilePaused();
            hooks.progress.report(static_cast<std::uint64_t>(done * count + tile),
                                  static_cast<std::uint64_t>(steps * count),
                                  fmt::format("step {} of {}, tile {} of {}", std::min(done + 1, steps),
                                              steps, tile + 1, count));
        };
        return [guider](const Tensor& y, double sigma) { return (*guider)(y, sigma); };
    };
    SampleResult result = sampleLatent(model, positive, negative, latent, options, inner);
    result.networkCalls = guider ? guider->calls() : 0;
    return result;
}

} // namespace ochre::models
