// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/Batches.h"

#include <numeric>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Hash.h"

namespace ochre::training {
namespace {

constexpr std::uint64_t kHoldOutSeed = 0x0c4e; // the same pictures are held out whatever the seed of a training

std::uint64_t draw(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
    return Hasher().add(a).add(b).add(c).finish().low;
}

bool isHeldOut(std::uint32_t index, int oneIn) {
    return oneIn > 0 && draw(kHoldOutSeed, index, 0) % static_cast<std::uint64_t>(oneIn) == 0;
}

std::vector<std::uint32_t> indices(std::size_t count, int heldOut, bool wanted) {
    std::vector<std::uint32_t> list;
    for (std::uint32_t i = 0; i < count; ++i)
        if (isHeldOut(i, heldOut) == wanted) list.push_back(i);
    return list;
}

} // namespace

std::vector<std::uint32_t> shuffled(std::uint32_t count, std::uint64_t seed, std::uint64_t epoch) {
    std::vector<std::uint32_t> order(count);
    std::iota(order.begin(), order.end(), 0u);
    for (std::uint32_t left = count; left > 1; --left)
        std::swap(order[left - 1], order[draw(seed, epoch, left) % left]);
    return order;
}

std::uint32_t Order::at(std::uint64_t n) {
    const std::uint64_t epoch = n / m_count;
    if (epoch != m_epoch) {
        m_order = shuffled(m_count, m_seed, epoch);
        m_epoch = epoch;
    }
    return m_order[n % m_count];
}

Batches::Batches(std::shared_ptr<const Dataset> data, std::int64_t batch, int parts, std::uint64_t seed, int heldOut)
    : m_data(std::move(data)), m_batch(batch), m_parts(parts), m_used(indices(m_data->size(), heldOut, false)),
      m_heldOut(indices(m_data->size(), heldOut, true)), m_order(static_cast<std::uint32_t>(m_used.size()), seed) {
    if (m_used.empty())
        throw Error("training: the data set has no examples", "choose a folder with pictures, or another data set");
}

Batches::~Batches() {
    if (m_next.valid()) m_next.wait();
}

std::vector<Example> Batches::make(std::int64_t first) {
    std::vector<Example> examples;
    for (std::int64_t n = first; n < first + m_batch; ++n)
        examples.push_back(m_data->example(m_used[m_order.at(static_cast<std::uint64_t>(n))], static_cast<std::uint64_t>(n)));
    return examples;
}

std::vector<Example> Batches::fixed(std::size_t count) const {
    std::vector<std::uint32_t> indices = m_heldOut;
    for (std::uint32_t i = 0; indices.empty() && i < m_data->size(); ++i) indices.push_back(i);
    std::vector<Example> examples;
    for (std::size_t i = 0; i < count; ++i) examples.push_back(m_data->example(indices[i % indices.size()], kFixedDraw + i));
    return examples;
}

std::vector<Example> Batches::part(std::int64_t step, int part) {
    const std::int64_t first = (step * m_parts + part) * m_batch;
    std::vector<Example> examples = m_next.valid() && m_nextFirst == first ? m_next.get() : std::vector<Example>();
    if (m_next.valid()) m_next.wait(); // of another part: m_order is its until it is done
    m_next = {};
    if (examples.empty()) examples = make(first);
    m_nextFirst = first + m_batch;
    m_next = std::async(std::launch::async, [this, next = m_nextFirst] { return make(next); });
    return examples;
}

nn::Tensor picturesOf(const std::vector<Example>& examples) {
    const Example& first = examples.at(0);
    const auto count = static_cast<std::int64_t>(examples.size());
    const std::int64_t size = std::int64_t{first.width} * first.height * first.channels;
    nn::Tensor values = nn::emptyValues(count * size, at::TensorOptions().dtype(at::kFloat));
    float* data = values.mutable_data_ptr<float>();
    for (const Example& example : examples) {
        if (example.width != first.width || example.height != first.height || example.channels != first.channels)
            throw Error(fmt::format("training: pictures of {}x{} and {}x{} in one batch", first.width, first.height,
                                    example.width, example.height));
        for (const std::uint8_t value : example.pixels) *data++ = static_cast<float>(value) / 127.5f - 1.0f;
    }
    return values.view({count, first.height, first.width, first.channels}).permute({0, 3, 1, 2});
}

} // namespace ochre::training
