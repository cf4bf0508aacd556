// SPDX-License-Identifier: GPL-3.0-or-later
// One network of pictures at the shape of its release, with random weights, as one JSON object: processor time of a run on one
// thread, memory beside the weights, and how far bfloat16 is from float32. Its peer is tests/bench/peers/torch_networks.py.
//   bench_networks swinir_m_x4|restormer|sam_vit_b|dinov2_vit_b|yolox_s float32|bfloat16 [RUNS]
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>

#include "core/base/Json.h"
#include "core/models/restore/Restormer.h"
#include "core/models/restore/SwinIr.h"
#include "core/models/vision/DinoV2.h"
#include "core/models/vision/Sam.h"
#include "core/models/vision/Yolox.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

/// Small random numbers under all names; variances and scales are about 1.
tensor::Weights randomWeights(const std::map<std::string, tensor::Shape>& expected) {
    at::Generator generator = tensor::generator(1);
    std::map<std::string, at::Tensor> tensors;
    for (const auto& [name, shape] : expected) {
        const at::Tensor noise = nn::randn(shape, generator).mul_(0.02);
        tensors[name] = name.ends_with("running_var") || name.find("norm") != std::string::npos ? noise.add(1) : noise;
    }
    return tensor::Weights::of(std::move(tensors), "random");
}

using Forward = std::function<nn::Tensor(const nn::Tensor&)>;

struct Network {
    const char* name;
    std::vector<std::int64_t> shape;
    std::function<tensor::Weights()> weights;
    std::function<Forward(const tensor::Weights&)> build;
};

template <typename Model, typename Run>
Network network(const char* name, std::vector<std::int64_t> shape, const typename Model::Config& config, Run run) {
    return {name, std::move(shape), [config] { return randomWeights(config.expected()); },
            [config, run](const tensor::Weights& weights) -> Forward {
                auto model = std::make_shared<const Model>(weights, config);
                return [model, run](const nn::Tensor& x) { return run(*model, x); };
            }};
}

std::vector<Network> networks() {
    const auto forward = [](const auto& model, const nn::Tensor& x) { return model.forward(x); };
    SwinIr::Config swin;
    swin.upsampler = SwinIr::Config::Upsampler::Shuffle;
    swin.upscale = 4;
    swin.depths = swin.heads = std::vector<int>(6, 6);
    swin.steps = {2, 2};
    SamImageEncoder::Config sam;
    for (int i = 0; i < sam.layers; ++i) sam.windows.push_back(i % 3 == 2 ? 64 : 14);
    const DinoV2::Config dino{.width = 768, .heads = 12, .layers = 12, .inner = 3072};
    return {network<SwinIr>("swinir_m_x4", {1, 3, 64, 64}, swin, forward),
            network<Restormer>("restormer", {1, 3, 128, 128}, {}, forward),
            network<SamImageEncoder>("sam_vit_b", {1, 3, 1024, 1024}, sam, forward),
            network<DinoV2>("dinov2_vit_b", {1, 3, 518, 518}, dino,
                            [](const DinoV2& model, const nn::Tensor& x) { return model.forward(x).patches; }),
            network<Yolox>("yolox_s", {1, 3, 640, 640}, {}, [](const Yolox& model, const nn::Tensor& x) { return model.forward(x).raw; })};
}

double processorSeconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

int bench(const Network& of, at::ScalarType type, int runs) {
    tensor::useThreads(1);
    Json report{{"name", of.name}, {"dtype", type == at::kBFloat16 ? "bfloat16" : "float32"}, {"shape", of.shape}};
    tensor::run({}, [&] {
        at::Generator generator = tensor::generator(2);
        const nn::Tensor image = nn::randn(of.shape, generator).mul_(0.2).add_(0.5);
        const tensor::Weights weights = of.weights();
        nn::Tensor out;
        {
            const Forward run = of.build(weights.placed({tensor::Device::Cpu, type}));
            const std::uint64_t before = tensor::residentMemory();
            tensor::resetPeakMemory();
            const nn::Tensor x = image.to(type);
            std::vector<double> seconds;
            for (int i = 0; i <= runs; ++i) { // the first makes what is made once
                const double begin = processorSeconds();
                out = run(x);
                seconds.push_back(processorSeconds() - begin);
            }
            report["first_seconds"] = seconds.front();
            report["least_seconds"] = *std::min_element(seconds.begin() + 1, seconds.end());
            report["beside_weights_bytes"] = tensor::peakMemory() - before;
        }
        if (type == at::kFloat) return;
        const nn::Tensor exact = of.build(weights)(image), difference = out.to(at::kFloat).sub(exact);
        report["relative_error"] = (difference.norm() / exact.norm()).item<double>();
        report["largest_error"] = nn::maxAbs(difference) / nn::maxAbs(exact);
    });
    std::printf("%s\n", report.dump().c_str());
    return 0;
}

} // namespace
} // namespace ochre::models

int main(int argc, char** argv) {
    for (const auto& network : ochre::models::networks())
        if (argc > 2 && std::string(argv[1]) == network.name)
            return ochre::models::bench(network, std::string(argv[2]) == "bfloat16" ? at::kBFloat16 : at::kFloat,
                                        argc > 3 ? std::atoi(argv[3]) : 3);
    std::fprintf(stderr, "bench_networks swinir_m_x4|restormer|sam_vit_b|dinov2_vit_b|yolox_s float32|bfloat16 [RUNS]\n");
    return 2;
}
