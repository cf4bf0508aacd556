// SPDX-License-Identifier: GPL-3.0-or-later
// Names and shapes of Stable Diffusion's networks of any size, and weights in memory to test with.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/tensor/Weights.h"

namespace ochre::test {

using Keys = std::map<std::string, tensor::Shape>;

/// A denoising network in LDM names. `depth` by level; 0: no attention there. The middle has the last level's
/// depth, at least 1.
struct UnetSize {
    std::int64_t in = 4, channels = 32, context = 16, vector = 0;
    std::vector<std::int64_t> multipliers{1, 2, 4, 4}, depth{1, 1, 1, 0};
    std::int64_t middleDepth = 1;
    int resnets = 2;
    bool linear = false;
};
Keys unetKeys(const UnetSize& size);

UnetSize sd1(std::int64_t channels = 32, std::int64_t context = 768);
UnetSize sd2(std::int64_t channels = 32, std::int64_t context = 1024);
UnetSize sdxl(std::int64_t channels = 32, std::int64_t context = 2048, std::int64_t vector = 2816);
UnetSize refiner(std::int64_t channels = 32, std::int64_t context = 1280, std::int64_t vector = 2560);

Keys textKeys(std::int64_t width, int layers, std::int64_t tokens = 64);     ///< Hugging Face's names
Keys openClipKeys(std::int64_t width, int layers, std::int64_t tokens = 64); ///< OpenCLIP's
Keys smallVaeKeys();                                                         ///< enough of one to be known by

/// A table of ../shared/parity/keys.
Keys readTable(const std::filesystem::path& tsv);

/// All of zeros, in no memory to speak of.
tensor::Weights zeroWeights(const Keys& keys, const std::string& subject = "model.safetensors",
                            tensor::Dtype dtype = tensor::Dtype::F16);

/// Seeded float32 values of about 1.
tensor::Weights randomWeights(const Keys& keys, unsigned seed,
                              const std::string& subject = "model.safetensors");

struct Values {
    tensor::Shape shape;
    std::vector<float> values;
};
tensor::Weights weightsOf(const std::map<std::string, Values>& tensors,
                          const std::map<std::string, std::string>& metadata = {},
                          const std::string& subject = "adapter.safetensors");
Values randomValues(const tensor::Shape& shape, unsigned seed);

std::vector<float> floats(const at::Tensor& tensor);

Keys withPrefix(const std::string& prefix, const Keys& keys);
Keys operator+(const Keys& a, const Keys& b);

} // namespace ochre::test
