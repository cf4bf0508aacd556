// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/StripedMap.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::models {
namespace {

constexpr double kHalfScale = 64;

/// A channels-last picture [1, C, H, W] in the memory of `scratch`.
nn::Tensor pictureIn(nn::Tensor& scratch, const nn::Tensor& like, std::int64_t height) {
    const std::int64_t channels = like.size(1), width = like.size(3), size = channels * height * width;
    if (!scratch.defined() || scratch.numel() < size || scratch.scalar_type() != like.scalar_type() ||
        scratch.device() != like.device())
        scratch = like.new_empty({size});
    return scratch.narrow(0, 0, size).view({1, height, width, channels}).permute({0, 3, 1, 2});
}

} // namespace

StripedMap::StripedMap(std::int64_t channels, std::int64_t height, std::int64_t width, MapStorage storage)
    : m_height(height), m_width(width), m_storage(storage), m_statistics(channels) {}

StripedMap::StripedMap(const nn::Tensor& whole, MapStorage storage)
    : StripedMap(whole.size(1), whole.size(2), whole.size(3), storage) {
    append(whole);
}

void StripedMap::append(const nn::Tensor& rows) {
    if (rows.dim() != 4 || rows.size(1) != channels() || rows.size(3) != m_width ||
        m_filled + rows.size(2) > m_height)
        throw Error(fmt::format("map of {}x{} with {} channels: {} is no stripe of it after row {}", m_width, m_height,
                                channels(), tensor::describe(rows.sizes().vec()), m_filled));
    const nn::Tensor stripe = nn::channelsLast(rows);
    m_statistics.add(stripe);
    m_packs = m_storage == MapStorage::Half && stripe.scalar_type() == at::kFloat;
    m_stripes.push_back({m_filled, m_packs ? stripe.mul(1 / kHalfScale).to(at::kHalf) : stripe});
    m_filled += rows.size(2);
}

nn::Tensor StripedMap::unpacked(const nn::Tensor& rows) const {
    return m_packs ? rows.to(at::kFloat).mul_(kHalfScale) : rows;
}

/// `copy` brings rows of a stripe into the same rows of the result.
template <typename Copy>
nn::Tensor StripedMap::gather(std::int64_t first, std::int64_t count, nn::Tensor& scratch, const Copy& copy) const {
    nn::Tensor result;
    std::int64_t found = 0;
    const auto place = [&](std::int64_t from, std::int64_t rows) {
        return result.narrow(2, from - first, rows);
    };
    for (const Stripe& stripe : m_stripes) {
        const std::int64_t from = std::max(first, stripe.first);
        const std::int64_t to = std::min(first + count, stripe.first + (stripe.rows.defined() ? stripe.rows.size(2) : 0));
        if (from >= to) continue;
        const nn::Tensor part = unpacked(stripe.rows.narrow(2, from - stripe.first, to - from));
        if (!result.defined()) result = pictureIn(scratch, part, count);
        nn::Tensor into = place(from, to - from);
        copy(part, into);
        found += to - from;
    }
    if (!result.defined() || found != std::min(first + count, m_height) - std::max<std::int64_t>(first, 0))
        throw Error(fmt::format("map of {} rows: of the {} from {} on only {} are there", m_height, count, first, found));
    if (first < 0) place(first, -first).zero_();
    if (first + count > m_height) place(m_height, first + count - m_height).zero_();
    return result;
}

nn::Tensor StripedMap::rows(std::int64_t first, std::int64_t count) const {
    for (const Stripe& stripe : m_stripes)
        if (stripe.rows.defined() && first >= stripe.first && first + count <= stripe.first + stripe.rows.size(2))
            return unpacked(stripe.rows.narrow(2, first - stripe.first, count));
    nn::Tensor own;
    return gather(first, count, own, [](const nn::Tensor& part, nn::Tensor& into) { into.copy_(part); });
}

nn::Tensor StripedMap::normalized(const nn::GroupNorm& norm, const nn::Activation& activation, std::int64_t first,
                                  std::int64_t count, nn::Tensor& scratch) const {
    const nn::Tensor factors = m_statistics.factors(norm);
    return gather(first, count, scratch, [&](const nn::Tensor& part, nn::Tensor& into) {
        nn::scaleChannels(part, factors, activation, into);
    });
}

void StripedMap::dropBefore(std::int64_t row) {
    for (Stripe& stripe : m_stripes)
        if (stripe.rows.defined() && stripe.first + stripe.rows.size(2) <= row) stripe.rows.reset();
}

nn::Tensor StripedMap::take() {
    const nn::Tensor whole = rows(0, m_height);
    *this = {};
    return whole;
}

nn::Tensor StripedMap::takeStripe() {
    for (Stripe& stripe : m_stripes)
        if (stripe.rows.defined()) return unpacked(std::exchange(stripe.rows, {}));
    return {};
}

} // namespace ochre::models
