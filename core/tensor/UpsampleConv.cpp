// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/UpsampleConv.h"

#include <algorithm>

#include <ATen/ops/cat.h>
#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/FixedConv.h"
#include "core/tensor/Learning.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/WinogradConv.h"

namespace ochre::nn {
namespace {

constexpr std::int64_t kRows = 32; // at once, so that Cancel is asked in between

/// The three taps of one axis, summed to the two pixels they meet: the first half of a pixel has the pixel before it
/// under its first tap, the second half the pixel after it under its last.
Tensor fold(const Tensor& weight, std::int64_t axis, bool second) {
    const Tensor a = weight.narrow(axis, 0, 1), b = weight.narrow(axis, 1, 1), c = weight.narrow(axis, 2, 1);
    return second ? at::cat({a.add(b), c}, axis) : at::cat({a, b.add(c)}, axis);
}

} // namespace

UpsampleConv2d::UpsampleConv2d(const Weights& weights, const std::string& name) {
    const tensor::Shape shape = weights.shape(name + ".weight");
    if (shape.size() != 4 || shape[2] != 3 || shape[3] != 3)
        throw Error(fmt::format("{}: tensor \"{}.weight\" is {}, upsampling needs a kernel of 3x3", weights.subject(),
                                weights.prefix() + name, tensor::describe(shape)));
    m_out = shape[0];
    m_in = shape[1];
    if (tensor::learning()) {
        m_plain = {weights, name};
        return;
    }
    const Tensor weight = weights.tensor(name + ".weight");
    const Tensor bias = weights.has(name + ".bias") ? weights.tensor(name + ".bias").contiguous() : Tensor();
    if (auto fixed = FixedConv::make(weight, bias, {.padding = 1}, true)) {
        m_fixed = std::make_shared<const FixedConv>(std::move(*fixed));
        return;
    }
    if (auto winograd = WinogradConv::makeDoubled(weight, bias)) {
        m_winograd = std::make_shared<const WinogradConv>(std::move(*winograd));
        return;
    }
    for (int place = 0; place < 4; ++place) {
        const Tensor folded = fold(fold(weight.to(at::kFloat), 2, place >= 2), 3, place % 2 == 1);
        m_place[place] = Conv2d(folded.to(weight.scalar_type()), bias, {.padding = 1});
    }
}

UpsampleConv2d UpsampleConv2d::prepared(Tensor& memory) const {
    UpsampleConv2d ready = *this;
    if (m_fixed) ready.m_fixed = std::make_shared<const FixedConv>(m_fixed->prepared(memory));
    if (m_winograd) ready.m_winograd = std::make_shared<const WinogradConv>(m_winograd->prepared(memory));
    return ready;
}

Tensor UpsampleConv2d::rows(const Tensor& x, const Tensor& room) const {
    if (x.dim() != 4 || x.size(1) != m_in)
        throw Error(fmt::format("upsampling: takes pictures of {} channels, was given {} dimensions with {}", m_in,
                                x.dim(), x.dim() > 1 ? x.size(1) : 0));
    tensor::currentCancel().check();
    // Seen from the doubled rows, the first result is one row below the first row.
    if (m_fixed) return (*m_fixed)(x, -1, room);
    return m_winograd ? (*m_winograd)(x, -1, room) : placeByPlace(x, room);
}

Tensor UpsampleConv2d::placeByPlace(const Tensor& x, const Tensor& room) const {
    const std::int64_t rows = x.size(2) - 2, width = x.size(3);
    Tensor out = room;
    for (int place = 0; place < 4; ++place) {
        const std::int64_t low = place / 2, right = place % 2;
        // The convolution pads the sides, so that its first column is a left half's and its last a right half's.
        const Tensor part =
            m_place[place].rows(channelsLast(x.narrow(2, low, rows + 1))).narrow(3, right, width); // [N, out, rows, W]
        if (!out.defined()) out = emptyPicture(part, x.size(0), outChannels(), 2 * rows, 2 * width);
        out.slice(2, low, 2 * rows, 2).slice(3, right, 2 * width, 2).copy_(part);
    }
    return out;
}

Tensor UpsampleConv2d::operator()(const Tensor& x) const {
    if (tensor::learning()) return m_plain(upsampleNearest(x, 2));
    const std::int64_t height = x.size(2);
    const Tensor padded = channelsLast(pad(x, 0, 0, 1, 1)); // [N, in, H + 2, W]
    if (height <= kRows) return rows(padded);
    Tensor out;
    for (std::int64_t y = 0; y < height; y += kRows) {
        const std::int64_t count = std::min(kRows, height - y);
        const Tensor part = rows(channelsLast(padded.narrow(2, y, count + 2)));
        if (!out.defined()) out = emptyPicture(part, x.size(0), outChannels(), 2 * height, part.size(3));
        out.narrow(2, 2 * y, 2 * count).copy_(part);
    }
    return out;
}

} // namespace ochre::nn
