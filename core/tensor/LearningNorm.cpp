// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/LearningNorm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/tensor/Inlined.h"
#include "core/tensor/Runtime.h"

namespace ochre::nn {
namespace {

using namespace inlined;

constexpr std::int64_t kBlock = 64; // pixels that are summed in float

/// One picture: pixels × channels.
struct Map {
    std::int64_t pixels, channels;
};

/// What a value of a channel is multiplied with and what is added, a channel each.
struct Line {
    const float *factor, *summand;
};

template <typename T>
OCHRE_INLINE void sums(const T* x, const Map& map, const float* pivot, float* sum, float* squares) {
    sumPixels(x, map.pixels, map.channels, pivot, sum, squares);
}

template <typename T>
OCHRE_INLINE void apply(const T* x, const Map& map, const Line& line, bool silu, T* out) {
    if (silu)
        scalePixels<true>(x, map.pixels, map.channels, line.factor, line.summand, out);
    else
        scalePixels<false>(x, map.pixels, map.channels, line.factor, line.summand, out);
}

template <bool Silu, typename T>
OCHRE_INLINE void insidePixel(const T* __restrict x, const T* __restrict worth, std::int64_t channels,
                              const float* __restrict factor, const float* __restrict summand, const float* __restrict rate,
                              const float* __restrict shift, float* __restrict inner, float* __restrict sum,
                              float* __restrict product) {
    for (std::int64_t c = 0; c < channels; ++c) {
        const float from = load(x[c]);
        float gradient = load(worth[c]);
        if constexpr (Silu) {
            const float value = from * factor[c] + summand[c], gate = 1.0f / (1.0f + exponential(-value));
            gradient *= gate + value * gate * (1.0f - gate);
        }
        inner[c] = gradient;
        sum[c] += gradient;
        product[c] += gradient * (from * rate[c] + shift[c]);
    }
}

/// Gradients through the activation in `inner`, and their sums alone and times the normalised value (which is `unit` of x).
template <typename T>
OCHRE_INLINE void inside(const T* x, const T* worth, const Map& map, const Line& line, const Line& unit, bool silu, float* inner,
                         float* sum, float* product) {
    for (std::int64_t p = 0, n = map.channels; p < map.pixels; ++p, x += n, worth += n, inner += n)
        if (silu)
            insidePixel<true>(x, worth, n, line.factor, line.summand, unit.factor, unit.summand, inner, sum, product);
        else
            insidePixel<false>(x, worth, n, line.factor, line.summand, unit.factor, unit.summand, inner, sum, product);
}

template <typename T>
OCHRE_INLINE void outsidePixel(const T* __restrict x, const float* __restrict inner, std::int64_t channels,
                               const float* __restrict scale, const float* __restrict factor, const float* __restrict summand,
                               T* __restrict out) {
    for (std::int64_t c = 0; c < channels; ++c) store(out[c], inner[c] * scale[c] + (load(x[c]) * factor[c] + summand[c]));
}

/// inner · scale + x · line.factor + line.summand.
template <typename T>
OCHRE_INLINE void outside(const T* x, const float* inner, const Map& map, const float* scale, const Line& line, T* out) {
    for (std::int64_t p = 0, n = map.channels; p < map.pixels; ++p, x += n, inner += n, out += n)
        outsidePixel(x, inner, n, scale, line.factor, line.summand, out);
}

/// The loops for one instruction set.
template <typename T>
struct Loops {
    void (*sums)(const T*, const Map&, const float*, float*, float*);
    void (*apply)(const T*, const Map&, const Line&, bool, T*);
    void (*inside)(const T*, const T*, const Map&, const Line&, const Line&, bool, float*, float*, float*);
    void (*outside)(const T*, const float*, const Map&, const float*, const Line&, T*);
};

#define OCHRE_LOOPS(Name, Target)                                                                                              \
    template <typename T>                                                                                                      \
    struct Name {                                                                                                              \
        Target static void sums(const T* x, const Map& m, const float* p, float* s, float* q) { nn::sums(x, m, p, s, q); }     \
        Target static void apply(const T* x, const Map& m, const Line& l, bool silu, T* out) { nn::apply(x, m, l, silu, out); } \
        Target static void inside(const T* x, const T* w, const Map& m, const Line& l, const Line& u, bool silu, float* i,     \
                                  float* s, float* p) {                                                                        \
            nn::inside(x, w, m, l, u, silu, i, s, p);                                                                          \
        }                                                                                                                      \
        Target static void outside(const T* x, const float* i, const Map& m, const float* s, const Line& l, T* out) {          \
            nn::outside(x, i, m, s, l, out);                                                                                   \
        }                                                                                                                      \
        static constexpr Loops<T> all{sums, apply, inside, outside};                                                           \
    };
OCHRE_LOOPS(Plain, )
OCHRE_LOOPS(Avx2, [[gnu::target("avx2,fma")]])
OCHRE_LOOPS(Avx512, [[gnu::target("avx512f,avx512bw,avx512vl,fma")]])
#undef OCHRE_LOOPS

template <typename T>
const Loops<T>& loops() {
    const tensor::CpuFeatures& cpu = tensor::cpuFeatures();
    return cpu.avx512 ? Avx512<T>::all : cpu.avx2 ? Avx2<T>::all : Plain<T>::all;
}

/// What is kept of a picture for the gradient: a channel's factor and summand with weight and bias, and without.
constexpr std::int64_t kKept = 4;

class Worker {
public:
    Worker(const Tensor& weight, const Tensor& bias, const LearningNorm& norm, std::int64_t pixels)
        : m_weight(weight), m_bias(bias), m_norm(norm), m_map{pixels, weight.size(0)}, m_width(m_map.channels / norm.groups) {}

