// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/Ply.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/scene/SceneIo.h"
#include "tests/core/scene/MakePly.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using test::asBytes;
using test::MakePly;

SplatCloud read(const std::string& text) {
    return decodeSplats(asBytes(text), "scene.ply");
}

class EveryDegree : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Degrees, EveryDegree, testing::Range(0, 4));

TEST_P(EveryDegree, IsReadWithHarmonicsFromChannelsToCoefficients) {
    MakePly ply = MakePly::splats(GetParam()).fill(5);
    const SplatCloud cloud = read(ply.text());
    ASSERT_EQ(cloud.count(), 5u);
    EXPECT_EQ(cloud.shDegree(), GetParam());
    const std::size_t rest = cloud.restCount();
    for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_FLOAT_EQ(cloud.data().positions[3 * i + 1], static_cast<float>(ply.at(i, "y")));
        EXPECT_FLOAT_EQ(cloud.data().opacities[i], static_cast<float>(ply.at(i, "opacity")));
        EXPECT_FLOAT_EQ(cloud.data().sh0[3 * i + 2], static_cast<float>(ply.at(i, "f_dc_2")));
        for (std::size_t k = 0; k < rest; ++k)
            for (std::size_t channel = 0; channel < 3; ++channel)
                EXPECT_FLOAT_EQ(
                    cloud.data().shRest[(i * rest + k) * 3 + channel],
                    static_cast<float>(ply.at(i, "f_rest_" + std::to_string(channel * rest + k))));
    }
}

TEST_P(EveryDegree, SurvivesWritingAndReading) {
    const test::TemporaryFolder folder;
    const SplatCloud cloud = read(MakePly::splats(GetParam()).fill(300).text());
    writePly(cloud, folder / "copy.ply");
    const SplatCloud copy = readSplats(folder / "copy.ply");
    EXPECT_EQ(copy.hash(), cloud.hash());
    EXPECT_EQ(copy.name(), "copy.ply");
}

TEST(Ply, EveryFormatAndLineEndGivesTheSameCloud) {
    MakePly ply = MakePly::splats(1).fill(4);
    const Hash128 expected = read(ply.text()).hash();
    for (const char* format : {"ascii", "binary_little_endian", "binary_big_endian"})
        for (const char* newline : {"\n", "\r\n"}) {
            ply.format = format;
            ply.newline = newline;
            EXPECT_EQ(read(ply.text()).hash(), expected) << format << (newline[0] == '\r' ? " CRLF" : " LF");
        }
}

TEST(Ply, ColumnsAreFoundByNameInAnyOrderAmongOthers) {
    MakePly ply = MakePly::splats(0, false);
    std::reverse(ply.columns.begin(), ply.columns.end());
    ply.columns.insert(ply.columns.begin() + 2, {"uchar", "quality"});
    ply.columns.push_back({"double", "time"});
    ply.fill(3);
    ply.at(2, "x") = 7.5;
    const SplatCloud cloud = read(ply.text());
    EXPECT_EQ(cloud.count(), 3u);
    EXPECT_EQ(cloud.data().positions[6], 7.5f);
    EXPECT_EQ(cloud.data().rotations[0], 1.0f);
}

TEST(Ply, TheUsualLayoutAndAnyOtherGiveTheSameCloud) {
    for (int degree = 0; degree <= 3; ++degree) {
        MakePly usual = MakePly::splats(degree).fill(3000), other = MakePly::splats(degree, false);
        usual.at(1500, "z") = std::nan(""); // in the second block
        std::reverse(other.columns.begin(), other.columns.end());
        for (std::size_t row = 0; row < 3000; ++row)
            for (const auto& c : other.columns) other.values.push_back(usual.at(row, c.name));
        const SplatCloud a = read(usual.text()), b = read(other.text());
        EXPECT_EQ(a.count(), 2999u);
        EXPECT_EQ(a.data().dropped, 1u);
        EXPECT_EQ(a.hash(), b.hash()) << degree;
    }
}

TEST(Ply, DoublesAndByteColoursAreTaken) {
    MakePly ply = MakePly::splats(0, false);
    for (auto& c : ply.columns) c.type = "double";
    for (const auto& [from, to] : {std::pair{"f_dc_0", "red"}, {"f_dc_1", "green"}, {"f_dc_2", "blue"}})
        ply.columns[ply.column(from)] = {"uchar", to};
    ply.fill(1);
    ply.at(0, "red") = 255;
    ply.at(0, "green") = 0;
    ply.at(0, "blue") = 51;
    const SplatCloud cloud = read(ply.text());
    const float expected[] = {1.0f, 0.0f, 0.2f};
    for (std::size_t k = 0; k < 3; ++k)
        EXPECT_NEAR(0.5 + 0.28209479177387814 * cloud.data().sh0[k], expected[k], 1e-6);
}

