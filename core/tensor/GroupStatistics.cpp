// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/GroupStatistics.h"

#include <algorithm>
#include <cmath>

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/Inlined.h"
#include "core/tensor/Runtime.h"

namespace ochre::nn {
namespace {

using namespace inlined;

constexpr std::int64_t kBlock = 64; // pixels that are summed in float

struct Piece {
    const void* from;
    void* to;
    std::int64_t pixels, channels;
};

template <typename T, bool Silu>
OCHRE_INLINE void scalePiece(const Piece& piece, const float* factor, const float* summand) {
    scalePixels<Silu>(static_cast<const T*>(piece.from), piece.pixels, piece.channels, factor, summand, static_cast<T*>(piece.to));
}

template <typename T>
OCHRE_INLINE void sumPiece(const Piece& piece, const float* pivot, float* sum, float* squares) {
    sumPixels(static_cast<const T*>(piece.from), piece.pixels, piece.channels, pivot, sum, squares);
}

using Scale = void (*)(const Piece&, const float*, const float*);
using Sum = void (*)(const Piece&, const float*, float*, float*);

template <typename T, bool Silu>
void scalePlain(const Piece& piece, const float* factor, const float* summand) {
    scalePiece<T, Silu>(piece, factor, summand);
}
template <typename T, bool Silu>
[[gnu::target("avx2,fma")]] void scaleAvx2(const Piece& piece, const float* factor, const float* summand) {
    scalePiece<T, Silu>(piece, factor, summand);
}
template <typename T, bool Silu>
[[gnu::target("avx512f,avx512bw,avx512vl,fma")]] void scaleAvx512(const Piece& piece, const float* factor,
                                                                  const float* summand) {
    scalePiece<T, Silu>(piece, factor, summand);
}
template <typename T>
void sumPlain(const Piece& piece, const float* pivot, float* sum, float* squares) {
    sumPiece<T>(piece, pivot, sum, squares);
}
template <typename T>
[[gnu::target("avx2,fma")]] void sumAvx2(const Piece& piece, const float* pivot, float* sum, float* squares) {
    sumPiece<T>(piece, pivot, sum, squares);
}

template <typename T, bool Silu>
Scale bestScale() {
    const tensor::CpuFeatures& cpu = tensor::cpuFeatures();
    return cpu.avx512 ? scaleAvx512<T, Silu> : cpu.avx2 ? scaleAvx2<T, Silu> : scalePlain<T, Silu>;
}

template <typename T>
Sum bestSum() {
    return tensor::cpuFeatures().avx2 ? sumAvx2<T> : sumPlain<T>;
}

bool hasKernel(const Tensor& x) {
    return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) && x.size(0) == 1 &&
           x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

Piece piece(const Tensor& x, Tensor* out, std::int64_t first, std::int64_t count) {
    const std::int64_t channels = x.size(1), size = x.element_size();
    const auto at = static_cast<std::ptrdiff_t>(first * channels * size);
    return {static_cast<const std::byte*>(x.const_data_ptr()) + at,
            out ? static_cast<std::byte*>(out->mutable_data_ptr()) + at : nullptr, count, channels};
}

} // namespace

GroupStatistics::GroupStatistics(std::int64_t channels)
    : m_pivot(static_cast<std::size_t>(channels)), m_sum(static_cast<std::size_t>(channels)),
      m_squares(static_cast<std::size_t>(channels)) {}

void GroupStatistics::add(const Tensor& rows) {
    if (rows.dim() != 4 || rows.size(0) != 1 || rows.size(1) != channels())
        throw Error(fmt::format("group norm: statistics of {} channels, was given {}", channels(),
                                rows.dim() > 1 ? rows.size(1) : 0));
    const std::int64_t pixels = rows.size(2) * rows.size(3);
    const auto width = static_cast<std::size_t>(channels());
    const bool fast = hasKernel(rows);
    const Tensor x = fast ? rows : rows.to(at::kCPU, at::kFloat).contiguous(at::MemoryFormat::ChannelsLast);
    if (m_pixels == 0 && pixels > 0) {
        const Tensor first = x.select(3, 0).select(2, 0).to(at::kFloat).contiguous();
        std::copy_n(first.const_data_ptr<float>(), width, m_pivot.begin());
    }
    const Sum sum = x.scalar_type() == at::kFloat ? bestSum<float>() : bestSum<std::uint16_t>();
    const std::int64_t shares = std::clamp<std::int64_t>(pixels / kBlock, 1, at::get_num_threads());
    const std::int64_t each = (pixels + shares - 1) / shares;
    std::vector<std::vector<double>> sums(static_cast<std::size_t>(shares), std::vector<double>(2 * width));
    at::parallel_for(0, shares, 1, [&](std::int64_t begin, std::int64_t end) {
        std::vector<float> block(2 * width);
        for (std::int64_t s = begin; s < end; ++s)
            for (std::int64_t p = s * each; p < std::min((s + 1) * each, pixels); p += kBlock) {
                std::fill(block.begin(), block.end(), 0.0f);
                const std::int64_t count = std::min(kBlock, std::min((s + 1) * each, pixels) - p);
                sum(piece(x, nullptr, p, count), m_pivot.data(), block.data(), block.data() + width);
                for (std::size_t i = 0; i < 2 * width; ++i) sums[static_cast<std::size_t>(s)][i] += block[i];
            }
    });
    for (const std::vector<double>& part : sums) // in order, so that the same threads give the same sum
        for (std::size_t c = 0; c < width; ++c) {
            m_sum[c] += part[c];
            m_squares[c] += part[width + c];
        }
    m_pixels += static_cast<double>(pixels);
}

Tensor GroupStatistics::factors(const GroupNorm& norm) const {
    if (norm.channels() != channels())
        throw Error(fmt::format("group norm: takes {} channels, was given {}", norm.channels(), channels()));
    const Tensor weight = norm.weight().to(at::kCPU, at::kFloat), bias = norm.bias().to(at::kCPU, at::kFloat);
    Tensor result = at::empty({2, channels()}, at::TensorOptions().dtype(at::kFloat));
    float* factor = result.mutable_data_ptr<float>();
    const std::int64_t width = channels() / norm.groups();
    for (std::int64_t group = 0; group < norm.groups(); ++group) {
        double sum = 0, squares = 0;
        for (std::int64_t c = group * width; c < (group + 1) * width; ++c) {
            const auto i = static_cast<std::size_t>(c);
            const double pivot = m_pivot[i];
            sum += m_sum[i] + m_pixels * pivot;
            squares += m_squares[i] + pivot * (2 * m_sum[i] + m_pixels * pivot);
        }
        const double count = m_pixels * static_cast<double>(width), mean = sum / count;
        const double deviation = std::sqrt(std::max(squares / count - mean * mean, 0.0) + norm.epsilon());
        for (std::int64_t c = group * width; c < (group + 1) * width; ++c) {
            const double scale = weight.const_data_ptr<float>()[c] / deviation;
            factor[c] = static_cast<float>(scale);
            factor[channels() + c] = static_cast<float>(bias.const_data_ptr<float>()[c] - mean * scale);
        }
    }
    return result;
}

void scaleChannels(const Tensor& x, const Tensor& factors, const Activation& activation, Tensor& out) {
    const bool silu = activation.kind == Activation::Kind::Silu;
    if (!hasKernel(x) || !hasKernel(out) || !(silu || activation.kind == Activation::Kind::None)) {
        const Tensor both = factors.to(x.device()).view({2, 1, x.size(1), 1, 1});
        out.copy_(activate(x.to(at::kFloat).mul(both[0]).add_(both[1]), activation));
        return;
    }
    const float* factor = factors.const_data_ptr<float>();
    const float* summand = factor + x.size(1);
    const bool single = x.scalar_type() == at::kFloat;
    const Scale scale = single ? (silu ? bestScale<float, true>() : bestScale<float, false>())
                               : (silu ? bestScale<std::uint16_t, true>() : bestScale<std::uint16_t, false>());
    at::parallel_for(0, x.size(2) * x.size(3), kBlock, [&](std::int64_t begin, std::int64_t end) {
        scale(piece(x, &out, begin, end - begin), factor, summand);
    });
}

} // namespace ochre::nn
