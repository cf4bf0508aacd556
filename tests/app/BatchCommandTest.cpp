// SPDX-License-Identifier: GPL-3.0-or-later
// ochre restore, upscale and run on folders and videos from outside: killed, they go on where they were.
#include <cmath>
#include <cstdlib>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/image/ImageIo.h"
#include "tests/app/Program.h"
#include "tests/support/Machine.h"

namespace ochre {
namespace {
namespace fs = std::filesystem;

using test::ochre;
using test::Outcome;

Image drawing(int width, int height, float phase = 0) {
    Image image(width, height, 3);
    const auto values = image.edit();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = 0.5f + 0.4f * std::sin(phase + 0.031f * static_cast<float>(i % 877));
    return image;
}

class BatchCommand : public ::testing::Test {
protected:
    BatchCommand() : m_state("OCHRE_STATE_DIR", (m_folder / "state").string()) { fs::create_directories(m_in); }
    void write(int count, int side) {
        for (int i = 0; i < count; ++i)
            writeImage(drawing(side, side, static_cast<float>(i)), m_in / ("p" + std::to_string(100 + i) + ".png"), {.bitDepth = i % 2 == 0 ? 16 : 8});
    }
    test::TemporaryFolder m_folder;
    test::Setting m_state;
    fs::path m_in = m_folder / "in", m_out = m_folder / "out";
    std::string m_model = test::sourceFile("tests/parity/dncnn/gray_5_layers/weights.safetensors").string();
};

TEST_F(BatchCommand, AFolderIsRestoredAndFailuresAreToldAtTheEnd) {
    write(4, 24);
    writeFileAtomic(m_in / "p101.png", std::string_view("broken"));
    const Outcome o = ochre({"restore", m_in, "-m", m_model, "-o", m_out, "--json"});
    EXPECT_EQ(o.status, 1);
    const Json json = o.json();
    EXPECT_EQ(json.at("total"), 4);
    EXPECT_EQ(json.at("made"), 3);
    EXPECT_EQ(json.at("failures").at(0).at("item"), "p101.png");
    EXPECT_NE(o.err.find("p101.png"), std::string::npos);
    EXPECT_NE(o.err.find("3 of 4 made, 1 failed"), std::string::npos) << o.err;
    EXPECT_EQ(probeImage(m_out / "p100.png").bitDepth, 16) << "as many bits as the source";
    EXPECT_EQ(probeImage(m_out / "p103.png").bitDepth, 8);
    const Outcome eight = ochre({"restore", m_in / "p100.png", "-m", m_model, "-o", m_folder / "one.png", "--bits", "8"});
    EXPECT_EQ(eight.status, 0) << eight.err;
    EXPECT_EQ(probeImage(m_folder / "one.png").bitDepth, 8);
    EXPECT_EQ(ochre({"restore", m_in / "p100.png", "-m", m_model, "-o", m_folder / "two.tif"}).status, 0);
    EXPECT_EQ(probeImage(m_folder / "two.tif").bitDepth, 16);
    EXPECT_EQ(ochre({"restore", m_in / "p103.png", "-m", m_model, "-o", m_folder / "three.exr", "--bits", "32"}).status, 0);
    EXPECT_EQ(probeImage(m_folder / "three.exr").bitDepth, 32);
}

TEST_F(BatchCommand, KilledItGoesOnWhereItWas) {
    write(24, 200);
    const std::string program = test::quoted(std::string(std::getenv("OCHRE_TEST_BUILD")) + "/bin/ochre");
    const std::string script = program + " restore " + test::quoted(m_in) + " -m " + test::quoted(m_model) + " -o " + test::quoted(m_out) +
                               " >/dev/null 2>&1 & p=$!; while kill -0 $p 2>/dev/null && [ \"$(ls " + test::quoted(m_out) +
                               " 2>/dev/null | wc -l)\" -lt 4 ]; do sleep 0.02; done; kill -9 $p 2>/dev/null; wait $p; true";
    ASSERT_EQ(std::system(("sh -c " + test::quoted(script)).c_str()), 0);
    const Outcome o = ochre({"restore", m_in, "-m", m_model, "-o", m_out, "--json"});
    ASSERT_EQ(o.status, 0) << o.err;
    EXPECT_EQ(o.json().at("total"), 24);
    EXPECT_GE(o.json().at("kept").get<int>(), 3);
    EXPECT_EQ(o.json().at("kept").get<int>() + o.json().at("made").get<int>(), 24);
    EXPECT_GT(o.json().at("made").get<int>(), 0) << "it was not killed early enough for this test";
    for (int i = 0; i < 24; ++i) EXPECT_EQ(readImage(m_out / ("p" + std::to_string(100 + i) + ".png")).width(), 200);
    const Outcome changed = ochre({"restore", m_in, "-m", m_model, "-o", m_out, "--strength", "0.5", "--json"});
    EXPECT_EQ(changed.json().at("remade"), 24) << "another setting";
}

TEST_F(BatchCommand, AVideoIsEnlargedWithItsSound) {
    const fs::path in = m_folder / "in.mp4", out = m_folder / "out.mp4";
    if (!test::toolOutput("ffmpeg", {"-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=12:duration=0.5", "-f", "lavfi", "-i",
                                     "sine=duration=0.5", "-c:a", "aac", in.string()}))
        GTEST_SKIP() << "needs ffmpeg";
    const std::string model = test::sourceFile("tests/parity/srvggnetcompact/x2_prelu_batch2/weights.safetensors").string();
    const Outcome o = ochre({"upscale", in, "-m", model, "-o", out, "--json"});
    ASSERT_EQ(o.status, 0) << o.err;
    EXPECT_EQ(o.json().at("made"), 6);
    const auto text = test::toolOutput("ffprobe", {"-v", "error", "-count_frames", "-show_streams", "-of", "json", out.string()});
    const Json streams = parseJson(text.value_or("{}"), "ffprobe").at("streams");
    EXPECT_EQ(streams.at(0).at("width"), 128);
    EXPECT_EQ(streams.at(0).at("height"), 96);
    EXPECT_EQ(streams.at(0).at("avg_frame_rate"), "12/1");
    EXPECT_EQ(streams.at(0).at("nb_read_frames"), "6");
    EXPECT_EQ(streams.at(1).at("codec_name"), "aac");
    EXPECT_EQ(ochre({"upscale", in, "-m", model, "-o", m_folder / "x.png"}).status, 1);
}

TEST_F(BatchCommand, AnyGraphRunsOnAFolder) {
    write(3, 20);
    writeFileAtomic(m_folder / "g.ochre", std::string_view(R"({"ochre":{"schema":1,"minimum":1},"graph":{"nodes":[
        {"id":1,"type":"image.load","version":1,"name":"load"},
        {"id":2,"type":"image.invert","version":1,"name":"invert","inputs":{"image":[1,"image"]}},
        {"id":3,"type":"image.view","version":1,"name":"view","inputs":{"image":[2,"image"]}}]}})"));
    const Outcome o = ochre({"run", m_folder / "g.ochre", "--input", m_in, "-o", m_out, "--format", "tif", "--json"});
    ASSERT_EQ(o.status, 0) << o.err;
    EXPECT_EQ(o.json().at("made"), 3);
    EXPECT_NEAR(readImage(m_out / "p100.tif").values()[5], 1 - readImage(m_in / "p100.png").values()[5], 1e-4);
    EXPECT_EQ(ochre({"run", m_folder / "g.ochre", "--input", m_in}).status, 1) << "it wants to know where to";
}

} // namespace
} // namespace ochre
