// SPDX-License-Identifier: GPL-3.0-or-later
// ochre detect, ochre segment and ochre measure from outside.
#include <algorithm>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/image/ImageIo.h"
#include "core/video/Clip.h"
#include "core/video/VideoWriter.h"
#include "tests/app/Program.h"
#include "tests/support/MovingObject.h"
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

TEST_F(UnderstandCommands, TrackWritesMasksAsAVideoOrPictures) {
    const test::MovingObject film{.width = 160, .height = 96, .frames = 8};
    {
        VideoWriter writer(m_folder / "film.mp4", {.width = 160, .height = 96, .fps = 25, .quality = 12});
        for (int i = 0; i < film.frames; ++i) writer.add(film.frame(i));
        writer.finish();
    }
    const std::string point = std::to_string(film.middleX(3)) + "," + std::to_string(film.middleY(3));
    const std::string in = m_folder / "film.mp4", out = m_folder / "masks.mp4";
    const Outcome o = ochre({"track", in, "-o", out, "--frame", "3", "--point", point, "--json"});
    ASSERT_EQ(o.status, 0) << o.err;
    EXPECT_EQ(o.json().at("frames"), 8);
    EXPECT_EQ(o.json().at("tracker"), "colours");
    EXPECT_NE(o.err.find("SAM 2 weights"), std::string::npos) << "who has followed is said";
    const ClipPtr masks = openClip(out);
    ASSERT_EQ(masks->frames(), 8);
    EXPECT_NEAR(masks->fps(), 25, 1e-6);
    const std::string pattern = m_folder / "masks" / "%03d.png";
    ASSERT_EQ(ochre({"track", in, "-o", pattern, "--prompt", "3: " + point, "--direction", "forward"}).status, 0);
    for (int i = 0; i < 8; ++i) {
        char name[16];
        std::snprintf(name, sizeof name, "%03d.png", i);
        const Image picture = readImage(m_folder / "masks" / name), frame = masks->frame(i);
        Image mask(160, 96, 1);
        for (std::size_t p = 0; p < mask.valueCount(); ++p) mask.edit()[p] = frame.values()[3 * p];
        EXPECT_GT(test::intersectionOverUnion(mask, film.truth(i)), 0.88) << i;
        if (i >= 3)
            EXPECT_GT(test::intersectionOverUnion(picture, film.truth(i)), 0.88) << i;
        else
            EXPECT_EQ(std::ranges::max(picture.values()), 0) << "was not looked for";
    }
    EXPECT_EQ(ochre({"track", in, "-o", out}).status, 1);
    const Outcome wrong = ochre({"track", in, "-o", out, "--prompt", "99: 3,4"});
    EXPECT_EQ(wrong.status, 1);
    EXPECT_NE(wrong.err.find("no frame 99"), std::string::npos) << wrong.err;
}

TEST_F(UnderstandCommands, AGraphOverAVideoTakesTheMaskOfEachFrame) {
    const test::MovingObject film{.width = 160, .height = 96, .frames = 6};
    const std::string in = m_folder / "film.mp4";
    {
        VideoWriter writer(in, {.width = 160, .height = 96, .fps = 25, .quality = 12});
        for (int i = 0; i < film.frames; ++i) writer.add(film.frame(i));
        writer.finish();
    }
    const std::string prompt = "0: " + std::to_string(film.middleX(0)) + "," + std::to_string(film.middleY(0));
    writeFileAtomic(m_folder / "g.ochre", R"({"ochre":{"schema":1,"minimum":1},"graph":{"nodes":[
        {"id":1,"type":"image.load","version":1,"name":"load"},
        {"id":2,"type":"understand.track","version":1,"name":"track","parameters":{"video":")" + in + R"(","prompts":")" + prompt + R"("}},
        {"id":3,"type":"video.frame","version":1,"name":"frame","inputs":{"video":[2,"masks"]}},
        {"id":4,"type":"image.join_alpha","version":1,"name":"join","inputs":{"image":[1,"image"],"mask":[3,"image"]}},
        {"id":5,"type":"image.view","version":1,"name":"view","inputs":{"image":[4,"image"]}}]}})");
    const Outcome o = ochre({"run", m_folder / "g.ochre", "--input", in, "-o", m_folder / "cut", "--json"});
    ASSERT_EQ(o.status, 0) << o.err;
    for (int i = 0; i < film.frames; ++i) {
        char name[24];
        std::snprintf(name, sizeof name, "frame-%06d.png", i);
        const Image cut = readImage(m_folder / "cut" / name);
        ASSERT_EQ(cut.channels(), 4);
        Image mask(160, 96, 1);
        for (std::size_t p = 0; p < mask.valueCount(); ++p) mask.edit()[p] = cut.values()[4 * p + 3];
        EXPECT_GT(test::intersectionOverUnion(mask, film.truth(i)), 0.85) << i;
    }
}

} // namespace
} // namespace ochre
