// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/FamilyDefaults.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/base/Json.h"
#include "tests/support/Support.h"

namespace ochre::nodes {
namespace {
namespace fs = std::filesystem;

constexpr const FamilyDefaults& kStarter = familyDefaults("starter");

TEST(FamilyDefaults, UnknownFamiliesAreTakenForTheFirst) {
    EXPECT_EQ(familyDefaults("sdxl").side, 1024);
    EXPECT_EQ(familyDefaults("").family, "sd1");
    EXPECT_EQ(kStarter.family, "starter");
}

/// Where a link drives the setting, it is the project's point.
void expectSetting(const Json& node, const std::string& id, const Json& wanted, const Json& otherwise) {
    if (node.contains("inputs") && node["inputs"].contains(id)) return;
    const Json parameters = node.value("parameters", Json::object());
    EXPECT_EQ(parameters.contains(id) ? parameters[id] : otherwise, wanted) << id << " of " << node.at("name");
}

void expectSuited(const Json& node) {
    const FamilyDefaults& usual = kFamilyDefaults.front();
    const std::string type = node.at("type");
    if (type == "generate.load_checkpoint") expectSetting(node, "checkpoint", "starter", "");
    if (type == "restore.upscale") expectSetting(node, "model", kStarter.upscaler, "realesrgan-x4plus");
    for (const char* side : {"width", "height"})
        if (type == "latent.empty") expectSetting(node, side, kStarter.side, usual.side);
    if (type != "generate.sample" && type != "generate.upscale_tiled") return;
    expectSetting(node, "steps", kStarter.steps, usual.steps);
    expectSetting(node, "cfg", kStarter.cfg, usual.cfg);
    expectSetting(node, "sampler", kStarter.sampler, usual.sampler);
    expectSetting(node, "scheduler", kStarter.scheduler, usual.scheduler);
}

TEST(FamilyDefaults, TheStarterModelsProjectsSetThem) {
    const fs::path graphs = test::sourceFile("resources/graphs");
    std::vector<fs::path> projects{graphs / "starter.ochre"};
    for (const fs::directory_entry& entry : fs::directory_iterator(graphs / "starter"))
        if (entry.path().extension() == ".ochre") projects.push_back(entry.path());
    ASSERT_GT(projects.size(), 5u);
    for (const fs::path& project : projects) {
        SCOPED_TRACE(project.filename());
        const Json json = parseJson(readTextFile(project, 1 << 20), project.string());
        for (const Json& node : json.at("graph").at("nodes")) expectSuited(node);
    }
}

} // namespace
} // namespace ochre::nodes
