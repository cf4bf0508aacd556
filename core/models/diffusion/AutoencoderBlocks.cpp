// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/AutoencoderBlocks.h"

#include <algorithm>

#include "core/tensor/Attention.h"
#include "core/tensor/Recompute.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

constexpr int kGroups = 32;
constexpr double kEpsilon = 1e-6;
constexpr double kStripeWork = 20e9;    // operations: 40 ms with Winograd's algorithm on two AVX2 cores, 150 ms without
constexpr std::int64_t kStripeValues = std::int64_t{2} << 20; // 8 MiB of float32: caches hold it from layer to layer
constexpr std::int64_t kFewestQueries = 256;

nn::Activation silu() {
    return {nn::Activation::Kind::Silu, 0};
}

/// Makes a map of rows that `layer(first, count, room)` gives; `work` counts operations a pixel.
template <typename Layer>
StripedMap sweep(std::int64_t channels, std::int64_t height, std::int64_t width, double work, StripeRun& run,
                 const Layer& layer) {
    StripedMap out(channels, height, width, run.storage());
    const double rowWork = work * static_cast<double>(width);
    const std::int64_t rows = run.rows(channels * width, rowWork);
    for (std::int64_t y = 0; y < height; y += rows) {
        const std::int64_t count = std::min(rows, height - y);
        out.append(layer(y, count, run.room(channels, count, width)));
        run.advance(rowWork * static_cast<double>(count));
    }
    return out;
}

} // namespace

StripeRun::StripeRun(const nn::Tensor& input, MapStorage storage, int rows, double totalWork, Progress progress)
    : m_options(input.options()), m_storage(storage), m_rows(rows), m_total(totalWork),
      m_progress(std::move(progress)) {}

std::int64_t StripeRun::rows(std::int64_t valuesPerRow, double workPerRow) const {
    const auto most = m_rows > 0 ? m_rows
                                 : std::min(kStripeValues / valuesPerRow,
                                            static_cast<std::int64_t>(std::min(kStripeWork / workPerRow, 1e6)));
    // Multiples of a tile of Winograd's convolution, so that a pixel's sum does not depend on its stripe.
    return std::max<std::int64_t>(4, most / 4 * 4);
}

nn::Tensor StripeRun::room(std::int64_t channels, std::int64_t rows, std::int64_t width) const {
    const std::int64_t size = channels * rows * width;
    const bool common = size <= kStripeValues && 2 * size > kStripeValues;
    return nn::emptyValues(common ? kStripeValues : size, m_options)
        .narrow(0, 0, size)
        .view({1, rows, width, channels})
        .permute({0, 3, 1, 2});
}

void StripeRun::advance(double work) {
    tensor::currentCancel().check();
    m_work += work;
    m_progress.report(static_cast<std::uint64_t>(m_work), static_cast<std::uint64_t>(m_total));
}

StripedMap convolve(StripedMap x, const nn::Conv2d& conv, StripeRun& run) {
    const nn::Conv2d ready = conv.prepared(run.weights());
    return sweep(conv.outChannels(), x.height(), x.width(), conv.work(), run, [&](std::int64_t y, std::int64_t count, const nn::Tensor& room) {
        const nn::Tensor out = ready.rows(x.rows(y - 1, count + 2), room);
        x.dropBefore(y + count - 1);
        return out;
    });
}

StripedMap convolve(StripedMap x, const nn::GroupNorm& norm, const nn::Conv2d& conv, StripeRun& run) {
    const nn::Conv2d ready = conv.prepared(run.weights());
    return sweep(conv.outChannels(), x.height(), x.width(), conv.work(), run, [&](std::int64_t y, std::int64_t count, const nn::Tensor& room) {
        const nn::Tensor out = ready.rows(x.normalized(norm, silu(), y - 1, count + 2, run.scratch()), room);
        x.dropBefore(y + count - 1);
        return out;
    });
}

StripedMap downsample(StripedMap x, const nn::Conv2d& conv, StripeRun& run) {
    return sweep(conv.outChannels(), x.height() / 2, x.width() / 2, conv.work(), run,
                 [&](std::int64_t y, std::int64_t count, const nn::Tensor& room) {
                     const nn::Tensor part = nn::pad(x.rows(2 * y, 2 * count + 1), 0, 1, 0, 0); // [1, C, 2·count + 1, W + 1]
                     x.dropBefore(2 * (y + count));
                     return conv.rows(nn::channelsLast(part), room);
                 });
}

StripedMap upsample(StripedMap x, const nn::UpsampleConv2d& conv, StripeRun& run) {
    const nn::UpsampleConv2d ready = conv.prepared(run.weights());
    return sweep(conv.outChannels(), 2 * x.height(), 2 * x.width(), conv.work(), run,
                 [&](std::int64_t y, std::int64_t count, const nn::Tensor& room) {
                     const nn::Tensor out = ready.rows(x.rows(y / 2 - 1, count / 2 + 2), room);
                     x.dropBefore((y + count) / 2 - 1);
                     return out;
                 });
}

ResBlock::ResBlock(const tensor::Weights& weights, const std::string& name)
    : m_norm1(weights, name + ".norm1", kGroups, kEpsilon), m_norm2(weights, name + ".norm2", kGroups, kEpsilon),
      m_conv1(weights, name + ".conv1"), m_conv2(weights, name + ".conv2"),
      m_hasShortcut(weights.has(name + ".nin_shortcut.weight")) {
    if (m_hasShortcut) m_shortcut = {weights, name + ".nin_shortcut"};
}

