// SPDX-License-Identifier: GPL-3.0-or-later
// ochre detect, ochre segment and ochre measure from outside.
#include <algorithm>

#include <gtest/gtest.h>

#include "core/image/ImageIo.h"
#include "tests/app/Program.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {
namespace fs = std::filesystem;

using test::ochre;
using test::Outcome;

std::string weightsOf(const char* parityCase) {
    return test::sourceFile(std::string("tests/parity/") + parityCase + "/weights.safetensors").string();
}

class UnderstandCommands : public ::testing::Test {
protected:
    void SetUp() override {
        Image image(48, 40, 3);
        const auto values = image.edit();
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i * 31 % 97) / 97;
        writeImage(image, m_folder / "in.png");
    }
    test::TemporaryFolder m_folder;
    std::string m_in = m_folder / "in.png";
};

TEST_F(UnderstandCommands, DetectPrintsBoxesAndDrawsThem) {
    const std::string model = weightsOf("yolox/depthwise"), out = m_folder / "out.png";
    const Outcome json = ochre({"detect", m_in, "-m", model, "--threshold", "0.05", "-o", out, "--json"});
    ASSERT_EQ(json.status, 0) << json.err;
    const Json found = json.json().at("detections");
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(found[0].at("box").size(), 4u);
    EXPECT_TRUE(found[0].at("label").get<std::string>().starts_with("class "));
    EXPECT_EQ(readImage(out).width(), 48);
    const Outcome text = ochre({"detect", m_in, "-m", model, "--threshold", "0.05"});
    EXPECT_EQ(std::ranges::count(text.out, '\n'), static_cast<std::ptrdiff_t>(found.size()));
    const Outcome none = ochre({"detect", m_in, "-m", model, "--threshold", "1"});
    EXPECT_EQ(none.status, 0);
    EXPECT_NE(none.err.find("nothing was found"), std::string::npos);
}

TEST_F(UnderstandCommands, SegmentWritesAMask) {
    const std::string model = weightsOf("sam/end_to_end"), out = m_folder / "mask.png";
    const Outcome o = ochre({"segment", m_in, "-m", model, "--point", "12,9", "--point", "30,20,0", "--box", "2,2,40,30", "-o", out,
                             "--json"});
    ASSERT_EQ(o.status, 0) << o.err;
    const Image mask = readImage(out);
    EXPECT_EQ(mask.width(), 48);
    double sum = 0;
    for (const float v : mask.values()) {
        EXPECT_TRUE(v == 0 || v == 1);
        sum += static_cast<double>(v);
    }
    EXPECT_NEAR(o.json().at("share").get<double>(), sum / static_cast<double>(mask.valueCount()), 1e-6);
}

TEST_F(UnderstandCommands, SegmentNeedsNoModel) {
    const std::string out = m_folder / "mask.png";
    const auto share = [&](std::vector<std::string> more) {
        std::vector<std::string> arguments{"segment", m_in, "--box", "8,8,40,30", "-o", out, "--json"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const Outcome o = ochre(arguments);
        EXPECT_EQ(o.status, 0) << o.err;
        return o.json().at("share").get<double>();
    };
    EXPECT_NEAR(share({}) + share({"--invert"}), 1, 1e-6);
}

TEST_F(UnderstandCommands, MeasureComparesWithTheClassicWay) {
    const std::string sheet = m_folder / "sheet.png";
    const auto measured = [&](const char* seed) {
        const Outcome o = ochre({"measure", "noise_jpeg", m_folder.path(), "--seed", seed, "-o", sheet, "--json"});
        EXPECT_EQ(o.status, 0) << o.err;
        return o.json();
    };
    const Json first = measured("1");
    ASSERT_EQ(first.at("pictures").size(), 1u);
    EXPECT_EQ(first.at("pictures")[0].at("name"), "in");
    EXPECT_EQ(first.at("baseline"), "non-local means");
    const Json& mean = first.at("mean");
    EXPECT_NEAR(first.at("margin").get<double>(), mean.at("model").at("psnr").get<double>() - mean.at("baseline").at("psnr").get<double>(), 1e-9);
    EXPECT_GT(readImage(sheet).width(), 4 * 200);
    std::filesystem::remove(sheet); // it lies among the pictures
    EXPECT_EQ(measured("1").at("mean"), mean);
    std::filesystem::remove(sheet);
    EXPECT_NE(measured("2").at("mean"), mean);
    std::filesystem::remove(sheet);
    const Outcome text = ochre({"measure", "low_light", m_folder.path(), "-m", "low-light"});
    EXPECT_NE(text.out.find("CLAHE"), std::string::npos) << text.err;
    EXPECT_EQ(ochre({"measure", "rain", m_folder.path()}).status, 2);
    EXPECT_EQ(ochre({"measure", "pairs", m_folder.path()}).status, 2) << "the truth is asked for";
    EXPECT_EQ(ochre({"measure", "click", m_folder.path()}).status, 2) << "cut-outs are asked for";
    EXPECT_EQ(ochre({"measure", "noise_jpeg", m_folder / "nowhere"}).status, 1);
}

TEST_F(UnderstandCommands, WrongUseAndInputAreTold) {
    EXPECT_EQ(ochre({"detect", m_in}).status, 2);
    EXPECT_EQ(ochre({"segment", m_in, "-m", "x"}).status, 2);
    EXPECT_EQ(ochre({"detect", m_in, "-m", "x", "--threshold", "2"}).status, 2);
    const auto fails = [&](const std::vector<std::string>& arguments, const char* part) {
        const Outcome o = ochre(arguments);
        EXPECT_EQ(o.status, 1);
        EXPECT_NE(o.err.find(part), std::string::npos) << o.err;
    };
    const std::string sam = weightsOf("sam/end_to_end"), out = m_folder / "mask.png";
    fails({"detect", m_in, "-m", "nowhere"}, "\"nowhere\" is not there");
    fails({"detect", m_in, "-m", sam}, "no network that finds objects");
    fails({"segment", m_in, "-m", sam, "-o", out}, "nothing says what is to be selected");
    fails({"segment", m_in, "-m", sam, "-o", out, "--point", "120,9"}, "outside the picture");
    EXPECT_FALSE(fs::exists(out));
}

} // namespace
} // namespace ochre
