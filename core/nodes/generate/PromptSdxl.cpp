// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/Describe.h"
#include "core/nodes/generate/PlainPrompt.h"

namespace ochre::nodes::generate {
namespace {

void run(graph::RunContext& run) {
    const std::string &textG = run.text("text_g"), &textL = run.text("text_l");
    refuseLoraTags(textG);
    refuseLoraTags(textL);
    const auto size = [&](const char* id) { return static_cast<double>(run.integer(id)); };
    const models::SdxlSizes sizes{size("width"),        size("height"),        size("crop_x"), size("crop_y"),
                                  size("target_width"), size("target_height"), std::nullopt};
    std::vector<std::string> missing;
    models::Conditioning conditioning =
        textEncoderInput(run).encode(textL, textG, encodeOptions(run, missing), run.cancel());
    const std::string both = textL.empty() || textL == textG ? textG : textG + "\n" + textL;
    putPrompt(run, std::move(conditioning), sizes, both, missing);
}

} // namespace

graph::NodeDeclaration PromptSdxl() {
    constexpr Range kSide{.max = 16384, .softMax = 4096};
    graph::Socket encoder =
        socket("text_encoder", "Text encoder", "That of an SDXL model.", types::kTextEncoder);
    encoder.constraint.modelFamily = "sdxl";
    return graph::NodeDeclaration("generate.prompt_sdxl", 1, "Prompt (SDXL)", "Generate")
        .describe("A prompt for SDXL with a text of its own for each of the two text encoders, and the sizes "
                  "that the "
                  "model is told.")
        .keywords("text clip encode positive negative size crop")
        .input(encoder)
        .output(socket("conditioning", "Conditioning", "The encoded prompt.", types::kConditioning))
        .parameter(longText("text_g", "Text (G)", "For the larger encoder: what the picture shows."))
        .parameter(
            longText("text_l", "Text (L)", "For the smaller encoder: usually the same, or words of style."))
        .parameter(pixels("width", "Width",
                          "Of the picture that the model is to think of; small ones look coarse.", 1024,
                          kSide))
        .parameter(pixels("height", "Height", "Of the picture that the model is to think of.", 1024, kSide))
        .parameter(pixels("crop_x", "Crop left",
                          "How much was cut off on the left; 0 keeps things in the middle.", 0, kSide))
        .parameter(pixels("crop_y", "Crop top", "How much was cut off at the top.", 0, kSide))
        .parameter(pixels("target_width", "Target width", "Of the picture that is made.", 1024, kSide))
        .parameter(pixels("target_height", "Target height", "Of the picture that is made.", 1024, kSide))
        .parameter(promptStyleParameter())
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onFingerprint([](const graph::ParameterView& p) { return embeddingsIn(p, {"text_g", "text_l"}); })
        .onRun(run);
}

} // namespace ochre::nodes::generate
