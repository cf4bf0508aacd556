// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Convert.h"

#include <cstring>
#include <numeric>

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::tensor {

at::Tensor toTensor(const Image& image, const std::vector<int>& channels, int x, int y, int width,
                    int height) {
    if (x < 0 || y < 0 || width < 1 || height < 1 || x > image.width() - width || y > image.height() - height)
        throw Error(fmt::format("picture of {}x{}: no window of {}x{} at ({}, {})", image.width(),
                                image.height(), width, height, x, y));
    for (const int channel : channels)
        if (channel < 0 || channel >= image.channels())
            throw Error(fmt::format("picture of {} channels: no channel {}", image.channels(), channel));
    const auto count = static_cast<std::int64_t>(channels.size());
    at::Tensor tensor =
        at::empty({1, count, height, width},
                  at::TensorOptions().dtype(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
    float* out = tensor.mutable_data_ptr<float>();
    for (int row = 0; row < height; ++row) {
        const float* in = image.pixel(x, y + row);
        for (int column = 0; column < width; ++column, in += image.channels())
            for (const int channel : channels) *out++ = in[channel];
    }
    return tensor;
}

at::Tensor toTensor(const Image& image) {
    std::vector<int> channels(static_cast<std::size_t>(image.channels()));
    std::iota(channels.begin(), channels.end(), 0);
    return toTensor(image, channels, 0, 0, image.width(), image.height());
}

Image toImage(const at::Tensor& tensor, ColorSpace space) {
    at::Tensor picture = tensor.dim() == 3 ? tensor.unsqueeze(0) : tensor;
    if (picture.dim() != 4 || picture.size(0) != 1)
        throw Error(fmt::format("tensor of {} dimensions: not one picture", tensor.dim()));
    picture = picture.to(at::kCPU, at::kFloat).contiguous(at::MemoryFormat::ChannelsLast);
    Image image(static_cast<int>(picture.size(3)), static_cast<int>(picture.size(2)),
                static_cast<int>(picture.size(1)), space);
    const auto values = image.edit();
    std::memcpy(values.data(), picture.const_data_ptr<float>(), values.size_bytes());
    return image;
}

} // namespace ochre::tensor
