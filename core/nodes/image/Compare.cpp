// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Compare.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration Compare() {
    return graph::NodeDeclaration("image.compare", 1, "Compare", "Image/Measure")
        .describe("How alike two pictures of one size are: PSNR and SSIM.")
        .keywords("psnr ssim mse difference quality measure")
        .input({.id = "a", .label = "A", .help = "One picture.", .type = types::kImage})
        .input({.id = "b", .label = "B", .help = "The other.", .type = types::kImage})
        .output({.id = "psnr",
                 .label = "PSNR",
                 .help = "In dB, peak 1; 999 for equal pictures.",
                 .type = graph::types::kFloat})
        .output(
            {.id = "ssim", .label = "SSIM", .help = "1 for equal pictures.", .type = graph::types::kFloat})
        .output({.id = "mse",
                 .label = "Mean square error",
                 .help = "0 for equal pictures.",
                 .type = graph::types::kFloat})
        .onRun([](graph::RunContext& run) {
            const Image& a = run.inputAs<Image>("a");
            const Image& b = run.inputAs<Image>("b");
            const auto put = [&](const char* id, double value) {
                run.setOutput(id, graph::Value::make(graph::types::kFloat, value));
            };
            put("psnr", std::min(psnr(a, b, run.cancel()), 999.0));
            put("ssim", ssim(a, b, run.cancel()));
            put("mse", meanSquareError(a, b, run.cancel()));
        });
}

} // namespace ochre::nodes::image
