// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/FixedConv.h"

#include <algorithm>

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include "core/tensor/FixedWinograd.h"
#include "core/tensor/InPlace.h"
#include "core/tensor/Runtime.h"

namespace ochre::nn {
namespace {

constexpr std::int64_t kScratchBytes = std::int64_t{3} << 20; // of a thread: a part of the last cache
constexpr std::int64_t kLeastTiles = 48; // of all pictures: below, packing and reading the weights is the larger part
constexpr std::int64_t kLargest = std::int64_t{64} << 20; // bytes of packed weights: 960 × 960 channels
constexpr double kPieceWork = 1.5e9;     // multiplications and additions between two looks at Cancel, a thread
constexpr std::int64_t kRows = 12;       // tiles that are multiplied together

const std::uint16_t* bits(const Tensor& x) {
    return static_cast<const std::uint16_t*>(x.const_data_ptr());
}

std::int64_t roundUp(std::int64_t value, std::int64_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

std::int64_t valueBytes(const Tensor& weight) {
    return 2 * fixed::kPoints * weight.size(0) * weight.size(1);
}

std::int64_t packedBytes(const Tensor& weight) {
    return valueBytes(weight) + 4 * fixed::kPoints * weight.size(0);
}

fixed::Packed packedAt(const Tensor& weight, const Tensor& memory) {
    auto* start = static_cast<std::byte*>(memory.mutable_data_ptr());
    return {reinterpret_cast<std::int16_t*>(start), reinterpret_cast<float*>(start + valueBytes(weight))};
}

void pack(const Tensor& weight, const Tensor& memory) {
    const fixed::Plan plan{.inChannels = weight.size(1), .outChannels = weight.size(0), .tilesX = 1, .tilesY = 1,
                           .pad = 0, .padRows = 0};
    const fixed::Kernels kernels{bits(weight), weight.stride(0), weight.stride(1), weight.stride(2), weight.stride(3)};
    at::parallel_for(0, plan.outChannels / fixed::kBlock, 1, [&](std::int64_t begin, std::int64_t end) {
        fixed::packWeights(plan, kernels, begin * fixed::kBlock, end * fixed::kBlock, packedAt(weight, memory));
    });
}

std::int64_t tilesOf(std::int64_t side) {
    return (side + fixed::kTile - 1) / fixed::kTile;
}

/// Tiles that are worked on together: as many as the caches hold, and shares of about the same size for all threads.
std::int64_t chunkOf(const fixed::Plan& plan, std::int64_t tiles) {
    const std::int64_t perRows = fixed::scratchBytes(plan, kRows);
    const std::int64_t most = std::clamp<std::int64_t>(kScratchBytes / perRows, 1, 8) * kRows;
    const std::int64_t threads = at::get_num_threads();
    const std::int64_t chunks = roundUp((tiles + most - 1) / most, threads);
    return std::clamp<std::int64_t>((tiles + chunks - 1) / chunks, 1, most);
}

} // namespace

std::optional<FixedConv> FixedConv::make(const Tensor& weight, const Tensor& bias, const Conv2dOptions& options,
                                         bool doubled) {
    const tensor::CpuFeatures& cpu = tensor::cpuFeatures();
    const bool suits = weight.is_cpu() && weight.scalar_type() == at::kBFloat16 && weight.size(2) == 3 &&
                       weight.size(3) == 3 && weight.size(0) % fixed::kBlock == 0 &&
                       weight.size(1) % fixed::kBlock == 0 && weight.numel() > 0 &&
                       packedBytes(weight) <= kLargest && options.stride == 1 &&
                       options.dilation == 1 && options.groups == 1;
    if (!suits || !cpu.avx512Vnni || !cpu.avx512Bf16 || cpu.amxBf16) return std::nullopt;
    FixedConv conv;
    conv.m_weight = weight;
    if (bias.defined()) conv.m_bias = bias.to(at::kFloat).contiguous();
    conv.m_pad = doubled ? 1 : options.padding;
    conv.m_doubled = doubled;
    conv.m_lean = options.lean;
    conv.m_activation = options.activation;
    return conv;
}

bool FixedConv::pays(const Tensor& x, std::int64_t padRows) const {
    const std::int64_t factor = m_doubled ? 2 : 1;
    const std::int64_t height = factor * x.size(2) + 2 * padRows - 2, width = factor * x.size(3) + 2 * m_pad - 2;
    if (m_lean && packedBytes(m_weight) > 2 * x.size(0) * m_weight.size(0) * height * width) return false;
    return x.size(0) * (height / fixed::kTile) * (width / fixed::kTile) >= kLeastTiles;
}

FixedConv FixedConv::prepared(Tensor& memory) const {
    FixedConv ready = *this;
    if (m_packed.defined()) return ready;
    const std::int64_t size = packedBytes(m_weight) / 4; // as WinogradConv, which may use the same memory
    if (!memory.defined() || memory.numel() < size || memory.numel() > 4 * size) {
        memory = Tensor(); // gives back first
        memory = at::empty({size}, at::TensorOptions().dtype(at::kFloat));
    }
    pack(m_weight, memory);
    ready.m_packed = memory;
    return ready;
}

Tensor FixedConv::packed() const {
    if (m_packed.defined()) return m_packed;
    const std::lock_guard lock(m_kept->mutex);
    if (!m_kept->packed.defined()) prepared(m_kept->packed);
    return m_kept->packed;
}

Tensor FixedConv::operator()(const Tensor& x, std::int64_t padRows, const Tensor& room) const {
    const std::int64_t factor = m_doubled ? 2 : 1;
    Tensor out = room.defined() ? room
                                : emptyPicture(x, x.size(0), m_weight.size(0), factor * x.size(2) + 2 * padRows - 2,
                                               factor * x.size(3) + 2 * m_pad - 2);
    run(x, padRows, false, out);
    activateInPlace(out, m_activation);
    return out;
}

void FixedConv::addTo(Tensor& onto, const Tensor& x, std::int64_t padRows) const {
    if (m_activation.kind == Activation::Kind::None)
        run(x, padRows, true, onto);
    else
        onto.add_((*this)(x, padRows));
}

void FixedConv::run(const Tensor& x, std::int64_t padRows, bool add, Tensor& out) const {
    const Tensor weights = packed();
    const fixed::Plan plan{m_weight.size(1), m_weight.size(0),    tilesOf(out.size(3)), tilesOf(out.size(2)),
                           m_pad,            padRows,             m_doubled};
    const fixed::Picture picture{bits(x), x.size(2), x.size(3), x.stride(0), x.stride(2), x.stride(3)};
    const fixed::Output output{static_cast<std::uint16_t*>(out.mutable_data_ptr()),
                               out.size(2),
                               out.size(3),
                               out.stride(0),
                               out.stride(2),
                               out.stride(3),
                               m_bias.defined() ? m_bias.const_data_ptr<float>() : nullptr,
                               add};
    const std::int64_t tiles = x.size(0) * plan.tilesX * plan.tilesY, chunk = chunkOf(plan, tiles);
    const double chunkWork = 72.0 * static_cast<double>(chunk * plan.inChannels * plan.outChannels);
    const std::int64_t threads = at::get_num_threads(), chunks = (tiles + chunk - 1) / chunk;
    const std::int64_t piece = threads * std::max<std::int64_t>(1, static_cast<std::int64_t>(kPieceWork / chunkWork));
    const Tensor scratch = at::empty({threads, roundUp(fixed::scratchBytes(plan, chunk), 64)},
                                     at::TensorOptions().dtype(at::kByte));
    for (std::int64_t from = 0; from < chunks; from += piece) {
        tensor::currentCancel().check();
        at::parallel_for(from, std::min(from + piece, chunks), 1, [&](std::int64_t begin, std::int64_t end) {
            auto* mine = static_cast<std::byte*>(scratch.mutable_data_ptr()) + at::get_thread_num() * scratch.stride(0);
            for (std::int64_t c = begin; c < end; ++c)
                fixed::run(plan, picture, packedAt(m_weight, weights), c * chunk, std::min(chunk, tiles - c * chunk),
                           mine, output);
        });
    }
}

} // namespace ochre::nn
