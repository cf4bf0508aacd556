// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/ModelRoots.h"

#include <cstdlib>
#include <optional>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/base/FolderYaml.h"
#include "core/base/Paths.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {
namespace fs = std::filesystem;

/// An environment variable for as long as this lives.
class Variable {
public:
    Variable(const char* name, const std::string& value) : m_name(name) {
        if (const char* before = std::getenv(name)) m_before = before;
        ::setenv(name, value.c_str(), 1);
    }
    ~Variable() {
        if (m_before)
            ::setenv(m_name, m_before->c_str(), 1);
        else
            ::unsetenv(m_name);
    }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    const char* m_name;
    std::optional<std::string> m_before;
};

void put(const fs::path& file, const std::string& text = "x") {
    fs::create_directories(file.parent_path());
    writeFileAtomic(file, text);
}

constexpr const char* kYaml = R"(# where my models are
---
a111:
    base_path: "web ui"   # beside this file
    checkpoints: models/Stable-diffusion
    loras: |
         models/Lora

         models/LyCORIS
    vae: 'it''s/VAE'
    configs: models/configs

other:
  is_default: true
  checkpoints: /big/checkpoints # not this
  upscale_models: "a\\b\"c"
  empty:
)";

TEST(FolderYaml, MappingsQuotesBlocksAndComments) {
    const auto sections = readFolderYaml(kYaml, "e.yaml");
    ASSERT_EQ(sections.size(), 2u);
    EXPECT_EQ(sections[0].name, "a111");
    EXPECT_EQ(*sections[0].find("base_path"), "web ui");
    EXPECT_EQ(*sections[0].find("loras"), "models/Lora\nmodels/LyCORIS\n");
    EXPECT_EQ(*sections[0].find("vae"), "it's/VAE");
    EXPECT_EQ(*sections[1].find("checkpoints"), "/big/checkpoints");
    EXPECT_EQ(*sections[1].find("upscale_models"), "a\\b\"c");
    EXPECT_EQ(*sections[1].find("empty"), "");
    EXPECT_EQ(sections[1].find("loras"), nullptr);
    EXPECT_TRUE(readFolderYaml("", "e").empty());
    EXPECT_EQ(*readFolderYaml("c:\r\n  checkpoints: C:/models\r\n", "e")[0].find("checkpoints"), "C:/models");
}

TEST(FolderYaml, WhatItDoesNotKnowIsAnErrorWithTheLine) {
    const std::pair<const char*, const char*> cases[] = {
        {"a: b\n", "line 1"},
        {"a:\n  - x\n", "line 2: a list"},
        {"  a: b\n", "line 1: indented"},
        {"a:\n\tb: c\n", "line 2: indented with a tab"},
        {"a:\n  b: 'x\n", "line 2: a quote"},
        {"a:\n  b: c\n    d: e\n", "line 3: indented by"},
        {"a:\n  b: {c: d}\n", "line 2: a value"},
        {"a:\n  b: c\n  b: d\n", "line 3: \"b\" stands twice"},
        {"a:\n  word\n", "line 2: no"},
        {"&x a:\n", "line 1: starts with '&'"},
        {"a:\n  b: \"\\q\"\n", "the escape"},
        {"a:\n  b: 'x' y\n", "behind the quote"}};
    for (const auto& [text, part] : cases) {
        const Error e = test::expectError([&] { readFolderYaml(text, "e.yaml"); }, part);
        EXPECT_EQ(e.message().rfind("e.yaml: line", 0), 0u) << e.message();
    }
    test::expectError([] { readFolderYaml(std::string("a:\0", 3), "e"); }, "UTF-8");
    test::expectError([] { readFolderYaml(std::string(2 << 20, '#'), "e"); }, "more than");
}

