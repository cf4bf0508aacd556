// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/WinogradConv.h"

#include <algorithm>

#include <ATen/Parallel.h>
#include <ATen/ops/add.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>

#include "core/tensor/InPlace.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/Winograd.h"

namespace ochre::nn {
namespace {

constexpr std::int64_t kKeptBytes = std::int64_t{2} << 20; // packed weights up to this are kept
constexpr std::int64_t kLeastTiles = 4;     // of all pictures: below, reading the weights is nearly all there is to do
constexpr std::int64_t kManyTiles = 4096;   // from here on packing all weights first costs next to nothing
constexpr std::int64_t kMostValues = std::int64_t{8} << 20; // floats of transformed tiles at a time
constexpr std::int64_t kChunkStep = 12;     // rows that a kernel multiplies together
constexpr std::int64_t kMostChunk = 192;
constexpr double kPieceWork = 1.0e9;        // multiplications and additions between two looks at Cancel, a thread

const winograd::Backend* backend() {
    const tensor::CpuFeatures& cpu = tensor::cpuFeatures();
    return cpu.avx512 ? &winograd::kAvx512 : cpu.avx2 ? &winograd::kAvx2 : nullptr;
}

std::int64_t roundUp(std::int64_t value, std::int64_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

winograd::Kernels kernelsOf(const Tensor& weight) {
    return {weight.data_ptr<float>(), weight.stride(0), weight.stride(1), weight.stride(2), weight.stride(3)};
}

winograd::Picture pictureOf(const Tensor& x) {
    return {x.const_data_ptr<float>(), x.size(2), x.size(3), x.stride(0), x.stride(2), x.stride(3)};
}

winograd::Plan planOf(const Tensor& weight, std::int64_t padRows, std::int64_t padColumns, std::int64_t outHeight,
                      std::int64_t outWidth) {
    return {weight.size(1),
            weight.size(0),
            roundUp(weight.size(0), backend()->block),
            (outWidth + winograd::kTile - 1) / winograd::kTile,
            (outHeight + winograd::kTile - 1) / winograd::kTile,
            padRows,
            padColumns,
            false};
}

std::int64_t packedSize(const Tensor& weight) {
    return 36 * roundUp(weight.size(0), backend()->block) * weight.size(1);
}

void pack(const Tensor& weight, Tensor& packed) {
    const winograd::Plan plan = planOf(weight, 0, 0, 1, 1);
    const std::int64_t block = backend()->block;
    at::parallel_for(0, plan.paddedOut / block, 1, [&](std::int64_t begin, std::int64_t end) {
        backend()->packWeights(plan, kernelsOf(weight), begin * block, end * block, packed.data_ptr<float>());
    });
}

} // namespace

std::optional<WinogradConv> WinogradConv::make(const Tensor& weight, const Tensor& bias,
                                               const Conv2dOptions& options) {
    const bool suits = weight.is_cpu() && weight.scalar_type() == at::kFloat && weight.size(2) == 3 &&
                       weight.size(3) == 3 && weight.size(0) >= 16 && weight.size(1) >= 16 && options.stride == 1 &&
                       options.dilation == 1 && options.groups == 1;
    if (!suits || !backend()) return std::nullopt;
    WinogradConv conv;
    conv.m_weight = weight;
    conv.m_bias = bias;
    conv.m_pad = options.padding;
    conv.m_activation = options.activation;
    if (4 * packedSize(weight) <= kKeptBytes) conv.m_packed = conv.packed();
    return conv;
}

std::optional<WinogradConv> WinogradConv::makeDoubled(const Tensor& weight, const Tensor& bias) {
    auto conv = make(weight, bias, {.padding = 1});
    if (conv) conv->m_doubled = true;
    return conv;
}

bool WinogradConv::pays(const Tensor& x, std::int64_t padRows) const {
    const std::int64_t tiles = x.size(0) * ((x.size(2) + 2 * padRows - 2) / winograd::kTile) *
                               ((x.size(3) + 2 * m_pad - 2) / winograd::kTile);
    return tiles >= kLeastTiles;
}

Tensor WinogradConv::packed() const {
    Tensor memory;
    return m_packed.defined() ? m_packed : prepared(memory).m_packed;
}

WinogradConv WinogradConv::prepared(Tensor& memory) const {
    WinogradConv ready = *this;
    if (m_packed.defined()) return ready;
    const std::int64_t size = packedSize(m_weight);
    if (!memory.defined() || memory.numel() < size || memory.numel() > 4 * size) {
        memory = Tensor(); // gives back first
        memory = at::empty({size}, at::kFloat);
    }
    pack(m_weight, memory);
    ready.m_packed = memory;
    return ready;
}

bool WinogradConv::fused() const {
    return m_activation.kind == Activation::Kind::LeakyRelu || m_activation.kind == Activation::Kind::Relu;
}

Tensor WinogradConv::operator()(const Tensor& x, std::int64_t padRows, const Tensor& room) const {
    const std::int64_t factor = m_doubled ? 2 : 1;
    Tensor out = room.defined() ? room
                                : emptyPicture(x, x.size(0), m_weight.size(0), factor * x.size(2) + 2 * padRows - 2,
                                               factor * x.size(3) + 2 * m_pad - 2);
    run(x, padRows, out);
    if (!fused()) activateInPlace(out, m_activation);
    return out;
}

void WinogradConv::addInto(const Tensor& out, const Tensor& base, double scale, const Tensor& x,
                           std::int64_t padRows) const {
    Tensor to = out;
    if (m_activation.kind == Activation::Kind::None)
        run(x, padRows, out, base, scale);
    else
        at::add_out(to, base, (*this)(x, padRows), scale);
}

void WinogradConv::run(const Tensor& x, std::int64_t padRows, const Tensor& out, const Tensor& base,
                       double scale) const {
    winograd::Plan plan = planOf(m_weight, padRows, m_pad, out.size(2), out.size(3));
    plan.doubled = m_doubled;
    const winograd::Picture picture = pictureOf(x);
    winograd::Output output{out.data_ptr<float>(), out.size(2), out.size(3), out.stride(0), out.stride(2),
                            out.stride(3), m_bias.defined() ? m_bias.data_ptr<float>() : nullptr, fused(),
                            static_cast<float>(m_activation.slope)};
    if (base.defined()) {
        output.base = base.data_ptr<float>();
        output.basePictureStride = base.stride(0);
        output.baseRowStride = base.stride(2);
        output.basePixelStride = base.stride(3);
        output.scale = static_cast<float>(scale);
    }
    const std::int64_t tiles = x.size(0) * plan.tilesX * plan.tilesY;
    if (m_packed.defined() || tiles >= kManyTiles)
        runTiles(plan, picture, packed(), tiles, output);
    else
        runColumns(plan, picture, tiles, output);
}

void WinogradConv::runTiles(const winograd::Plan& plan, const winograd::Picture& picture, const Tensor& weights,
                            std::int64_t tiles, const winograd::Output& output) const {
    // Every chunk reads all weights, and writes and reads its own values: this size balances the two.
    const std::int64_t balanced = plan.inChannels * plan.paddedOut / (2 * (plan.inChannels + plan.paddedOut));
    const std::int64_t chunk = std::clamp(balanced / kChunkStep * kChunkStep, kChunkStep, kMostChunk);
    const double chunkWork = 72.0 * static_cast<double>(chunk * plan.inChannels * plan.paddedOut);
    const std::int64_t threads = at::get_num_threads(), chunks = (tiles + chunk - 1) / chunk;
    const std::int64_t piece = threads * std::max<std::int64_t>(1, static_cast<std::int64_t>(kPieceWork / chunkWork));
    const std::int64_t scratchSize =
        36 * (chunk * (roundUp(plan.inChannels, backend()->block) + plan.paddedOut) + 2 * winograd::kPlanePadding);
    Tensor scratch = at::empty({threads, scratchSize}, at::kFloat);
    for (std::int64_t from = 0; from < chunks; from += piece) {
        tensor::currentCancel().check();
        at::parallel_for(from, std::min(from + piece, chunks), 1, [&](std::int64_t begin, std::int64_t end) {
            float* mine = scratch.data_ptr<float>() + at::get_thread_num() * scratchSize;
            for (std::int64_t c = begin; c < end; ++c)
                backend()->run(plan, picture, weights.data_ptr<float>(), c * chunk, std::min(chunk, tiles - c * chunk),
                               mine, output);
        });
    }
}

/// Threads share out the tiles, then the output channels, so that every weight is read and packed once.
void WinogradConv::runColumns(const winograd::Plan& plan, const winograd::Picture& picture, std::int64_t tiles,
                              const winograd::Output& output) const {
    const std::int64_t block = backend()->block, threads = at::get_num_threads();
    const std::int64_t paddedIn = roundUp(plan.inChannels, block);
    const std::int64_t most = std::min(tiles, std::max<std::int64_t>(kMostValues / (36 * paddedIn), 4 * kChunkStep));
    const std::int64_t scratchSize = 36 * ((winograd::kDepth + most) * block + winograd::kPlanePadding);
    Tensor values = at::empty({36 * (most * paddedIn + winograd::kPlanePadding)}, at::kFloat);
    Tensor scratch = at::empty({threads, scratchSize}, at::kFloat);
    const winograd::Kernels kernels = kernelsOf(m_weight);
    const double blockWork = 72.0 * static_cast<double>(most * plan.inChannels * block);
    const std::int64_t piece = threads * std::max<std::int64_t>(1, static_cast<std::int64_t>(kPieceWork / blockWork));
    const std::int64_t blocks = plan.paddedOut / block;
    for (std::int64_t first = 0; first < tiles; first += most) {
        const std::int64_t count = std::min(most, tiles - first);
        at::parallel_for(0, count, kChunkStep, [&](std::int64_t begin, std::int64_t end) {
            backend()->read(plan, picture, first, count, begin, end, values.data_ptr<float>());
        });
        for (std::int64_t from = 0; from < blocks; from += piece) {
            tensor::currentCancel().check();
            at::parallel_for(from, std::min(from + piece, blocks), 1, [&](std::int64_t begin, std::int64_t end) {
                float* mine = scratch.data_ptr<float>() + at::get_thread_num() * scratchSize;
                for (std::int64_t b = begin; b < end; ++b)
                    backend()->runColumns(plan, values.data_ptr<float>(), kernels, b * block, first, count, mine, output);
            });
        }
    }
}

Tensor WinogradConv::kernelGradient(const Tensor& seen, const Tensor& worth) {
    const std::int64_t in = seen.size(1), out = worth.size(1);
    const Tensor gradient = at::empty({out, in, 3, 3}, seen.options().memory_format(at::MemoryFormat::ChannelsLast));
    const winograd::Plan plan = planOf(gradient, 1, 1, worth.size(2), worth.size(3));
    const std::int64_t tiles = seen.size(0) * plan.tilesX * plan.tilesY;
    const std::int64_t most = std::max(kChunkStep, std::min(tiles, kMostValues / (36 * std::max(in, out))));
    const Tensor seenValues = at::empty({36 * (most * in + winograd::kPlanePadding)}, seen.options());
    const Tensor worthValues = at::empty({36 * (most * out + winograd::kPlanePadding)}, seen.options());
    const Tensor sums = at::empty({36, out, in}, seen.options());
    for (std::int64_t first = 0; first < tiles; first += most) {
        tensor::currentCancel().check();
        const std::int64_t count = std::min(most, tiles - first);
        at::parallel_for(0, count, 1, [&](std::int64_t begin, std::int64_t end) {
            backend()->readSeen(plan, pictureOf(seen), first, count, begin, end, seenValues.data_ptr<float>());
            backend()->readWorth(plan, pictureOf(worth), first, count, begin, end, worthValues.data_ptr<float>());
        });
        const Tensor left = worthValues.as_strided({36, out, count}, {count * out + winograd::kPlanePadding, 1, out});
        const Tensor right = seenValues.as_strided({36, count, in}, {count * in + winograd::kPlanePadding, in, 1});
        // One thread a product: what several make of one depends on how many they are.
        at::parallel_for(0, 36, 1, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t point = begin; point < end; ++point) {
                Tensor sum = sums[point];
                first == 0 ? at::mm_out(sum, left[point], right[point]) : sum.addmm_(left[point], right[point]);
            }
        });
    }
    at::parallel_for(0, out, 1, [&](std::int64_t begin, std::int64_t end) {
        backend()->foldKernels(plan, sums.const_data_ptr<float>(), begin, end, gradient.data_ptr<float>());
    });
    return gradient;
}

} // namespace ochre::nn
