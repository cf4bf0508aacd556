// SPDX-License-Identifier: GPL-3.0-or-later
// Networks that look at pictures, at the shapes of their releases with random weights: how long a click, a look and a
// detection take. Arguments as google-benchmark's; OMP_NUM_THREADS is the number of threads.
#include <benchmark/benchmark.h>

#include "core/models/vision/Detr.h"
#include "core/models/vision/DinoV2.h"
#include "core/models/vision/Sam.h"
#include "core/models/vision/Segmenter.h"
#include "core/models/vision/Yolox.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/SaveWeights.h"
#include "tests/bench/RandomWeights.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

SamImageEncoder::Config vitB() {
    SamImageEncoder::Config config;
    for (int i = 0; i < config.layers; ++i) config.windows.push_back(i % 3 == 2 ? 64 : 14);
    return config;
}

TinyVit::Config tinyVit() {
    return {.stages = {{64, 2, 256}, {128, 2, 512, 4, 7}, {160, 6, 640, 5, 14}, {320, 2, 1280, 10, 7}}};
}

/// Runs without gradients, as the program does.
template <typename Body>
void time(benchmark::State& state, const Body& body) {
    tensor::run({}, [&] {
        body();
        for (auto _ : state) body();
    });
}

void SamClick(benchmark::State& state) {
    const SamDecoder::Config config;
    const SamDecoder decoder(randomWeights(config.expected()), config);
    at::Generator generator = tensor::generator(2);
    const auto picture = decoder.prepare(nn::randn({1, config.channels, 64, 64}, generator), 1024, 1024);
    const SamPrompt prompt{.points = nn::fromValues(std::vector<float>{400, 300}, {1, 1, 2}),
                           .labels = nn::fromValues(std::vector<float>{1}, {1, 1}).to(at::kLong)};
    time(state, [&] { benchmark::DoNotOptimize(decoder.decode(picture, prompt, true)); });
}
BENCHMARK(SamClick)->Unit(benchmark::kMillisecond)->UseRealTime();

/// A click as the viewer asks it, on a picture of that width and three quarters of it that is known already: with what finds
/// the picture again, and the mask in its pixels.
void SegmenterClick(benchmark::State& state) {
    const test::TemporaryFolder folder;
    const Sam::Config config{.vit = vitB(), .decoder = SamDecoder::Config(), .encoderPrefix = "image_encoder."};
    std::map<std::string, nn::Tensor> tensors;
    const tensor::Weights random = randomWeights(config.expected());
    for (const std::string& name : random.names()) tensors[name] = random.tensor(name);
    tensor::saveWeights(folder / "sam_vit_b.safetensors", tensors, {});
    const Segmenter segmenter = Segmenter::open(folder / "sam_vit_b.safetensors");
    const auto width = static_cast<int>(state.range(0));
    Image image(width, width * 3 / 4, 3);
    for (std::size_t i = 0; i < image.valueCount(); ++i) image.edit()[i] = static_cast<float>(i * 31 % 97) / 97;
    segmenter.look(image);
    float x = 0.3f * static_cast<float>(width);
    for (auto _ : state) {
        x += 1;
        benchmark::DoNotOptimize(segmenter.select(image, {.points = {{x, 90}}}));
    }
}
BENCHMARK(SegmenterClick)->Arg(1024)->Arg(2048)->Arg(4096)->Unit(benchmark::kMillisecond)->UseRealTime()->MinTime(3);

template <typename Model>
void look(benchmark::State& state, const typename Model::Config& config, at::IntArrayRef shape) {
    const Model model(randomWeights(config.expected()), config);
    const nn::Tensor image = nn::zeros(shape).add(0.5);
    time(state, [&] { benchmark::DoNotOptimize(model.forward(image)); });
}
void SamVitB(benchmark::State& state) { look<SamImageEncoder>(state, vitB(), {1, 3, 1024, 1024}); }
void MobileSam(benchmark::State& state) { look<TinyVit>(state, tinyVit(), {1, 3, 1024, 1024}); }
void DinoV2Small(benchmark::State& state) { look<DinoV2>(state, {}, {1, 3, 518, 518}); }
void DetrR50(benchmark::State& state) { look<Detr>(state, {}, {1, 3, 800, 1066}); }
void YoloxNano(benchmark::State& state) {
    look<Yolox>(state, {.depthwise = true, .width = 16, .depth = 1, .headWidth = 64}, {1, 3, 416, 416});
}
void YoloxS(benchmark::State& state) { look<Yolox>(state, {}, {1, 3, 640, 640}); }
BENCHMARK(SamVitB)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(MobileSam)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(DinoV2Small)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(DetrR50)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(YoloxNano)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(YoloxS)->Unit(benchmark::kMillisecond)->UseRealTime();

} // namespace
} // namespace ochre::models

BENCHMARK_MAIN();
