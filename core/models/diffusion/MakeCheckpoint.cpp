// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/MakeCheckpoint.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Hash.h"
#include "core/tensor/Safetensors.h"

namespace ochre::models {
namespace {

using tensor::Dtype;
using tensor::Shape;

constexpr double kEmbeddingDeviation = 0.02;         // as OpenAI's CLIP begins its training
constexpr double kLogitScale = 2.6592600;            // ln(1/0.07)
constexpr std::size_t kChunk = std::size_t{1} << 19; // elements written at a time
constexpr int kQuantiles = 1 << 16;

/// Upper quantiles of the normal distribution at (i + ½)/2¹⁶, by Newton's steps on erfc; symmetric to the
/// last bit.
const std::vector<float>& normalQuantiles() {
    static const std::vector<float> table = [] {
        std::vector<float> values(kQuantiles);
        double x = 0;
        for (int i = kQuantiles / 2; i < kQuantiles; ++i) {
            const double tail = 1 - (i + 0.5) / kQuantiles;
            for (int step = 0; step < 8; ++step) {
                const double seen = 0.5 * std::erfc(x / std::sqrt(2.0));
                const double density = std::exp(-x * x / 2) / std::sqrt(2 * M_PI);
                x += (seen - tail) / density;
            }
            values[static_cast<std::size_t>(i)] = static_cast<float>(x);
            values[static_cast<std::size_t>(kQuantiles - 1 - i)] = static_cast<float>(-x);
        }
        return values;
    }();
    return table;
}

/// SplitMix64 (Steele, Lea, Flood 2014).
class Random {
public:
    explicit Random(std::uint64_t seed) : m_state(seed) {}
    std::uint64_t next() {
        std::uint64_t z = m_state += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    }

private:
    std::uint64_t m_state;
};

std::uint16_t toBfloat16(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// Rounds to nearest even; values here are finite and far below 65504.
std::uint16_t toHalf(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000);
    const float size = std::fabs(value);
    if (size < 0x1p-14f) return sign | static_cast<std::uint16_t>(std::nearbyint(size * 0x1p24f));
    const std::uint32_t magnitude = (bits & 0x7fffffff) - (112u << 23);
    return sign | static_cast<std::uint16_t>((magnitude + 0xfff + (magnitude >> 13 & 1)) >> 13);
}

template <typename Element>
Element toElement(float value, Dtype dtype) {
    if constexpr (sizeof(Element) == 4)
        return std::bit_cast<Element>(value);
    else
        return dtype == Dtype::BF16 ? toBfloat16(value) : toHalf(value);
}

/// What a tensor is filled with: a constant, or normal values of this deviation.
struct Filling {
    double constant = 0, deviation = 0;
};

Filling fillingOf(const std::string& name, const Shape& shape) {
    if (name.ends_with("logit_scale")) return {.constant = kLogitScale};
    const bool table =
        name.find("embedding") != std::string::npos && shape.size() == 2 &&
        (name.ends_with("token_embedding.weight") || name.ends_with("position_embedding.weight") ||
         name.ends_with("positional_embedding"));
    if (table) return {.deviation = kEmbeddingDeviation};
    if (shape.size() < 2) return {.constant = name.ends_with("weight") ? 1.0 : 0.0};
    double fanIn = 1;
    for (std::size_t i = 1; i < shape.size(); ++i) fanIn *= static_cast<double>(shape[i]);
    return {.deviation = fanIn > 0 ? 1 / std::sqrt(fanIn) : 0};
}

using Sink = std::function<void(std::span<const std::byte>)>;
using AfterChunk = std::function<void(std::uint64_t elements)>;

template <typename Element>
void produce(std::uint64_t count, const Filling& filling, std::uint64_t seed, Dtype dtype, const Sink& sink,
             const AfterChunk& after) {
    const auto& quantiles = normalQuantiles();
    const auto deviation = static_cast<float>(filling.deviation);
    // A table of finished elements pays once a tensor has more values than it.
    std::vector<Element> elements;
    if (deviation != 0 && count >= kQuantiles) {
        elements.resize(kQuantiles);
        for (std::size_t i = 0; i < elements.size(); ++i)
            elements[i] = toElement<Element>(quantiles[i] * deviation, dtype);
    }
    const auto constant = toElement<Element>(static_cast<float>(filling.constant), dtype);
    Random random(seed);
    std::vector<Element> chunk;
    for (std::uint64_t done = 0; done < count; done += chunk.size()) {
        chunk.assign(static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, count - done)), constant);
        if (deviation != 0)
            for (std::size_t i = 0; i < chunk.size(); i += 4) {
                std::uint64_t bits = random.next(); // four values of 16 bits
                for (std::size_t k = i; k < std::min(i + 4, chunk.size()); ++k, bits >>= 16)
                    chunk[k] = elements.empty()
                                   ? toElement<Element>(quantiles[bits & 0xffff] * deviation, dtype)
                                   : elements[bits & 0xffff];
            }
        sink(std::as_bytes(std::span<const Element>(chunk)));
        after(chunk.size());
    }
}

void producePositions(std::uint64_t count, const Sink& sink) {
    std::vector<std::int64_t> positions(count);
    for (std::size_t i = 0; i < positions.size(); ++i) positions[i] = static_cast<std::int64_t>(i);
    sink(std::as_bytes(std::span<const std::int64_t>(positions)));
}

} // namespace

std::uint64_t makeCheckpoint(const std::filesystem::path& path, const std::vector<CheckpointPart>& parts,
                             const MakeCheckpointOptions& options, const Progress& progress,
                             const Cancel& cancel) {
    const Dtype dtype = options.dtype;
    if (dtype != Dtype::F16 && dtype != Dtype::BF16 && dtype != Dtype::F32)
        throw Error(fmt::format("{}: cannot be made of {}", path.string(), tensor::name(dtype)),
                    "choose F16, BF16 or F32");
    std::vector<tensor::TensorToWrite> tensors;
    std::set<std::string> seen;
    std::uint64_t total = 0, done = 0, bytes = 0;
    const AfterChunk after = [&](std::uint64_t elements) {
        cancel.check();
        progress.report(done += elements, total, "writing weights");
    };
    for (const CheckpointPart& part : parts)
        for (const auto& [key, shape] : part.keys) {
            const std::string full = part.prefix + key;
            const auto count = tensor::elementCount(shape);
            if (!count || !seen.insert(full).second)
                throw Error(fmt::format("{}: \"{}\" of shape {} {}", path.string(), full,
                                        tensor::describe(shape), count ? "is named twice" : "does not fit"));
            const bool positions = full.ends_with("position_ids");
            const Dtype type = positions ? Dtype::I64 : dtype;
            total += *count;
            bytes += *count * tensor::byteSize(type);
            const std::uint64_t seed = Hasher().add(options.seed).add(full).finish().low;
            tensors.push_back(
                {full, type, shape, [=, &after, filling = fillingOf(full, shape)](const Sink& sink) {
                     if (positions) return producePositions(*count, sink);
                     if (dtype == Dtype::F32)
                         return produce<std::uint32_t>(*count, filling, seed, dtype, sink, after);
                     produce<std::uint16_t>(*count, filling, seed, dtype, sink, after);
                 }});
        }
    cancel.check();
    tensor::writeSafetensors(path, std::move(tensors), options.metadata);
    return bytes;
}

} // namespace ochre::models
