// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/LatentPreview.h"

#include <algorithm>
#include <locale>
#include <sstream>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/Convert.h"

namespace ochre::models {
namespace {

nn::Tensor single(const nn::Tensor& latent) {
    const nn::Tensor one = latent.dim() == 3 ? latent.unsqueeze(0) : latent;
    if (one.dim() != 4 || one.size(0) != 1)
        throw Error(fmt::format("preview: latent has shape {}, [1, C, h, w] is needed",
                                tensor::describe(latent.sizes().vec())));
    return one;
}

} // namespace

std::optional<LatentColors> LatentColors::parse(const std::string& text) {
    LatentColors colors;
    std::istringstream rows(text);
    for (std::string row; std::getline(rows, row, ',');) {
        std::istringstream values(row);
        values.imbue(std::locale::classic());
        std::array<float, 3> color{};
        if (!(values >> color[0] >> color[1] >> color[2])) return std::nullopt;
        colors.channels.push_back(color);
    }
    if (colors.channels.size() < 2) return std::nullopt;
    colors.bias = colors.channels.back();
    colors.channels.pop_back();
    return colors;
}

std::string LatentColors::text() const {
    std::string text;
    for (const auto& color : channels) text += fmt::format("{:.5f} {:.5f} {:.5f},", color[0], color[1], color[2]);
    return text + fmt::format("{:.5f} {:.5f} {:.5f}", bias[0], bias[1], bias[2]);
}

const LatentColors& LatentColors::sd() {
    static const LatentColors colors{
        {{0.3512f, 0.2297f, 0.3227f}, {0.3250f, 0.4974f, 0.2350f}, {-0.2829f, 0.1762f, 0.2721f}, {-0.2120f, -0.2616f, -0.7177f}},
        {}};
    return colors;
}

const LatentColors& LatentColors::sdxl() {
    static const LatentColors colors{
        {{0.3651f, 0.4232f, 0.4341f}, {-0.2533f, -0.0042f, 0.1068f}, {0.1076f, 0.1111f, -0.0362f}, {-0.3165f, -0.2492f, -0.2188f}},
        {0.1084f, -0.0175f, -0.0011f}};
    return colors;
}

Image previewLatent(const nn::Tensor& latent, const LatentColors& colors) {
    const nn::Tensor one = single(latent);
    if (one.size(1) != static_cast<std::int64_t>(colors.channels.size()))
        throw Error(fmt::format("preview: latent of {} channels, colours are known for {}", one.size(1),
                                colors.channels.size()),
                    "choose the preview of the model's family");
    const nn::Tensor values = one.to(at::kCPU, at::kFloat).contiguous();
    const float* channels = values.const_data_ptr<float>();
    Image image(static_cast<int>(one.size(3)), static_cast<int>(one.size(2)), 3);
    const auto pixels = image.edit();
    const std::size_t count = image.pixelCount();
    for (std::size_t p = 0; p < count; ++p)
        for (std::size_t c = 0; c < 3; ++c) {
            float color = colors.bias[c];
            for (std::size_t k = 0; k < colors.channels.size(); ++k) color += channels[k * count + p] * colors.channels[k][c];
            pixels[3 * p + c] = std::clamp(0.5f * color + 0.5f, 0.0f, 1.0f);
        }
    return image;
}

Image previewLatent(const nn::Tensor& latent, const Taesd& taesd) {
    return tensor::toImage(taesd.decode(single(latent)));
}

} // namespace ochre::models
