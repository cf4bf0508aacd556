// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/Sam2Video.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/Attention.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Vision.h"

namespace ochre::models {
namespace {

constexpr double kGone = -1024;                    // logits of a mask whose object is not in the frame
constexpr double kCertain = 20, kDoubt = -10;      // a mask 0…1 becomes kCertain·m + kDoubt for the memory, and as logits
constexpr int kPointers = 16;                      // frames whose pointers are shown, the prompted ones not counted
constexpr int kFewPoints = 1;                      // up to it a prompt is ambiguous: the best of three masks is taken
constexpr double kPeriod = 10000;                  // of the sines of ages

const Sam2::Config& wholeOrThrow(const tensor::Weights& weights, const Sam2::Config& config) {
    if (!config.whole()) throw Error(weights.subject() + ": is only a part of SAM 2", "choose the weights of the whole model");
    return config;
}

/// [N, C, h, w] → [N, h·w, C].
nn::Tensor rows(const nn::Tensor& map) {
    return map.flatten(2).transpose(1, 2);
}

nn::Tensor placesOf(const nn::Tensor& map, std::int64_t channels) {
    return nn::sinePositions(nn::range(1, 1).expand({1, map.size(2), map.size(3)}), channels);
}

/// A quarter of the sides, each pixel from a triangle of eight (bilinear with a kernel as wide as a new pixel), cut and made
/// up for at the edges.
nn::Tensor quartered(const nn::Tensor& mask) {
    const auto along = [](std::int64_t side) {
        std::vector<float> weights(static_cast<std::size_t>(side * side / 4), 0.0f);
        for (std::int64_t to = 0; to < side / 4; ++to) {
            float sum = 0;
            float* row = weights.data() + to * side;
            for (std::int64_t from = 0; from < side; ++from) {
                const double distance = std::abs(static_cast<double>(from) + 0.5 - (static_cast<double>(to) + 0.5) * 4) / 4;
                sum += row[from] = static_cast<float>(std::max(0.0, 1 - distance));
            }
            for (std::int64_t from = 0; from < side; ++from) row[from] /= sum;
        }
        return nn::fromValues(weights, {side / 4, side});
    };
    return along(mask.size(2)).matmul(mask).matmul(along(mask.size(3)).transpose(0, 1));
}

} // namespace

Sam2Video::Sam2Video(const tensor::Weights& weights, const Sam2::Config& config)
    : m_encoder(weights.sub("image_encoder."), *wholeOrThrow(weights, config).encoder), m_decoder(weights, *config.decoder),
      m_attention(weights.sub("memory_attention."), *config.attention), m_memory(weights.sub("memory_encoder."), *config.memory),
      m_noMemory(weights.tensor("no_mem_embed").view({1, -1, 1, 1})), m_distances(weights.tensor("maskmem_tpos_enc").flatten(1, 2)),
      m_noPointer(weights.tensor("no_obj_ptr")), m_maskDown(weights, "mask_downsample", {.stride = 4, .padding = 0}),
      m_memories(config.memories), m_channels(config.encoder->channels), m_memoryChannels(config.memory->memoryChannels),
      m_second(config.second) {
    for (int i = 0; i < 3; ++i) m_pointer.emplace_back(weights, fmt::format("obj_ptr_proj.layers.{}", i));
    if (!m_second) return;
    m_goneMemory = weights.tensor("no_obj_embed_spatial").unsqueeze(0);
    m_age = {weights, "obj_ptr_tpos_proj"};
}

Sam2Video::Frame Sam2Video::look(const nn::Tensor& image) const {
    const std::vector<nn::Tensor> pyramid = m_encoder.forward(image);
    return {static_cast<int>(image.size(2)), static_cast<int>(image.size(3)), pyramid[2],
            m_decoder.fineFeatures(pyramid[0], pyramid[1])};
}

/// token [1, channels] of a mask; present [1, 1], 1 or 0.
nn::Tensor Sam2Video::pointerOf(const nn::Tensor& token, const nn::Tensor& present) const {
    const nn::Tensor pointer = m_pointer[2](nn::relu(m_pointer[1](nn::relu(m_pointer[0](token)))));
    return pointer.mul(present).add(m_noPointer.mul(present.neg().add(1)));
}

/// mask [1, 1, 4·h, 4·w], logits; sure: as the artist sees it, without shades.
nn::Tensor Sam2Video::remembered(const Frame& frame, const nn::Tensor& mask, const nn::Tensor& present, bool sure) const {
    const nn::Tensor whole = nn::resizeBilinear(mask, frame.height, frame.width);
    const nn::Tensor shares = sure ? whole.gt(0).to(at::kFloat) : whole.sigmoid();
    const nn::Tensor memory = rows(m_memory.remember(frame.features, shares.mul(kCertain).add(kDoubt)));
    // The published predictor keeps memories in bfloat16.
    return (m_second ? memory.add(m_goneMemory.mul(present.neg().add(1))) : memory).to(at::kBFloat16);
}

Sam2Video::Answer Sam2Video::decode(const Frame& frame, const nn::Tensor& features, const SamPrompt& prompt, bool three) const {
    const SamDecoder::Picture picture = m_decoder.prepare(features, frame.height, frame.width, frame.fine);
    const SamDecoder::Output out = m_decoder.decode(picture, prompt, three);
    const nn::Tensor best = out.scores.argmax(1); // [1]
    const nn::Tensor present = out.there.gt(0).to(at::kFloat);
    return {.mask = out.masks.index_select(1, best).masked_fill(out.there.le(0).view({1, 1, 1, 1}), kGone),
            .score = out.scores.index_select(1, best).flatten(),
            .there = out.there,
            .pointer = pointerOf(out.tokens.index_select(1, best).squeeze(1), present),
            .memory = {}};
}

Sam2Video::Answer Sam2Video::ask(const Frame& frame, const SamPrompt& prompt) const {
    Answer answer = decode(frame, frame.features.add(m_noMemory), {.points = prompt.points, .labels = prompt.labels},
                           prompt.labels.size(1) <= kFewPoints);
    answer.memory = remembered(frame, answer.mask, answer.there.gt(0).to(at::kFloat), true);
    return answer;
}

Sam2Video::Answer Sam2Video::take(const Frame& frame, const nn::Tensor& mask) const {
    const SamPrompt none{.points = nn::zeros({1, 1, 2}), .labels = nn::zeros({1, 1}, at::kLong).sub(1), .masks = m_maskDown(mask)};
    Answer answer = decode(frame, frame.features, none, false);
    const nn::Tensor present = mask.amax().gt(0).to(at::kFloat).view({1, 1});
    answer.pointer = answer.pointer.mul(present).add(m_noPointer.mul(present.neg().add(1)));
    answer.there = present.mul(kCertain).add(kDoubt);
    answer.score = nn::zeros({1}).add(1);
    answer.mask = quartered(mask.mul(kCertain).add(kDoubt));
    answer.memory = remembered(frame, answer.mask, present, true);
    return answer;
}

/// What the distances of pointers, as shares of the most, mean: [P] → [P, memory channels].
nn::Tensor Sam2Video::ages(const std::vector<double>& steps, int pointers) const {
    const auto count = static_cast<std::int64_t>(steps.size());
    if (!m_second) return nn::zeros({count, m_memoryChannels});
    const std::int64_t half = m_channels / 2;
    std::vector<float> shares, periods;
    for (const double s : steps) shares.push_back(static_cast<float>(s / (pointers - 1)));
    for (std::int64_t i = 0; i < half; ++i)
        periods.push_back(static_cast<float>(std::pow(kPeriod, 2.0 * static_cast<double>(i / 2) / static_cast<double>(half))));
    const nn::Tensor angles = nn::fromValues(shares, {count, 1}).div(nn::fromValues(periods, {1, half}));
    return m_age(nn::cat({angles.sin(), angles.cos()}, 1));
}

Sam2Video::Answer Sam2Video::follow(const Frame& frame, const std::vector<Past>& past, int pointers) const {
    const nn::Tensor places = placesOf(frame.features, m_memoryChannels); // [1, h·w, memory channels]
    std::vector<nn::Tensor> memories, positions, shown;
    std::vector<double> steps;
    for (const Past& one : past) {
        if (one.asked || one.steps < m_memories) {
            memories.push_back(one.answer->memory.to(at::kFloat));
            positions.push_back(places.add(m_distances[one.asked ? m_memories - 1 : one.steps - 1]));
        }
        if (!one.points) continue;
        shown.push_back(one.answer->pointer);
        steps.push_back(one.steps);
    }
    if (memories.empty()) throw Error("SAM 2: a frame can only be followed from one with a prompt");
    std::int64_t rowsOfPointers = 0;
    if (!shown.empty()) { // a pointer is as wide as some memories: it takes as many rows
        const std::int64_t parts = m_channels / m_memoryChannels;
        rowsOfPointers = parts * static_cast<std::int64_t>(shown.size());
        memories.push_back(nn::cat(shown, 0).view({1, rowsOfPointers, m_memoryChannels}));
        positions.push_back(ages(steps, pointers).repeat_interleave(parts, 0).unsqueeze(0));
    }
    const nn::Tensor seen = m_attention.forward(rows(frame.features), placesOf(frame.features, m_channels), nn::cat(memories, 1),
                                                nn::cat(positions, 1), rowsOfPointers);
    const nn::Tensor features = seen.transpose(1, 2).unflatten(2, {frame.features.size(2), frame.features.size(3)});
    const SamPrompt none{.points = nn::zeros({1, 1, 2}), .labels = nn::zeros({1, 1}, at::kLong).sub(1)};
    Answer answer = decode(frame, features, none, true);
    answer.memory = remembered(frame, answer.mask, answer.there.gt(0).to(at::kFloat), false);
    return answer;
}

const Sam2Video::Answer& Sam2Track::ask(int index, const nn::Tensor& image, const SamPrompt& prompt) {
    return m_asked[index] = m_network.ask(m_network.look(image), prompt);
}

const Sam2Video::Answer& Sam2Track::take(int index, const nn::Tensor& image, const nn::Tensor& mask) {
    return m_asked[index] = m_network.take(m_network.look(image), mask);
}

std::vector<Sam2Video::Past> Sam2Track::pastOf(int index, bool backward) const {
    std::vector<Sam2Video::Past> past;
    for (const auto& [at, answer] : m_asked)
        past.push_back({std::abs(index - at), true, backward ? at >= index : at <= index, &answer});
    const int pointers = std::min(m_frames, kPointers), reach = std::max(pointers, m_network.memories());
    for (const auto& [at, answer] : m_followed)
        if (const int steps = backward ? at - index : index - at; steps > 0 && steps < reach)
            past.push_back({steps, false, steps < pointers, &answer});
    return past;
}

/// A way back begins at the first prompted frame: what was found behind that is shown to it.
void Sam2Track::forget(int index, bool backward) {
    const int first = m_asked.begin()->first;
    std::erase_if(m_followed, [&](const auto& one) {
        const int at = one.first;
        return backward ? at > index + kPointers : at < index - kPointers && at > first + kPointers;
    });
}

const Sam2Video::Answer& Sam2Track::step(int index, const nn::Tensor& image, bool backward) {
    if (isAsked(index)) return asked(index);
    Sam2Video::Answer answer =
        m_network.follow(m_network.look(image), pastOf(index, backward), std::min(m_frames, kPointers));
    forget(index, backward);
    return m_followed[index] = std::move(answer);
}

} // namespace ochre::models