double ResBlock::work() const {
    return m_conv1.work() + m_conv2.work() + m_shortcut.work();
}

StripedMap ResBlock::operator()(StripedMap x, StripeRun& run) const {
    StripedMap shortcut(m_conv2.outChannels(), x.height(), x.width(), run.storage());
    StripedMap hidden = runFirst(x, shortcut, run);
    StripedMap& skip = m_hasShortcut ? shortcut : x;
    StripedMap out(m_conv2.outChannels(), x.height(), x.width(), run.storage());
    const nn::Conv2d ready = m_conv2.prepared(run.weights());
    const double rowWork = m_conv2.work() * static_cast<double>(x.width());
    const std::int64_t rows = run.rows(m_conv2.outChannels() * x.width(), rowWork);
    std::int64_t y = 0;
    // What is added to becomes the result, a stripe after the other.
    for (nn::Tensor stripe = skip.takeStripe(); stripe.defined(); stripe = skip.takeStripe()) {
        const std::int64_t end = y + stripe.size(2), first = y;
        while (y < end) {
            const std::int64_t count = std::min(rows, end - y);
            nn::Tensor part = stripe.narrow(2, y - first, count);
            ready.addRows(hidden.normalized(m_norm2, silu(), y - 1, count + 2, run.scratch()), part);
            y += count;
            hidden.dropBefore(y - 1);
            run.advance(rowWork * static_cast<double>(count));
        }
        out.append(stripe);
    }
    return out;
}

nn::Tensor ResBlock::whole(const nn::Tensor& x) const {
    return nn::block({x}, [self = *this](const auto& in) {
        const nn::Tensor& seen = in.front();
        const nn::Tensor h = self.m_conv2(self.m_norm2(self.m_conv1(self.m_norm1(seen, silu())), silu()));
        return nn::add(h, self.m_hasShortcut ? self.m_shortcut(seen) : seen);
    });
}

/// conv1(silu(norm1(x))), and x through the shortcut where there is one, after which x is not needed.
StripedMap ResBlock::runFirst(StripedMap& x, StripedMap& shortcut, StripeRun& run) const {
    const nn::Conv2d ready = m_conv1.prepared(run.weights());
    return sweep(m_conv1.outChannels(), x.height(), x.width(), m_conv1.work() + m_shortcut.work(), run,
                 [&](std::int64_t y, std::int64_t count, const nn::Tensor& room) {
                     const nn::Tensor out = ready.rows(x.normalized(m_norm1, silu(), y - 1, count + 2, run.scratch()), room);
                     if (!m_hasShortcut) return out;
                     shortcut.append(m_shortcut.rows(x.rows(y, count)));
                     x.dropBefore(y + count - 1);
                     return out;
                 });
}

AttentionBlock::AttentionBlock(const tensor::Weights& weights, const std::string& name)
    : m_norm(weights, name + ".norm", kGroups, kEpsilon), m_q(weights, name + ".q"), m_k(weights, name + ".k"),
      m_v(weights, name + ".v"), m_out(weights, name + ".proj_out") {}

double AttentionBlock::work(std::int64_t pixels) const {
    const auto channels = static_cast<double>(m_norm.channels()), tokens = static_cast<double>(pixels);
    return 8 * tokens * channels * channels + 4 * tokens * tokens * channels;
}

nn::Tensor AttentionBlock::whole(const nn::Tensor& x) const {
    return nn::block({x}, [self = *this](const auto& in) {
        const nn::Tensor& seen = in.front();
        const nn::Tensor tokens = nn::channelsLast(self.m_norm(seen)).permute({0, 2, 3, 1}).flatten(1, 2); // [N, HW, C]
        const nn::Tensor mixed = self.m_out(nn::attention(self.m_q(tokens), self.m_k(tokens), self.m_v(tokens), 1));
        return nn::add(seen, mixed.view({seen.size(0), seen.size(2), seen.size(3), seen.size(1)}).permute({0, 3, 1, 2}));
    });
}

StripedMap AttentionBlock::operator()(StripedMap x, StripeRun& run) const {
    const std::int64_t channels = x.channels(), tokens = x.height() * x.width();
    const nn::Tensor input = x.normalized(m_norm, {}, 0, x.height(), run.scratch()).permute({0, 2, 3, 1}).view({1, tokens, channels});
    const nn::Tensor q = m_q(input), k = m_k(input), v = m_v(input); // [1, HW, C]
    const double share = work(tokens) / static_cast<double>(tokens); // of a query
    const std::int64_t queries = std::max(kFewestQueries, static_cast<std::int64_t>(kStripeWork / share));
    nn::Tensor mixed = q.new_empty(q.sizes());
    for (std::int64_t first = 0; first < tokens; first += queries) {
        const std::int64_t count = std::min(queries, tokens - first);
        mixed.narrow(1, first, count).copy_(nn::attention(q.narrow(1, first, count), k, v, 1));
        run.advance(share * static_cast<double>(count));
    }
    nn::Tensor out = m_out(mixed).view({1, x.height(), x.width(), channels}).permute({0, 3, 1, 2}); // [1, C, H, W]
    return {nn::addInPlace(out, x.rows(0, x.height())), run.storage()};
}

} // namespace ochre::models
