// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/BenchDiffusion.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <memory>

#include <fmt/format.h>
#include <unistd.h>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/models/diffusion/AutoencoderKl.h"
#include "core/models/diffusion/CheckpointShapes.h"
#include "core/models/diffusion/DiffusionCheckpoint.h"
#include "core/models/diffusion/UNet.h"
#include "core/models/text/ClipText.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"

namespace ochre::app {
namespace {
namespace fs = std::filesystem;
using nn::Tensor;

constexpr std::int64_t kTokens = 77, kEndToken = 49407;
constexpr int kBatch = 2; // a step with guidance

/// Seconds since the kernel started this process.
double processAge() {
    std::ifstream stream("/proc/self/stat");
    std::string text;
    std::getline(stream, text);
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    std::string field;
    for (int i = 0; i < 20; ++i) fields >> field; // the 22nd of all
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec) -
           std::stod(field) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double cpuSeconds() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

template <typename Network>
Network build(const tensor::Weights& weights, const char* what) {
    const auto config = Network::Config::fromWeights(weights);
    if (!config) throw Error(fmt::format("{}: its {} is none that is known", weights.subject(), what));
    return {weights, *config};
}

class Bench {
public:
    Bench(const ModelRequest& request, const fs::path& file)
        : m_size(request.options.value("size", 512)), m_runs(request.options.value("steps", 3)) {
        const auto precision = tensor::choosePrecision(
            tensor::precisionFromName(request.options.value("dtype", std::string("auto"))), tensor::Device::Cpu);
        const auto type = precision == tensor::Precision::Bfloat16 ? at::kBFloat16 : at::kFloat;
        m_checkpoint = models::DiffusionCheckpoint::open(file, {.placement = {.floating = type}});
        m_result = {{"model", file.string()},   {"family", models::name(m_checkpoint.family)},
                    {"model_bytes", fs::is_regular_file(file) ? fs::file_size(file) : 0},
                    {"dtype", tensor::name(precision)}, {"width", m_size}, {"height", m_size},
                    {"batch", kBatch}};
    }

    /// Up to the end of the first step.
    void load() {
        if (!m_checkpoint.text1 || !m_checkpoint.vae)
            throw Error(fmt::format("{}: has no text encoder or no autoencoder", m_checkpoint.subject),
                        "choose a whole checkpoint");
        m_text1.emplace(build<models::ClipText>(*m_checkpoint.text1, "text encoder"));
        if (m_checkpoint.text2) m_text2.emplace(build<models::ClipText>(*m_checkpoint.text2, "second text encoder"));
        m_unet.emplace(build<models::UNet>(m_checkpoint.unet, "denoising network"));
        m_vae.emplace(build<models::AutoencoderKl>(*m_checkpoint.vae, "autoencoder"));
        const double loaded = processAge();
        at::Generator generator = tensor::generator(1);
        const std::int64_t side = m_size / m_vae->config().scale();
        m_latent = nn::randn({kBatch, m_unet->config().inChannels, side, side}, generator);
        m_picture = nn::randn({1, 3, m_size, m_size}, generator);
        if (m_unet->config().vector > 0) m_vector = nn::randn({kBatch, m_unet->config().vector}, generator);
        m_ids = nn::range(kEndToken - kTokens + 1, kTokens).unsqueeze(0).expand({kBatch, kTokens});
        text();
        m_prompt = m_unet->prepareContext(m_context);
        const double prompted = processAge();
        step();
        m_result["load"] = {{"loaded_seconds", loaded}, {"prompted_seconds", prompted},
                            {"first_step_seconds", processAge()}, {"peak_bytes", tensor::peakMemory()}};
    }

    void text() {
        const bool two = m_text2.has_value();
        const auto first = m_text1->forward(m_ids, {.clipSkip = two ? 2 : 1, .finalNorm = !two});
        m_context = first.states;
        if (two)
            m_context = nn::cat(
                {m_context, m_text2->forward(m_ids, {.clipSkip = 2, .finalNorm = false, .pooled = true}).states}, 2);
    }
    void step() { m_unet->forward(m_latent, nn::linspace(500, 500, 1), m_prompt, m_vector); }
    void encode() { m_vae->encode(m_picture); }
    void decode() { m_vae->decode(m_latent.narrow(0, 0, 1).narrow(1, 0, m_vae->config().latentChannels)); }

    /// Times of the runs after one that is not counted, and the memory that they need beside what is there.
    void measure(const std::string& part, void (Bench::*run)()) {
        (this->*run)();
        const std::uint64_t before = tensor::residentMemory();
        tensor::resetPeakMemory();
        std::vector<double> seconds;
        const double cpu = cpuSeconds();
        for (int i = 0; i < m_runs; ++i) {
            const auto start = std::chrono::steady_clock::now();
            (this->*run)();
            seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        }
        const double each = (cpuSeconds() - cpu) / m_runs;
        const std::uint64_t peak = tensor::peakMemory();
        Json json{{"seconds", seconds}, {"cpu_seconds", each}, {"peak_bytes", peak},
                  {"beside_weights_bytes", peak > before ? peak - before : 0}};
        std::sort(seconds.begin(), seconds.end());
        json["least_seconds"] = seconds.front();
        json["median_seconds"] = seconds[seconds.size() / 2];
        m_result[part] = std::move(json);
    }

    Json take() { return std::move(m_result); }

private:
    std::int64_t m_size;
    int m_runs;
    Json m_result;
    models::DiffusionCheckpoint m_checkpoint;
    std::optional<models::ClipText> m_text1, m_text2;
    std::optional<models::UNet> m_unet;
    std::optional<models::AutoencoderKl> m_vae;
    Tensor m_latent, m_picture, m_vector, m_ids, m_context;
    models::PromptCache m_prompt;
};

/// The file that is asked for, or one of random weights in the cache, which is written once (float16).
fs::path checkpointFor(const ModelRequest& request) {
    const std::string model = request.options.value("model", std::string());
    if (!model.empty()) {
        const fs::path file = paths::findModel(model);
        if (file.empty()) throw Error(model + ": there is no such file or model", "give the path of a checkpoint");
        return file;
    }
    const std::string shape = request.options.value("shape", std::string("sd15"));
    const fs::path file = paths::ensure(paths::cache() / "bench") / (shape + ".safetensors");
    if (!fs::exists(file)) models::makeCheckpoint(file, models::checkpointParts(shape), {.metadata = models::checkpointMetadata(shape)}, {}, request.cancel);
    return file;
}

} // namespace

Json benchDiffusion(const ModelRequest& request) {
    const fs::path file = checkpointFor(request);
    const Json parts = request.options.value("parts", Json::array());
    const auto wanted = [&](const char* part) {
        return parts.empty() || std::find(parts.begin(), parts.end(), part) != parts.end();
    };
    tensor::useThreads(request.options.value("threads", 0));
    Json result;
    tensor::run(request.cancel, [&] {
        Bench bench(request, file);
        bench.load();
        if (wanted("text")) bench.measure("text", &Bench::text);
        if (wanted("step")) bench.measure("step", &Bench::step);
        if (wanted("encode")) bench.measure("encode", &Bench::encode);
        if (wanted("decode")) bench.measure("decode", &Bench::decode);
        result = bench.take();
    });
    result["threads"] = request.options.value("threads", 0) > 0 ? request.options.value("threads", 0) : tensor::physicalCores();
    return result;
}

} // namespace ochre::app