TEST(Ply, AMissingThirdScaleMakesFlatSplats) {
    MakePly ply = MakePly::splats(0);
    ply.columns.erase(ply.columns.begin() + static_cast<std::ptrdiff_t>(ply.column("scale_2")));
    ply.fill(2);
    const SplatCloud cloud = read(ply.text());
    EXPECT_EQ(cloud.count(), 2u);
    EXPECT_EQ(std::exp(cloud.data().logScales[2]), 0.0f);
}

TEST(Ply, CommentsSayThatACloudWasTrainedAntialiased) {
    MakePly ply = MakePly::splats(0).fill(1);
    EXPECT_FALSE(read(ply.text()).data().antialiased);
    ply.comments = {"made by hand", "SplatRenderMode: mip"};
    EXPECT_TRUE(read(ply.text()).data().antialiased);
    ply.comments = {"antialiased 1"};
    EXPECT_TRUE(read(ply.text()).data().antialiased);
    ply.comments = {"SplatRenderMode: default"};
    EXPECT_FALSE(read(ply.text()).data().antialiased);
}

TEST(Ply, SplatsThatAreNoNumbersAreDroppedAndCounted) {
    const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
    for (const char* format : {"binary_little_endian", "binary_big_endian"}) {
        MakePly ply = MakePly::splats(1).fill(8);
        ply.format = format;
        ply.at(0, "x") = nan;
        ply.at(2, "rot_3") = infinity;
        ply.at(3, "opacity") = nan;
        ply.at(4, "scale_1") = infinity;
        ply.at(6, "f_rest_8") = -infinity;
        const SplatCloud cloud = read(ply.text());
        EXPECT_EQ(cloud.data().dropped, 5u);
        ASSERT_EQ(cloud.count(), 3u);
        for (std::size_t i = 0; const std::size_t row : {1u, 5u, 7u})
            EXPECT_FLOAT_EQ(cloud.data().positions[3 * i++], static_cast<float>(ply.at(row, "x")));
    }
}

TEST(Ply, ExactlyOpaqueAndExactlyFlatSplatsStay) {
    MakePly ply = MakePly::splats(0).fill(2);
    ply.at(0, "opacity") = std::numeric_limits<double>::infinity();
    ply.at(1, "opacity") = -std::numeric_limits<double>::infinity();
    ply.at(1, "scale_0") = -std::numeric_limits<double>::infinity();
    const SplatCloud cloud = read(ply.text());
    ASSERT_EQ(cloud.count(), 2u);
    EXPECT_GT(cloud.data().opacities[0], 0);
    EXPECT_LT(cloud.data().opacities[1], 0);
}

TEST(Ply, QuaternionsAreNormalisedAndZeroOnesTurnNothing) {
    MakePly ply = MakePly::splats(0).fill(2);
    ply.at(0, "rot_0") = 3;
    ply.at(0, "rot_2") = 4;
    ply.at(1, "rot_0") = 0;
    const SplatCloud cloud = read(ply.text());
    EXPECT_FLOAT_EQ(cloud.data().rotations[0], 0.6f);
    EXPECT_FLOAT_EQ(cloud.data().rotations[2], 0.8f);
    EXPECT_FLOAT_EQ(cloud.data().rotations[4], 1.0f);
}

TEST(Ply, AsciiTakesSignsExponentsAndNumbersBeyondDouble) {
    MakePly ply = MakePly::splats(0, false);
    ply.format = "ascii";
    ply.values.clear();
    std::string text = ply.text();
    text.replace(text.find("vertex 0"), 8, "vertex 2");
    text += "+1 -2e0 1e-999 0 0 0  5 -3 -3 -3 1 0 0 0\n1e999 0 0 0 0 0 5 -3 -3 -3 1 0 0 0";
    const SplatCloud cloud = read(text);
    EXPECT_EQ(cloud.data().dropped, 1u);
    ASSERT_EQ(cloud.count(), 1u);
    EXPECT_EQ(cloud.data().positions, (std::vector<float>{1, -2, 0}));
}

TEST(Ply, OtherFilesAreNotMine) {
    const Error text = test::expectError([] { read("hello"); }, "scene.ply: not a scene");
    EXPECT_EQ(text.kind(), ErrorKind::NotMine);
    EXPECT_FALSE(text.hint().empty());
    test::expectError([] { read(""); }, "empty");
    test::expectError(
        [] { read("ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\n1\n"); },
        "without points");
}

