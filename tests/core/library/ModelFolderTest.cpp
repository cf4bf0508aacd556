// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/library/ModelFolder.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/base/Paths.h"
#include "core/base/StarterModel.h"
#include "tests/support/Machine.h"
#include "tests/support/Support.h"

namespace ochre::library {
namespace {
namespace fs = std::filesystem;

TEST(ModelFolder, ListsOwnAndForeignFilesOnceWithTheirKind) {
    const test::StarterModel none;
    const test::TemporaryFolder folder;
    const auto put = [&](const std::string& name) {
        fs::create_directories((folder / name).parent_path());
        writeFileAtomic(folder / name, "x");
    };
    put("own/upscale/x4.pth");
    put("own/loose.safetensors");
    put("own/readme.txt");
    put("web/models/Lora/sub/ink.safetensors");
    fs::create_directory_symlink(folder / "own/upscale", folder / "web/models/ESRGAN");
    const char* before = std::getenv("OCHRE_MODELS_DIR");
    const std::string saved = before ? before : "";
    ::setenv("OCHRE_MODELS_DIR", (folder / "own").c_str(), 1);
    ::setenv("OCHRE_EXTRA_MODELS", (folder / "web").c_str(), 1);
    const auto files = listModels(), loras = listModels("loras"), upscalers = listModels("upscale"),
               foreign = modelsUnder(folder / "web");
    ::setenv("OCHRE_MODELS_DIR", saved.c_str(), 1);
    ::unsetenv("OCHRE_EXTRA_MODELS");
    ASSERT_EQ(files.size(), 3u);
    EXPECT_EQ(files[0].name, "loose");
    EXPECT_EQ(files[0].kind, "");
    EXPECT_EQ(files[1].name, "x4");
    EXPECT_EQ(files[1].kind, "upscale");
    EXPECT_EQ(files[2].name, "ink");
    EXPECT_EQ(files[2].kind, "loras");
    EXPECT_EQ(files[1].reference, "x4");
    EXPECT_EQ(files[2].reference, "sub/ink") << "as a node finds it";
    ASSERT_EQ(loras.size(), 1u);
    EXPECT_EQ(loras[0].path, files[2].path);
    ASSERT_EQ(upscalers.size(), 1u);
    EXPECT_EQ(upscalers[0].path, files[1].path) << "the user's own goes before the link to it";
    EXPECT_EQ(foreign.size(), 2u);
    EXPECT_TRUE(listModels("vae").empty());
}

TEST(ModelFolder, WhatCutsOutObjectsIsKnownByItsNameTheQuickestFirstAndOursLast) {
    const test::StarterModel none;
    const test::TemporaryFolder folder;
    const test::Setting models("OCHRE_MODELS_DIR", folder.path());
    writeFileAtomic(folder / "sam_vit_b_01ec64.pth", "xxxx");
    writeFileAtomic(folder / "mobile_sam.pt", "xx");
    writeFileAtomic(folder / "sam2_hiera_tiny.safetensors", "xxx");
    writeFileAtomic(folder / "sample.safetensors", "x");
    writeFileAtomic(folder / "samurai.safetensors", "x");
    const auto names = [] {
        std::vector<std::string> all;
        for (const ModelFile& file : likelySegmenters()) all.push_back(file.name);
        return all;
    };
    const test::TemporaryFolder resources;
    const test::Setting setting("OCHRE_RESOURCES_DIR", resources.path());
    fs::create_directories(resources / "models");
    writeFileAtomic(resources / "models/denoise.safetensors", "x");
    EXPECT_EQ(names(), (std::vector<std::string>{"mobile_sam", "sam2_hiera_tiny", "sam_vit_b_01ec64"}));
    EXPECT_EQ(paths::findModel("denoise"), resources / "models/denoise.safetensors") << "it comes with the program";
    EXPECT_TRUE(paths::findModel("low-light").empty());
    writeFileAtomic(resources / "models/segment.safetensors", "x");
    EXPECT_EQ(names(), (std::vector<std::string>{"mobile_sam", "sam2_hiera_tiny", "sam_vit_b_01ec64", "segment"})) << "our own comes last";
}

TEST(ModelFolder, TheStarterModelIsAmongTheCheckpointsAndCountsWhereThereIsNoOther) {
    const test::TemporaryFolder folder;
    const test::Setting models("OCHRE_MODELS_DIR", folder / "own");
    writeFileAtomic(folder / "made.safetensors", "xyz");
    {
        const test::StarterModel none;
        EXPECT_TRUE(paths::starterModel().empty());
        EXPECT_TRUE(usualCheckpoint().empty());
        EXPECT_FALSE(hasOwnCheckpoint());
        EXPECT_TRUE(listModels().empty());
        EXPECT_TRUE(paths::findModel("starter", "checkpoints").empty());
    }
    const test::StarterModel starter(folder / "made.safetensors");
    const auto checkpoints = listModels("checkpoints");
    ASSERT_EQ(checkpoints.size(), 1u);
    EXPECT_EQ(checkpoints[0].reference, "starter");
    EXPECT_EQ(checkpoints[0].kind, "checkpoints");
    EXPECT_EQ(checkpoints[0].bytes, 3u);
    EXPECT_TRUE(listModels("loras").empty());
    EXPECT_EQ(paths::findModel("starter", "checkpoints"), paths::starterModel());
    EXPECT_EQ(paths::findModel("starter.safetensors"), paths::starterModel());
    EXPECT_TRUE(paths::findModel("vocab").empty()) << "other files of the resources are no models";
    EXPECT_EQ(usualCheckpoint(), paths::starterModel());
    EXPECT_FALSE(hasOwnCheckpoint());

    fs::create_directories(folder / "own/checkpoints");
    for (const char* name : {"notes.txt", "z.safetensors", "starter.safetensors"})
        writeFileAtomic(folder / (std::string("own/checkpoints/") + name), "x");
    EXPECT_EQ(usualCheckpoint(), folder / "own/checkpoints/starter.safetensors");
    EXPECT_TRUE(hasOwnCheckpoint());
    EXPECT_EQ(paths::findModel("starter", "checkpoints"), usualCheckpoint()) << "the user's own goes first";
    EXPECT_EQ(listModels("checkpoints").size(), 3u);
}

} // namespace
} // namespace ochre::library
