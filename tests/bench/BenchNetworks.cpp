// SPDX-License-Identifier: GPL-3.0-or-later
// One network of pictures at the shape of its release, with random weights, as one JSON object: processor time of a run on one
// thread, memory beside the weights and the code, and how far bfloat16 is from float32. Its peer is tests/bench/peers/torch_networks.py.
//   bench_networks swinir_m_x4|restormer|sam_vit_b|dinov2_vit_b|yolox_s float32|bfloat16 [RUNS] [small]
// "small" takes the smallest picture instead, to see that it runs.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>

#include <malloc.h>

#include "core/base/Json.h"
#include "core/models/restore/Restormer.h"
#include "core/models/restore/SwinIr.h"
#include "core/models/vision/DinoV2.h"
#include "core/models/vision/Sam.h"
#include "core/models/vision/Yolox.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"
#include "tests/bench/RandomWeights.h"

namespace ochre::models {
namespace {

using Forward = std::function<nn::Tensor(const nn::Tensor&)>;

struct Network {
    const char* name;
    std::int64_t side; ///< of a square picture [1, 3, side, side]
    std::function<tensor::Weights()> weights;
    std::function<Forward(const tensor::Weights&)> build;
};

template <typename Model, typename Run>
Network network(const char* name, std::int64_t side, const typename Model::Config& config, Run run) {
    return {name, side, [config] { return randomWeights(config.expected()); },
            [config, run](const tensor::Weights& weights) -> Forward {
                auto model = std::make_shared<const Model>(weights, config);
                return [model, run](const nn::Tensor& x) { return run(*model, x); };
            }};
}

std::vector<Network> networks(bool small) {
    const auto forward = [](const auto& model, const nn::Tensor& x) { return model.forward(x); };
    SwinIr::Config swin;
    swin.upsampler = SwinIr::Config::Upsampler::Shuffle;
    swin.upscale = 4;
    swin.depths = swin.heads = std::vector<int>(6, 6);
    swin.steps = {2, 2};
    SamImageEncoder::Config sam;
    if (small) sam.grid = 16;
    for (int i = 0; i < sam.layers; ++i) sam.windows.push_back(i % 3 == 2 ? sam.grid : 14);
    const DinoV2::Config dino{.width = 768, .heads = 12, .layers = 12, .inner = 3072};
    return {network<SwinIr>("swinir_m_x4", small ? 16 : 64, swin, forward),
            network<Restormer>("restormer", small ? 16 : 128, {}, forward),
            network<SamImageEncoder>("sam_vit_b", sam.side(), sam, forward),
            network<DinoV2>("dinov2_vit_b", small ? 28 : 518, dino,
                            [](const DinoV2& model, const nn::Tensor& x) { return model.forward(x).patches; }),
            network<Yolox>("yolox_s", small ? 32 : 640, {}, [](const Yolox& model, const nn::Tensor& x) { return model.forward(x).raw; })};
}

double processorSeconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// A line of /proc/self/status, in bytes.
std::int64_t memory(const std::string& key) {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(key)) return 1024 * std::atoll(line.c_str() + key.size());
    return 0;
}

/// Of this process without pages of files: of code, that is.
std::int64_t ownMemory(const std::string& key) {
    return memory(key) - memory("RssFile:");
}

int bench(const Network& of, at::ScalarType type, int runs) {
    tensor::useThreads(1);
    const std::vector<std::int64_t> shape{1, 3, of.side, of.side};
    Json report{{"name", of.name}, {"dtype", type == at::kBFloat16 ? "bfloat16" : "float32"}, {"shape", shape}};
    tensor::run({}, [&] {
        at::Generator generator = tensor::generator(2);
        const nn::Tensor image = nn::randn(shape, generator).mul_(0.2).add_(0.5);
        const tensor::Weights weights = of.weights();
        nn::Tensor out;
        {
            const Forward run = of.build(weights.placed({tensor::Device::Cpu, type}));
            const nn::Tensor x = image.to(type);
            ::malloc_trim(0); // what the weights have left behind in float32
            const std::int64_t before = ownMemory("VmRSS:");
            tensor::resetPeakMemory();
            std::vector<double> seconds;
            for (int i = 0; i <= runs; ++i) { // the first makes what is made once
                const double begin = processorSeconds();
                out = run(x);
                seconds.push_back(processorSeconds() - begin);
            }
            report["first_seconds"] = seconds.front();
            report["least_seconds"] = *std::min_element(seconds.begin() + 1, seconds.end());
            report["beside_weights_bytes"] = ownMemory("VmHWM:") - before;
            report["peak_bytes"] = memory("VmHWM:");
        }
        report["largest_value"] = nn::maxAbs(out);
        if (type == at::kFloat) return;
        const nn::Tensor exact = of.build(weights)(image), difference = out.to(at::kFloat).sub(exact);
        report["relative_error"] = difference.norm().item<double>() / exact.norm().item<double>();
        report["largest_error"] = nn::maxAbs(difference) / nn::maxAbs(exact);
    });
    std::printf("%s\n", report.dump().c_str());
    return std::isfinite(report["largest_value"].get<double>()) ? 0 : 1;
}

} // namespace
} // namespace ochre::models

int main(int argc, char** argv) {
    const bool small = argc > 4 && std::strcmp(argv[4], "small") == 0;
    for (const auto& network : ochre::models::networks(small))
        if (argc > 2 && std::strcmp(argv[1], network.name) == 0)
            return ochre::models::bench(network, std::strcmp(argv[2], "bfloat16") == 0 ? at::kBFloat16 : at::kFloat,
                                        argc > 3 ? std::max(1, std::atoi(argv[3])) : 3);
    std::fprintf(stderr, "bench_networks swinir_m_x4|restormer|sam_vit_b|dinov2_vit_b|yolox_s float32|bfloat16 [RUNS] [small]\n");
    return 2;
}
