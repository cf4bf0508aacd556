// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/core/models/diffusion/SmallCheckpoint.h"

#include <map>
#include <memory>

#include "core/models/diffusion/CheckpointShapes.h"
#include "core/tensor/Fill.h"
#include "tests/support/Support.h"

namespace ochre::test {
namespace {

const std::filesystem::path& made(const std::string& name, const std::vector<models::CheckpointPart>& parts,
                                  const std::map<std::string, std::string>& metadata = {}) {
    static const TemporaryFolder folder;
    tensor::useThreads(1); // pieces this small would only wait for each other
    static std::map<std::string, std::filesystem::path> files;
    auto& path = files[name];
    if (path.empty()) {
        path = folder / (name + ".safetensors");
        models::makeCheckpoint(path, parts, {.seed = 7, .metadata = metadata});
    }
    return path;
}

} // namespace

const std::filesystem::path& smallCheckpoint(std::string_view kind) {
    return made(std::string(kind), models::checkpointParts(kind), models::checkpointMetadata(kind));
}

const std::filesystem::path& smallControlNet(std::string_view kind) {
    return made(std::string(kind) + "-control", models::controlNetParts(kind));
}

models::DiffusionModel smallModel(std::string_view kind) {
    return models::DiffusionModel::open(smallCheckpoint(kind), kFloat32);
}

models::TextEncoder smallTextEncoder(std::string_view kind) {
    return models::TextEncoder::of(*smallModel(kind).checkpoint,
                                   models::identityOf(smallCheckpoint(kind), kFloat32));
}

models::Autoencoder smallAutoencoder(std::string_view kind) {
    return models::Autoencoder::of(*smallModel(kind).checkpoint,
                                   models::identityOf(smallCheckpoint(kind), kFloat32));
}

models::Conditioning prompt(const std::string& text, std::string_view kind) {
    return smallTextEncoder(kind).encode(text);
}

nn::Tensor noise(at::IntArrayRef shape, std::uint64_t seed) {
    at::Generator generator = tensor::generator(seed);
    return nn::randn(shape, generator);
}

} // namespace ochre::test
