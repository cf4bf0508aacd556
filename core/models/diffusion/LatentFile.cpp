// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/LatentFile.h"

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Finite.h"
#include "core/tensor/Safetensors.h"

namespace ochre::models {
namespace {

constexpr const char* kTensor = "latent_tensor";
constexpr const char* kVersion = "latent_format_version_0";
constexpr const char* kParameters = "parameters"; ///< metadata: how it was sampled
constexpr std::int64_t kMostChannels = 64;
constexpr double kOldScale = 0.18215;             ///< values of files without a version are multiplied by it

void checkShape(const tensor::StoredTensor& stored, const std::string& subject) {
    const tensor::Shape& shape = stored.shape;
    if (!tensor::isFloating(stored.dtype))
        throw broken(fmt::format("{}: {} is of type {}", subject, kTensor, tensor::name(stored.dtype)),
                     "a latent holds floating-point numbers");
    if (shape.size() != 4 || shape[0] < 1 || shape[1] < 1 || shape[1] > kMostChannels || shape[2] < 1 || shape[3] < 1)
        throw broken(fmt::format("{}: {} is {}", subject, kTensor, tensor::describe(shape)),
                     "latents of Stable Diffusion 1, 2 and XL are [pictures, 4, height, width]");
}

} // namespace

void saveLatent(const std::filesystem::path& path, const LatentBatch& latent,
                const std::map<std::string, std::string>& metadata) {
    checkLatent(latent, "latent");
    const nn::Tensor samples = latent.samples.to(at::kCPU, at::kFloat).contiguous();
    const std::span<const float> values(samples.const_data_ptr<float>(),
                                        static_cast<std::size_t>(samples.numel()));
    const tensor::Shape shape(samples.sizes().begin(), samples.sizes().end());
    std::vector<tensor::TensorToWrite> tensors;
    tensors.push_back(
        {kTensor, tensor::Dtype::F32, shape, [values](const auto& sink) { sink(std::as_bytes(values)); }});
    tensors.push_back({kVersion, tensor::Dtype::F32, {0}, [](const auto&) {}});
    std::map<std::string, std::string> texts = metadata;
    if (!latent.parameters.empty()) texts[kParameters] = latent.parameters;
    tensor::writeSafetensors(path, std::move(tensors), texts);
}

LatentBatch loadLatent(const std::filesystem::path& path) {
    const tensor::Checkpoint file = tensor::openCheckpoint(path);
    const tensor::StoredTensor* stored = file.find(kTensor);
    if (!stored || file.format != "safetensors")
        throw Error(fmt::format("{}: it holds no latent", file.subject), "choose a .latent file",
                    ErrorKind::NotMine);
    checkShape(*stored, file.subject);
    file.checkUnchanged();
    tensor::requireFinite(*stored, file.subject);
    LatentBatch latent;
    latent.samples = nn::fromValues(tensor::toFloats(*stored), stored->shape);
    if (!file.find(kVersion)) latent.samples.mul_(1 / kOldScale);
    if (const auto it = file.metadata.find(kParameters); it != file.metadata.end())
        latent.parameters = it->second;
    return latent;
}

} // namespace ochre::models