TEST(ModelRoots, LayoutsAreRecognised) {
    const test::TemporaryFolder folder;
    put(folder / "comfy/models/checkpoints/sd15/a.safetensors");
    put(folder / "comfy/models/upscale_models/x4.pth");
    put(folder / "web/models/Stable-diffusion/b.ckpt");
    put(folder / "web/models/Lora/ink.safetensors");
    put(folder / "web/embeddings/grain.pt");
    put(folder / "plain/c.safetensors");
    const auto kinds = [&](const std::string& name) {
        std::string text;
        for (const auto& f : paths::modelFoldersOf(folder / name))
            text += f.kind + "=" + f.folder.filename().string() + " ";
        return text;
    };
    EXPECT_EQ(kinds("comfy"), "checkpoints=checkpoints upscale=upscale_models ");
    EXPECT_EQ(kinds("comfy/models"), "checkpoints=checkpoints upscale=upscale_models ");
    EXPECT_EQ(kinds("web"), "checkpoints=Stable-diffusion loras=Lora embeddings=embeddings ");
    EXPECT_EQ(kinds("plain"), "=plain ");
}

TEST(ModelRoots, ModelsOfOtherProgramsAreFoundByKind) {
    const test::TemporaryFolder folder;
    put(folder / "own/mine.safetensors");
    put(folder / "comfy/models/checkpoints/sd15/dream.safetensors");
    put(folder / "comfy/models/loras/dream.safetensors");
    put(folder / "comfy/models/vae/nice.pt");
    put(folder / "big/dream.safetensors");
    put(folder / "comfy/extra_model_paths.yaml",
        "x:\n  base_path: ../big\n  is_default: true\n  checkpoints: |\n    .\n    missing\n");
    const Variable models("OCHRE_MODELS_DIR", folder / "own"), config("OCHRE_CONFIG_DIR", folder / "config");
    const Variable extra("OCHRE_EXTRA_MODELS", "");
    EXPECT_TRUE(paths::findModel("dream", "checkpoints").empty());
    paths::addModelRoot(folder / "comfy");
    paths::addModelRoot(folder / "comfy");
    ASSERT_EQ(paths::modelRoots().size(), 1u);
    // is_default goes first.
    EXPECT_EQ(paths::findModel("dream", "checkpoints").lexically_normal(), folder / "big/dream.safetensors");
    EXPECT_EQ(paths::findModel("dream.safetensors", "loras"),
              folder / "comfy/models/loras/dream.safetensors");
    EXPECT_EQ(paths::findModel("sd15/dream.safetensors", "checkpoints"),
              folder / "comfy/models/checkpoints/sd15/dream.safetensors");
    EXPECT_EQ(paths::findModel("sd15/dream", "checkpoints"),
              folder / "comfy/models/checkpoints/sd15/dream.safetensors");
    // In another folder than the file says, and of another kind, it is still found.
    EXPECT_EQ(paths::findModel("elsewhere/nice.pt", "vae"), folder / "comfy/models/vae/nice.pt");
    EXPECT_EQ(paths::findModel("nice", "checkpoints"), folder / "comfy/models/vae/nice.pt");
    EXPECT_EQ(paths::findModel("mine", "checkpoints"), folder / "own/mine.safetensors");
    EXPECT_TRUE(paths::removeModelRoot(folder / "comfy"));
    EXPECT_FALSE(paths::removeModelRoot(folder / "comfy"));
    EXPECT_TRUE(paths::findModel("nice", "vae").empty());
}

TEST(ModelRoots, TheEnvironmentNamesSomeAndBadOnesAreRefused) {
    const test::TemporaryFolder folder;
    put(folder / "a/loras/ink.safetensors");
    put(folder / "bad.yaml", "a:\n  - b\n");
    const Variable models("OCHRE_MODELS_DIR", folder / "own"), config("OCHRE_CONFIG_DIR", folder / "config");
    const Variable extra("OCHRE_EXTRA_MODELS", (folder / "a").string() + ":" +
                                                   (folder / "bad.yaml").string() + ":" +
                                                   (folder / "gone").string());
    EXPECT_EQ(paths::findModel("ink", "loras"), folder / "a/loras/ink.safetensors");
    test::expectError([&] { paths::addModelRoot(folder / "gone"); }, "neither a folder");
    test::expectError([&] { paths::addModelRoot(folder / "bad.yaml"); }, "a list");
    EXPECT_FALSE(fs::exists(folder / "config"));
    put(folder / "config/model_folders.json", "{\"folders\":5}");
    EXPECT_EQ(paths::modelRoots().size(), 3u) << "a damaged list is told, not fatal";
    test::expectError([&] { paths::addModelRoot(folder / "a"); }, "model_folders.json");
}

} // namespace
} // namespace ochre
