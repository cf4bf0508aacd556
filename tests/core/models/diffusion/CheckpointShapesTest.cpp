// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/CheckpointShapes.h"

#include <gtest/gtest.h>

#include "core/models/diffusion/AutoencoderKl.h"
#include "core/models/diffusion/DiffusionCheckpoint.h"
#include "core/models/diffusion/UNet.h"
#include "core/models/text/ClipText.h"
#include "tests/core/models/DiffusionKeys.h"
#include "tests/core/models/diffusion/SmallCheckpoint.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

test::Keys partOf(const char* kind, const std::string& prefix) {
    for (const CheckpointPart& part : checkpointParts(kind))
        if (part.prefix == prefix) return part.keys;
    ADD_FAILURE() << kind << " has no " << prefix;
    return {};
}

TEST(CheckpointShapes, AreThoseOfThePublishedFiles) {
    OCHRE_SHARED_OR_SKIP(tables, "parity/keys");
    const std::string unet = "model.diffusion_model.";
    for (const auto& [kind, table] : {std::pair{"sd15", "sd15_unet.tsv"},
                                      {"sd15-inpaint", "sd15_inpaint_unet.tsv"},
                                      {"sdxl", "sdxl_base_unet.tsv"},
                                      {"sdxl-refiner", "sdxl_refiner_unet.tsv"}})
        EXPECT_EQ(partOf(kind, unet), test::readTable(tables / table)) << kind;
    test::Keys sd2 = test::readTable(tables / "sd21_unet.tsv"); // which has its projections as convolutions
    for (auto& [key, shape] : sd2)
        if (key.ends_with(".proj_in.weight") || key.ends_with(".proj_out.weight")) shape.resize(2);
    EXPECT_EQ(partOf("sd2", unet), sd2);
    EXPECT_EQ(partOf("sd15", "first_stage_model."), test::readTable(tables / "sd_vae.tsv"));
    EXPECT_EQ(controlNetParts("sd15").front().keys, test::readTable(tables / "controlnet_sd15.tsv"));
    const auto read = [](test::Keys keys) {
        std::erase_if(keys, [](const auto& key) { return ClipText::Config::isBeside(key.first); });
        return keys;
    };
    EXPECT_EQ(partOf("sd15", "cond_stage_model.transformer."),
              read(test::readTable(tables / "clip_hf_vitl14_text.tsv")));
    EXPECT_EQ(partOf("sdxl", "conditioner.embedders.1.model."),
              read(test::readTable(tables / "openclip_bigG.tsv")));
}

TEST(CheckpointShapes, SmallOnesAreRecognisedForWhatTheyStandFor) {
    for (const auto& [kind, family] : {std::pair{"sd15-small", DiffusionFamily::Sd1},
                                       {"sd15-inpaint-small", DiffusionFamily::Sd1},
                                       {"sd2-small", DiffusionFamily::Sd2},
                                       {"sdxl-small", DiffusionFamily::Sdxl},
                                       {"sdxl-refiner-small", DiffusionFamily::SdxlRefiner},
                                       {"starter-small", DiffusionFamily::Starter}}) {
        const auto checkpoint = DiffusionCheckpoint::open(test::smallCheckpoint(kind));
        EXPECT_EQ(checkpoint.family, family) << kind;
        EXPECT_TRUE(checkpoint.missing.empty()) << kind;
        EXPECT_EQ(checkpoint.isInpaint(), std::string(kind) == "sd15-inpaint-small");
        EXPECT_EQ(UNet::Config::fromWeights(checkpoint.unet)->expected(),
                  partOf(kind, "model.diffusion_model."))
            << kind;
    }
    const auto starter = DiffusionCheckpoint::open(test::smallCheckpoint("starter-small"));
    EXPECT_EQ(starter.inChannels, 8);
    EXPECT_EQ(starter.prediction, Prediction::V);
    EXPECT_TRUE(starter.zeroTerminalSnr);
    test::expectError([] { checkpointParts("sd9"); }, "\"sd9\" is not known");
}

} // namespace
} // namespace ochre::models
