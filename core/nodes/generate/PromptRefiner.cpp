// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/Describe.h"
#include "core/nodes/generate/PlainPrompt.h"

namespace ochre::nodes::generate {
namespace {

void run(graph::RunContext& run) {
    refuseLoraTags(run.text("text"));
    models::SdxlSizes sizes;
    sizes.width = static_cast<double>(run.integer("width"));
    sizes.height = static_cast<double>(run.integer("height"));
    sizes.aestheticScore = run.number("aesthetic_score");
    std::vector<std::string> missing;
    models::Conditioning conditioning =
        textEncoderInput(run).encode(run.text("text"), encodeOptions(run, missing), run.cancel());
    putPrompt(run, std::move(conditioning), sizes, run.text("text"), missing);
}

} // namespace

graph::NodeDeclaration PromptRefiner() {
    constexpr Range kSide{.max = 16384, .softMax = 4096};
    graph::Socket encoder =
        socket("text_encoder", "Text encoder", "That of an SDXL refiner.", types::kTextEncoder);
    encoder.constraint.modelFamily = "sdxl-refiner";
    return graph::NodeDeclaration("generate.prompt_refiner", 1, "Prompt (SDXL refiner)", "Generate")
        .describe("A prompt for the SDXL refiner, with the score of beauty that it is told.")
        .keywords("text clip encode positive negative aesthetic score")
        .input(encoder)
        .output(socket("conditioning", "Conditioning", "The encoded prompt.", types::kConditioning))
        .parameter(longText("text", "Text", "What the picture shows."))
        .parameter(number("aesthetic_score", "Aesthetic score",
                          "How good the picture is to look: some 6 for the prompt, 2.5 for the negative one.",
                          6.0, {.max = 1000, .softMax = 10}))
        .parameter(pixels("width", "Width", "Of the picture.", 1024, kSide))
        .parameter(pixels("height", "Height", "Of the picture.", 1024, kSide))
        .parameter(promptStyleParameter())
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onFingerprint([](const graph::ParameterView& p) { return embeddingsIn(p, {"text"}); })
        .onRun(run);
}

} // namespace ochre::nodes::generate
