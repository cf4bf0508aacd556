// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/field/FieldFile.h"

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/tensor/ConvertWeights.h"
#include "tests/core/scene/field/RandomField.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

HashField smallField() {
    HashField field = test::randomField();
    field.config.up = {0, 1, 0};
    field.occupancy = OccupancyGrid(16);
    field.occupancy.occupy(1, 2, 13);
    for (std::size_t i = 0; i < HashField::kHidden; ++i) // the last layer has 3 columns
        for (std::size_t o = 3; o < HashField::kColors; ++o) field.layers[HashField::Color3 + i * HashField::kColors + o] = 0;
    return field;
}

TEST(FieldFile, KeepsAllOfAField) {
    const test::TemporaryFolder folder;
    const HashField field = smallField();
    writeField(field, folder / "a.field.safetensors", "a test");
    EXPECT_TRUE(isField(folder / "a.field.safetensors"));
    const HashField again = readField(folder / "a.field.safetensors");
    EXPECT_EQ(again.table, field.table);
    EXPECT_EQ(again.layers, field.layers);
    EXPECT_EQ(again.occupancy.bits(), field.occupancy.bits());
    EXPECT_EQ(again.config.box.min, field.config.box.min);
    EXPECT_EQ(again.config.up, field.config.up);
    EXPECT_EQ(again.config.finest, 32);
}

TEST(FieldFile, FieldsOfDeviceCoordinatesAreOfVersionTwo) {
    const test::TemporaryFolder folder;
    HashField field = smallField();
    field.config.deviceScale = {0.625, 0.5};
    writeField(field, folder / "a.field.safetensors", "a test");
    EXPECT_NE(readTextFile(folder / "a.field.safetensors", 1 << 24).find(R"("version":"2")"), std::string::npos);
    EXPECT_EQ(readField(folder / "a.field.safetensors").config.deviceScale, field.config.deviceScale);
}

TEST(FieldFile, NetworksAreToldByTheirNames) {
    const test::TemporaryFolder folder;
    EXPECT_TRUE(isNerf(test::sourceFile("tests/parity/nerf/render_white/weights.safetensors")));
    EXPECT_FALSE(isNerf(test::sourceFile("tests/parity/mamba/small/weights.safetensors")));
    writeField(smallField(), folder / "a.safetensors", "");
    EXPECT_FALSE(isNerf(folder / "a.safetensors"));
    for (const char* name : {"chair", "fern"}) {
        OCHRE_SHARED_OR_SKIP(file, std::string("data/models/nerf/") + name + "-lowres.ckpt");
        EXPECT_TRUE(isNerf(file));
    }
}

TEST(FieldFile, HalvesAreReadToo) {
    const test::TemporaryFolder folder;
    const HashField field = smallField();
    writeField(field, folder / "a.safetensors", "");
    tensor::convertWeights(folder / "a.safetensors", folder / "b.safetensors", {.floating = tensor::Dtype::F16});
    const HashField again = readField(folder / "b.safetensors");
    for (std::size_t i = 0; i < field.table.size(); ++i) EXPECT_NEAR(again.table[i], field.table[i], 5e-4);
}

TEST(FieldFile, OtherFilesAreNone) {
    const test::TemporaryFolder folder;
    EXPECT_FALSE(isField(folder / "missing.safetensors"));
    EXPECT_FALSE(isField(test::sourceFile("tests/parity/nerf/render_white/weights.safetensors")));
    test::expectError([] { readField(test::sourceFile("tests/parity/nerf/render_white/weights.safetensors")); }, "metadata: format");
}

TEST(FieldFile, CutFilesAreRefusedWhereverTheyEnd) {
    const test::TemporaryFolder folder;
    writeField(smallField(), folder / "a.safetensors", "");
    const auto bytes = readFile(folder / "a.safetensors", 1 << 24);
    for (std::size_t length = 0; length < bytes.size(); length += bytes.size() / 41) {
        writeFileAtomic(folder / "cut.safetensors", std::span(bytes).first(length));
        test::expectError([&] { readField(folder / "cut.safetensors"); });
    }
}

class SpoiledField : public ::testing::Test {
protected:
    /// Writes a field whose header holds `to` in place of `from`, which is as long, and gives the error of reading it.
    std::string errorOf(const std::string& from, const std::string& to) {
        writeField(smallField(), m_folder / "a.safetensors", "");
        std::string text = readTextFile(m_folder / "a.safetensors", 1 << 24);
        const std::size_t at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        EXPECT_EQ(from.size(), to.size());
        text.replace(at, to.size(), to);
        writeFileAtomic(m_folder / "a.safetensors", text);
        return test::expectError([&] { readField(m_folder / "a.safetensors"); }).message();
    }
    test::TemporaryFolder m_folder;
};

TEST_F(SpoiledField, NamesWhatIsWrong) {
    EXPECT_NE(errorOf(R"("version":"1")", R"("version":"7")").find("version 7"), std::string::npos);
    EXPECT_NE(errorOf(R"("log2_entries":"8")", R"("log2_entries":"9")").find("encoding."), std::string::npos);
    EXPECT_NE(errorOf(R"("log2_entries":"8")", R"("log2_entries":"x")").find("no whole number"), std::string::npos);
    EXPECT_NE(errorOf(R"("box_max":"1,1,1")", R"("box_max":"1,1,9")").find("no cube"), std::string::npos);
    EXPECT_NE(errorOf(R"("box_max":"1,1,1")", R"("box_max":"1,1,,")").find("x,y,z"), std::string::npos);
    EXPECT_NE(errorOf(R"("up":"0,1,0")", R"("up":"0,0,0")").find("points nowhere"), std::string::npos);
    EXPECT_NE(errorOf(R"("version":"1")", R"("version":"2")").find("device_scale is missing"), std::string::npos);
    EXPECT_NE(errorOf(R"("occupancy_side":"16")", R"("occupancy_side":"12")").find("multiple of 8"), std::string::npos);
    EXPECT_NE(errorOf(R"("color.2")", R"("colour2")").find("\"color.2\" is missing"), std::string::npos);
}

TEST_F(SpoiledField, ValuesMustBeFinite) {
    HashField field = smallField();
    field.table[5] = NAN;
    writeField(field, m_folder / "a.safetensors", "");
    test::expectError([&] { readField(m_folder / "a.safetensors"); }, "encoding.0");
}

} // namespace
} // namespace ochre::models