    template <typename T>
    void forward(const T* x, T* out, float* kept) const {
        const std::int64_t channels = m_map.channels;
        std::vector<float> pivot(static_cast<std::size_t>(channels));
        std::transform(x, x + channels, pivot.begin(), [](T value) { return load(value); });
        const auto [sum, squares] = blocks([&](std::int64_t first, const Map& map, float* one, float* two) {
            loops<T>().sums(x + first * channels, map, pivot.data(), one, two);
        });
        const float *weight = m_weight.const_data_ptr<float>(), *bias = m_bias.const_data_ptr<float>();
        const double count = static_cast<double>(m_map.pixels * m_width);
        for (std::int64_t group = 0; group < m_norm.groups; ++group) {
            double all = 0, allSquares = 0;
            for (auto c = static_cast<std::size_t>(group * m_width); c < static_cast<std::size_t>((group + 1) * m_width); ++c) {
                const double p = pivot[c], pixels = static_cast<double>(m_map.pixels);
                all += sum[c] + pixels * p;
                allSquares += squares[c] + p * (2 * sum[c] + pixels * p);
            }
            const double mean = all / count, rate = 1 / std::sqrt(std::max(allSquares / count - mean * mean, 0.0) + m_norm.epsilon);
            for (std::int64_t c = group * m_width; c < (group + 1) * m_width; ++c) {
                kept[c] = static_cast<float>(weight[c] * rate);
                kept[channels + c] = static_cast<float>(bias[c] - mean * weight[c] * rate);
                kept[2 * channels + c] = static_cast<float>(rate);
                kept[3 * channels + c] = static_cast<float>(-mean * rate);
            }
        }
        loops<T>().apply(x, m_map, line(kept), m_norm.silu, out);
    }

    /// `inner`: room for a picture; `weight`, `bias`: where their gradient goes.
    template <typename T>
    void backward(const T* x, const T* worth, const float* kept, float* inner, T* out, float* weight, float* bias) const {
        const std::int64_t channels = m_map.channels;
        const Line unit = line(kept + 2 * channels);
        const auto [sum, product] = blocks([&](std::int64_t first, const Map& map, float* one, float* two) {
            loops<T>().inside(x + first * channels, worth + first * channels, map, line(kept), unit, m_norm.silu,
                              inner + first * channels, one, two);
        });
        std::vector<float> factor(static_cast<std::size_t>(channels)), summand(factor.size());
        const double count = static_cast<double>(m_map.pixels * m_width);
        for (std::int64_t group = 0; group < m_norm.groups; ++group) {
            const auto begin = static_cast<std::size_t>(group * m_width), end = begin + static_cast<std::size_t>(m_width);
            double all = 0, products = 0;
            for (std::size_t c = begin; c < end; ++c) {
                const double w = m_weight.const_data_ptr<float>()[c];
                all += w * sum[c];
                products += w * product[c];
                bias[c] = static_cast<float>(sum[c]);
                weight[c] = static_cast<float>(product[c]);
            }
            for (std::size_t c = begin; c < end; ++c) {
                const double rate = unit.factor[c];
                factor[c] = static_cast<float>(-rate * rate * products / count);
                summand[c] = static_cast<float>(-rate * (all + unit.summand[c] * products) / count);
            }
        }
        loops<T>().outside(x, inner, m_map, kept, {factor.data(), summand.data()}, out);
    }

private:
    Line line(const float* values) const { return {values, values + m_map.channels}; }