TEST(Ply, HostileHeadersAreRefusedBeforeAnythingIsAllocated) {
    const std::string head = "ply\nformat binary_little_endian 1.0\n", columns = [] {
        std::string all;
        for (const auto& c : MakePly::splats(3).columns) all += "property float " + c.name + "\n";
        return all;
    }();
    const std::string cases[] = {
        head + "element vertex 4294967295\n" + columns + "end_header\n",
        head + "element vertex 18446744073709551615\n" + columns + "end_header\n",
        head + "element vertex 74382900747163649\n" + columns +
            "end_header\n", // times 248 wraps to a small number
        head + "element vertex 99999999999999999999999\n" + columns + "end_header\n",
        head + "element vertex -1\n" + columns + "end_header\n",
        head + "element vertex 1.5\n" + columns + "end_header\n",
        head + "element vertex 1000000000\nend_header\n",
        head + "element vertex 1\nproperty list uchar int vertex_indices\nend_header\n",
        head + "element vertex 0\nproperty float x\nproperty float x\nend_header\n",
        head + "element vertex 0\nelement vertex 0\nend_header\n",
        head + "property float x\nend_header\n",
        head + "element vertex 1\nproperty quad x\nend_header\n",
        head + "format ascii 1.0\nend_header\n",
        head + std::string(2000, ' ') + "\nend_header\n",
        head + "comment no end",
        "ply\nformat binary_middle_endian 1.0\nend_header\n",
        "ply\nformat ascii 2.0\nend_header\n",
        "ply\nend_header\n",
        "ply\nformat ascii 1.0\nelement vertex 1000000000000\n" + columns + "end_header\n1 2 3",
        "ply\nformat ascii 1.0\nelement vertex 1\n" + columns + "end_header\n1 2 three",
        head + "nonsense\nend_header\n",
    };
    for (const std::string& text : cases) {
        const Error error = test::expectError([&] { read(text); });
        EXPECT_EQ(error.kind(), ErrorKind::Broken) << text.substr(0, 80) << " gave " << error.message();
        EXPECT_TRUE(error.message().starts_with("scene.ply: ")) << error.message();
    }
    std::string many = head;
    for (int i = 0; i < 70; ++i) many += "element e" + std::to_string(i) + " 0\n";
    test::expectError([&] { read(many + "end_header\n"); });
    std::string wide = head + "element vertex 0\n";
    for (int i = 0; i < 5000; ++i) wide += "property char " + std::to_string(i) + "\n";
    test::expectError([&] { read(wide + "end_header\n"); });
    test::expectError(
        [&] {
            read(head + [] {
                std::string s;
                for (int i = 0; i < 2000; ++i) s += "comment " + std::string(60, 'x') + "\n";
                return s;
            }() + "end_header\n");
        },
        "65536");
}

TEST(Ply, UnknownNumbersOfHarmonicsAndMissingColumnsAreNamed) {
    MakePly ply = MakePly::splats(1);
    ply.columns.erase(ply.columns.begin() + static_cast<std::ptrdiff_t>(ply.column("f_rest_8")));
    test::expectError([&] { read(ply.fill(1).text()); }, "8 f_rest");
    MakePly noZ = MakePly::splats(0);
    noZ.columns[noZ.column("z")].name = "depth";
    test::expectError([&] { read(noZ.fill(1).text()); }, "\"z\"");
    MakePly noColor = MakePly::splats(0);
    noColor.columns[noColor.column("f_dc_0")].name = "dc";
    test::expectError([&] { read(noColor.fill(1).text()); }, "colour");
}

TEST(Ply, EveryTruncationIsAnErrorOrNotMine) {
    for (const char* format : {"ascii", "binary_little_endian"}) {
        MakePly ply = MakePly::splats(1).fill(2);
        ply.format = format;
        const std::string text = ply.text();
        const std::size_t whole =
            format[0] == 'a' ? text.size() - 2 : text.size(); // the last digit, its newline
        for (std::size_t length = 0; length < whole; ++length)
            test::expectError([&] { read(text.substr(0, length)); });
        EXPECT_EQ(read(text).count(), 2u);
    }
}

TEST(Ply, AnEmptySceneIsASceneAndReadingCanBeStopped) {
    EXPECT_EQ(read(MakePly::splats(0).text()).count(), 0u);
    const Cancel cancel = Cancel::make();
    cancel.request();
    const std::string text = MakePly::splats(0).fill(2).text();
    const Error error = test::expectError([&] { decodeSplats(asBytes(text), "scene.ply", cancel); });
    EXPECT_TRUE(error.cancelled());
    test::expectError([] { readSplats("/nonexistent/scene.ply"); }, "scene.ply");
}

} // namespace
} // namespace ochre
