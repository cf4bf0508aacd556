// SPDX-License-Identifier: GPL-3.0-or-later
// The subcommands that need LibTorch, behind the one function that this library exports.
#include <algorithm>
#include <chrono>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "app/ModelLibrary.h"
#include "app/models/BenchDiffusion.h"
#include "app/models/FieldCommands.h"
#include "app/models/MeasureCommand.h"
#include "app/models/ScoreCommand.h"
#include "app/models/TrainCommand.h"
#include "core/base/Error.h"
#include "core/models/Parity.h"
#include "core/models/diffusion/CheckpointShapes.h"
#include "core/tensor/Convert.h"
#include "core/tensor/ConvertWeights.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Nn.h"
#include "core/tensor/Runtime.h"

namespace ochre::app {
namespace {

Json shapeJson(const tensor::Shape& shape) {
    Json json = Json::array();
    for (const auto side : shape) json.push_back(side);
    return json;
}

Json inspect(const ModelRequest& request) {
    const std::string& path = request.files.at(0);
    const tensor::WeightsInfo info = tensor::inspectWeights(path, request.options.value("scan", false), {}, request.cancel);
    Json tensors = Json::array();
    for (const tensor::TensorInfo& t : info.tensors)
        tensors.push_back({{"name", t.name}, {"dtype", tensor::name(t.dtype)}, {"shape", shapeJson(t.shape)}});
    Json json{{"kind", "model"},           {"format", info.format},   {"architecture", models::recogniseArchitecture(path)},
              {"parameters", info.parameters}, {"bytes", info.bytes}, {"tensors", std::move(tensors)},
              {"metadata", Json::object()}, {"dropped", info.opaque}};
    if (info.scanned) json["non_finite"] = info.nonFinite;
    for (const auto& [key, value] : info.metadata) json["metadata"][key] = value;
    return json;
}

Json convert(const ModelRequest& request) {
    tensor::ConvertOptions options;
    options.floating = tensor::convertTypeFromName(request.options.value("dtype", std::string("keep")));
    const auto report = tensor::convertWeights(request.files.at(0), request.files.at(1), options, {}, request.cancel);
    return {{"tensors", report.tensors}, {"source_sha256", report.sourceSha256}, {"sha256", report.sha256},
            {"overflowed", report.overflowed}, {"dropped", report.dropped}};
}

Json parity(const ModelRequest& request) {
    int passed = 0, failed = 0, skipped = 0;
    Json cases = Json::array();
    for (const std::string& file : request.files)
        for (const models::ParityResult& r : models::runParity(file, request.cancel)) {
            using Verdict = models::ParityResult::Verdict;
            (r.verdict == Verdict::Pass ? passed : r.verdict == Verdict::Fail ? failed : skipped) += 1;
            if (request.line) request.line(r.line());
            cases.push_back({{"path", r.path.string()},
                             {"verdict", r.verdict == Verdict::Pass ? "PASS" : r.verdict == Verdict::Fail ? "FAIL" : "SKIP"},
                             {"difference", r.difference}, {"tolerance", r.tolerance}, {"detail", r.detail}});
        }
    return {{"ok", failed == 0}, {"passed", passed}, {"failed", failed}, {"skipped", skipped}, {"cases", std::move(cases)}};
}

Json makeCheckpoint(const ModelRequest& request) {
    const std::string kind = request.options.value("kind", std::string()), dtype = request.options.value("dtype", std::string());
    models::MakeCheckpointOptions options;
    options.metadata = models::checkpointMetadata(kind);
    options.dtype = dtype == "float32" ? tensor::Dtype::F32 : dtype == "bfloat16" ? tensor::Dtype::BF16 : tensor::Dtype::F16;
    const auto bytes = models::makeCheckpoint(request.files.at(0), models::checkpointParts(kind), options, {}, request.cancel);
    return {{"ok", true}, {"output", request.files.at(0)}, {"kind", kind}, {"dtype", dtype}, {"bytes", bytes}};
}

// A picture goes through LibTorch's memory and kernels and must come back the same.
void proveTensors() {
    Image image(8, 6, 3);
    const auto values = image.edit();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 256.0f;
    tensor::run({}, [&] {
        const nn::Tensor there = nn::pixelShuffle(nn::pixelUnshuffle(tensor::toTensor(image), 2), 2);
        const Image back = tensor::toImage(there);
        if (!std::equal(values.begin(), values.end(), back.values().begin()))
            throw Error("LibTorch computes wrongly", "run ./installer/run again to fetch it anew");
    });
}

/// Of a matrix product in float32, in GFLOP/s: tells whose BLAS is at work.
double productSpeed() {
    constexpr std::int64_t side = 1024;
    const nn::Tensor x = nn::fromValues(std::vector<float>(side * side, 0.5f), {side, side});
    const nn::Linear layer(x, {});
    double best = 0;
    for (int i = 0; i < 3; ++i) {
        const auto start = std::chrono::steady_clock::now();
        layer(x);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        best = std::max(best, 2.0 * side * side * side / took.count() * 1e-9);
    }
    return best;
}

Json doctor(const ModelRequest&) {
    proveTensors();
    tensor::useThreads();
    const double speed = productSpeed();
    const tensor::CpuFeatures& cpu = tensor::cpuFeatures();
    const std::string vectors = cpu.amxBf16 ? "AMX" : cpu.avx512 ? "AVX-512" : cpu.avx2 ? "AVX2" : "SSE";
    const tensor::Device device = tensor::bestDevice();
    return {{"text", fmt::format("computes on {} in {}; {} cores, {}{}; {:.0f} GFLOP/s", tensor::name(device),
                                 tensor::name(tensor::choosePrecision(tensor::Precision::Auto, device)), tensor::physicalCores(),
                                 vectors, cpu.fastBfloat16() ? " with bfloat16" : "; no bfloat16 in hardware", speed)}};
}

} // namespace
} // namespace ochre::app

void ochreModelCommand(const ochre::app::ModelRequest& request, ochre::Json& result) {
    using namespace ochre;
    using namespace ochre::app;
    static const std::map<std::string, Json (*)(const ModelRequest&)> commands{
        {"bench_diffusion", benchDiffusion}, {"convert", convert},    {"distill", distillCommand}, {"doctor", doctor},
        {"inspect", inspect},                {"make_checkpoint", makeCheckpoint}, {"measure", measureCommand}, {"nerf_info", nerfInfo}, {"parity", parity},
        {"render_nerf", renderNerfCommand},  {"score", scoreCommand}, {"train", trainCommand}};
    result = commands.at(request.command)(request);
}