    /// Two sums a channel: in float32 over kBlock pixels, in double above that.
    template <typename Body>
    std::pair<std::vector<double>, std::vector<double>> blocks(const Body& body) const {
        const auto channels = static_cast<std::size_t>(m_map.channels);
        std::vector<double> first(channels), second(channels);
        std::vector<float> one(channels), two(channels);
        for (std::int64_t p = 0; p < m_map.pixels; p += kBlock) {
            std::fill(one.begin(), one.end(), 0.0f);
            std::fill(two.begin(), two.end(), 0.0f);
            body(p, Map{std::min(kBlock, m_map.pixels - p), m_map.channels}, one.data(), two.data());
            for (std::size_t c = 0; c < channels; ++c) {
                first[c] += one[c];
                second[c] += two[c];
            }
        }
        return {std::move(first), std::move(second)};
    }

    Tensor m_weight, m_bias; ///< float32
    LearningNorm m_norm;
    Map m_map;
    std::int64_t m_width; ///< channels of a group
};

/// body(first value of type T) with float or, for bfloat16, std::uint16_t.
template <typename Body>
void ofType(const Tensor& x, const Body& body) {
    if (x.scalar_type() == at::kFloat)
        body(float{});
    else
        body(std::uint16_t{});
}

template <typename T>
T* values(const Tensor& x, std::int64_t picture) {
    return static_cast<T*>(x.data_ptr()) + picture * x.stride(0);
}

struct NormFunction : torch::autograd::Function<NormFunction> {
    static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& weight, const Tensor& bias,
                          std::int64_t groups, double epsilon, bool silu) {
        const Tensor picture = channelsLast(x), out = emptyPicture(picture, x.size(0), x.size(1), x.size(2), x.size(3));
        const Tensor kept = at::empty({x.size(0), kKept * x.size(1)}, at::TensorOptions().dtype(at::kFloat));
        const Worker worker(weight.to(at::kFloat), bias.to(at::kFloat), {groups, epsilon, silu}, x.size(2) * x.size(3));
        ofType(picture, [&](auto kind) {
            using T = decltype(kind);
            at::parallel_for(0, x.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t n = begin; n < end; ++n)
                    worker.forward<T>(values<T>(picture, n), values<T>(out, n), values<float>(kept, n));
            });
        });
        context->save_for_backward({picture, weight, bias, kept});
        context->saved_data["groups"] = groups;
        context->saved_data["silu"] = silu;
        return out;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   const torch::autograd::variable_list& outs) {
        const auto saved = context->get_saved_variables();
        const Tensor &x = saved[0], &weight = saved[1], &bias = saved[2], &kept = saved[3];
        const Tensor worth = channelsLast(outs[0]), out = emptyPicture(x, x.size(0), x.size(1), x.size(2), x.size(3));
        // A row a picture, so that sums do not depend on threads.
        const Tensor vectors = at::empty({2, x.size(0), x.size(1)}, kept.options());
        const Worker worker(weight.to(at::kFloat), bias.to(at::kFloat), {context->saved_data["groups"].toInt(), 0, context->saved_data["silu"].toBool()},
                            x.size(2) * x.size(3));
        ofType(x, [&](auto kind) {
            using T = decltype(kind);
            at::parallel_for(0, x.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
                std::vector<float> inner(static_cast<std::size_t>(x.stride(0)));
                for (std::int64_t n = begin; n < end; ++n)
                    worker.backward<T>(values<T>(x, n), values<T>(worth, n), values<float>(kept, n), inner.data(), values<T>(out, n),
                                       values<float>(vectors[0], n), values<float>(vectors[1], n));
            });
        });
        const Tensor sums = vectors.sum({1});
        return {out, sums[0].to(weight.scalar_type()), sums[1].to(bias.scalar_type()), {}, {}, {}};
    }
};

} // namespace

Tensor normLearning(const Tensor& x, const Tensor& weight, const Tensor& bias, const LearningNorm& norm) {
    return NormFunction::apply(x, weight, bias, norm.groups, norm.epsilon, norm.silu);
}

} // namespace ochre::nn
