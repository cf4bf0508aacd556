// SPDX-License-Identifier: GPL-3.0-or-later
// A step of Stable Diffusion 1.5's denoising network at 512×512 with guidance (a batch of two), on random weights; the
// argument is the side of the picture.
#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>

#include "core/models/diffusion/UNet.h"

namespace ochre::models {
namespace {

UNet::Config stableDiffusion15() {
    UNet::Config config;
    const int widths[] = {320, 640, 1280, 1280}, depths[] = {1, 1, 1, 0};
    std::vector<int> kept{widths[0]};
    int width = widths[0];
    for (int level = 0; level < 4; ++level) {
        for (int i = 0; i < 2; ++i, width = widths[level]) {
            config.inputs.push_back({.in = width, .out = widths[level], .depth = depths[level]});
            kept.push_back(widths[level]);
        }
        if (level == 3) break;
        config.inputs.push_back({.in = width, .out = width, .resample = true});
        kept.push_back(width);
    }
    for (int level = 3; level >= 0; --level)
        for (int i = 0; i < 3; ++i, width = widths[level], kept.pop_back())
            config.outputs.push_back({.in = width + kept.back(),
                                      .out = widths[level],
                                      .depth = depths[level],
                                      .resample = i == 2 && level > 0});
    return config;
}

/// Every tensor begins at the start of the same random numbers.
tensor::Weights randomWeights(const UNet::Config& config, at::ScalarType type) {
    tensor::Checkpoint file;
    file.subject = "random numbers";
    std::size_t most = 0;
    for (const auto& [key, shape] : config.expected()) {
        tensor::StoredTensor& one = file.tensors.emplace_back();
        one.name = key;
        one.shape = shape;
        most = std::max<std::size_t>(most, one.count());
    }
    const auto values = std::make_shared<std::vector<float>>(most);
    std::mt19937 random(1);
    std::uniform_real_distribution<float> value(-0.02f, 0.02f);
    for (float& one : *values) one = value(random);
    for (tensor::StoredTensor& one : file.tensors)
        one.bytes = std::as_bytes(std::span(*values).first(one.count()));
    file.owners.push_back(values);
    return tensor::Weights::from(std::move(file), {.floating = type});
}

void step(benchmark::State& state, at::ScalarType type) {
    tensor::useThreads();
    tensor::run({}, [&] {
        const UNet::Config config = stableDiffusion15();
        const UNet model(randomWeights(config, type), config);
        const std::int64_t side = state.range(0) / 8;
        const nn::Tensor x = at::randn({2, 4, side, side}), steps = x.new_full({1}, 500);
        const PromptCache prompt = model.prepareContext(at::randn({2, 77, 768}));
        model.forward(x, steps, prompt);
        for (auto _ : state) benchmark::DoNotOptimize(model.forward(x, steps, prompt));
    });
}

BENCHMARK_CAPTURE(step, float32, at::kFloat)->Arg(256)->Arg(512)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(step, bfloat16, at::kBFloat16)->Arg(256)->Arg(512)->Unit(benchmark::kMillisecond)->UseRealTime();

} // namespace
} // namespace ochre::models

BENCHMARK_MAIN();
