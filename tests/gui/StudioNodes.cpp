// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/gui/StudioNodes.h"

#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "core/graph/RunContext.h"
#include "core/graph/Types.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::ui::shell {
namespace {

using graph::NodeDeclaration;
using graph::ParameterKind;
using graph::RunContext;

Image picture(int width, int height, std::uint64_t seed, float clear) {
    Image image(width, height, 3);
    float* p = image.edit().data();
    const auto hue = static_cast<float>(seed % 97) / 97.0f;
    std::uint64_t noise = seed * 2862933555777941757ULL + 3037000493ULL;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (int c = 0; c < 3; ++c) {
                noise = noise * 6364136223846793005ULL + 1442695040888963407ULL;
                const float grain = static_cast<float>(noise >> 40) / 16777216.0f;
                const float u = static_cast<float>(x) / static_cast<float>(width),
                            v = static_cast<float>(y) / static_cast<float>(height);
                const float meant = c == 0 ? 0.3f + 0.6f * u : c == 1 ? 0.25f + 0.4f * v : 0.2f + 0.5f * hue * (1 - u);
                *p++ = meant * clear + grain * (1 - clear);
            }
    return image;
}

graph::Parameter whole(const char* id, std::int64_t value, double most) {
    return {.id = id,
            .label = id,
            .help = "How many.",
            .kind = ParameterKind::Int,
            .defaultValue = value,
            .min = 0,
            .max = most};
}

void sample(RunContext& run) {
    const std::int64_t steps = run.integer("steps"), repeats = run.integer("repeats");
    auto state = static_cast<std::uint64_t>(run.integer("seed"));
    for (const char c : run.inputAs<std::string>("positive")) state = state * 31 + static_cast<unsigned char>(c);
    for (std::int64_t i = 0; i < steps; ++i) {
        run.cancel().check();
        run.progress().report(static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(steps),
                              fmt::format("step {} of {}", i + 1, steps));
        state = state * 1103515245 + 12345 + static_cast<std::uint64_t>(i);
        ++stepsDone;
        const std::int64_t shows = std::max<std::int64_t>(1, repeats);
        for (std::int64_t k = 0; k < shows; ++k) {
            if (repeats > 0) {
                const float clear = static_cast<float>(i) / static_cast<float>(steps);
                run.preview("latent", nodes::makeImageValue(picture(60, 40, state + static_cast<std::uint64_t>(k), clear)));
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(run.integer("ms") / shows));
            run.cancel().check();
        }
    }
    run.setOutput("latent", graph::makeText(std::to_string(state)));
}

void decode(RunContext& run) {
    for (std::int64_t i = 0; i < run.integer("ms"); i += 5) {
        run.cancel().check();
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    run.setOutput("image", nodes::makeImageValue(picture(600, 400, std::stoull(run.inputAs<std::string>("latent")), 1)));
}

} // namespace

void addStudioNodes(graph::NodeRegistry& registry) {
    registry.add(NodeDeclaration("stub.prompt", 1, "Prompt", "Generate")
                     .describe("What the picture shows.")
                     .output({.id = "conditioning", .label = "Conditioning", .type = "text"})
                     .parameter({.id = "text",
                                 .label = "Text",
                                 .help = "In words.",
                                 .kind = ParameterKind::LongText,
                                 .defaultValue = std::string()})
                     .onRun([](RunContext& run) { run.setOutput("conditioning", graph::makeText(run.text("text"))); }));
    registry.add(NodeDeclaration("stub.sample", 1, "Sample", "Generate")
                     .describe("Makes a picture in steps.")
                     .input({.id = "positive", .label = "Positive", .type = "text"})
                     .input({.id = "negative", .label = "Negative", .type = "text", .optional = true})
                     .output({.id = "latent", .label = "Latent", .type = "text"})
                     .parameter({.id = "seed",
                                 .label = "Seed",
                                 .help = "Start of chance.",
                                 .kind = ParameterKind::Seed,
                                 .defaultValue = std::int64_t{7},
                                 .min = 0})
                     .parameter(whole("steps", 20, 10000))
                     .parameter(whole("ms", 0, 10000))
                     .parameter(whole("repeats", 0, 100))
                     .onRun(sample));
    registry.add(NodeDeclaration("stub.decode", 1, "Decode", "Generate")
                     .describe("The picture of a latent.")
                     .input({.id = "latent", .label = "Latent", .type = "text"})
                     .output({.id = "image", .label = "Image", .type = "image"})
                     .parameter(whole("ms", 0, 10000))
                     .onRun(decode));
}

} // namespace ochre::ui::shell
