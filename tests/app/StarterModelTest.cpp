// SPDX-License-Identifier: GPL-3.0-or-later
// What the program does out of the box with the model that comes along; here it is a small one of random numbers.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/base/Paths.h"
#include "core/image/ImageIo.h"
#include "core/project/ProjectFile.h"
#include "tests/app/Program.h"
#include "tests/support/Machine.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {
namespace fs = std::filesystem;

using test::ochre;
using test::Outcome;

/// A machine on which set-up has run: text encoder and upscaler in the models folder, the model in the resources.
class StarterModelTest : public testing::Test {
protected:
    StarterModelTest() : m_models("OCHRE_MODELS_DIR", m_folder / "models") {
        fs::create_directories(m_folder / "models/text_encoders");
        make("minilm-small", "models/text_encoders/all-minilm-l6-v2.safetensors");
        make("upscaler-small", "models/realesr-animevideov3-x4.safetensors");
        make("starter-small", "made.safetensors");
        m_starter.emplace(m_folder / "made.safetensors");
    }
    void make(const std::string& kind, const std::string& file) {
        const Outcome made = ochre({"bench", "--make-checkpoint", kind, m_folder / file});
        ASSERT_EQ(made.status, 0) << made.err;
    }
    /// A picture by `ochre generate`, and what it says.
    Outcome generate(const std::string& file, std::vector<std::string> more = {}, int seed = 5) {
        std::vector<std::string> words{"generate", "a red apple", "--steps", "2", "--seed", std::to_string(seed), "--json", "-o", m_folder / file};
        words.insert(words.end(), more.begin(), more.end());
        Outcome o = ochre(words);
        EXPECT_EQ(o.status, 0) << o.err;
        return o;
    }
    Image picture(const std::string& file) const { return readImage(m_folder / file); }
    static bool same(const Image& a, const Image& b) { return std::ranges::equal(a.values(), b.values()); }

    test::TemporaryFolder m_folder;
    test::Setting m_models;
    std::optional<test::StarterModel> m_starter;
};

TEST_F(StarterModelTest, GenerateDrawsItsSizeAndEnlargesIt) {
    const Outcome o = ochre({"generate", "a red apple", "--seed", "5", "--json", "-o", m_folder / "a.png"});
    ASSERT_EQ(o.status, 0) << o.err;
    const Json json = o.json();
    EXPECT_EQ(json.at("model"), "starter");
    EXPECT_EQ(json.at("family"), "starter");
    EXPECT_EQ(json.at("drawn").at("width"), 128);
    EXPECT_EQ(json.at("upscaler"), "realesr-animevideov3-x4");
    EXPECT_EQ(json.at("steps"), 20);
    EXPECT_EQ(json.at("cfg"), 3);
    EXPECT_EQ(json.at("sampler"), "dpmpp_2m");
    EXPECT_EQ(json.at("pictures").at(0).at("seed"), 5);
    EXPECT_EQ(json.at("pictures").at(0).at("width"), 512);
    const Image a = picture("a.png");
    EXPECT_EQ(a.width(), 512);
    EXPECT_EQ(a.height(), 512);
    EXPECT_EQ(digitalSourceTypeOf(a), DigitalSourceType::TrainedAlgorithmicMedia);
    EXPECT_NE(a.metadata().at("parameters").find("Size: 128x128"), std::string::npos);

    const Outcome again = ochre({"run", m_folder / "a.png", "--to", "resize", "-o", m_folder / "b.png", "--no-cache"});
    ASSERT_EQ(again.status, 0) << again.err;
    EXPECT_TRUE(same(picture("b.png"), a)) << "the graph inside makes it again";
}

TEST_F(StarterModelTest, SizeSeedCountPromptsAndGuidanceDoWhatTheySay) {
    const Outcome wide = generate("wide.png", {"--size", "640x400"});
    EXPECT_EQ(wide.json().at("drawn").at("width"), 160);
    EXPECT_EQ(wide.json().at("drawn").at("height"), 96);
    EXPECT_EQ(picture("wide.png").width(), 640);
    EXPECT_EQ(picture("wide.png").height(), 400);

    const std::vector<std::string> asDrawn{"--size", "128x128"};
    const auto drawn = [&](const std::string& file, std::vector<std::string> more) {
        more.insert(more.begin(), asDrawn.begin(), asDrawn.end());
        generate(file, std::move(more));
        return picture(file);
    };
    const Image plain = drawn("a.png", {});
    EXPECT_EQ(plain.width(), 128);
    EXPECT_TRUE(same(drawn("b.png", {}), plain));
    EXPECT_FALSE(same(drawn("b.png", {"--cfg", "7"}), plain));
    EXPECT_FALSE(same(drawn("b.png", {"--negative", "blue"}), plain));
    EXPECT_TRUE(same(drawn("b.png", {"--cfg", "1", "--negative", "blue"}), drawn("c.png", {"--cfg", "1"})))
        << "with a guidance of 1 the negative prompt does nothing";
    generate("two.png", {"--size", "128x128", "--count", "2"}, 4);
    EXPECT_TRUE(same(picture("two-2.png"), plain)) << "seed 5 is seed 5";
    EXPECT_FALSE(same(picture("two-1.png"), plain));
}

TEST_F(StarterModelTest, APictureToBeginWithKeepsItsSizeAndWhatLiesOutsideOfTheMask) {
    Image before(200, 120, 3), mask(200, 120, 3);
    const auto values = before.edit(), white = mask.edit();
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = static_cast<float>((i / 3) % 200) / 255.0f;
        white[i] = (i / 3) % 200 < 80 ? 1.0f : 0.0f;
    }
    writeImage(before, m_folder / "in.png");
    writeImage(mask, m_folder / "mask.png");
    const std::string in = m_folder / "in.png";
    const Image changed = (generate("a.png", {"--init", in}), picture("a.png"));
    EXPECT_EQ(changed.width(), 200);
    EXPECT_EQ(changed.height(), 120);
    generate("b.png", {"--init", in, "--strength", "1", "--mask", m_folder / "mask.png"});
    const Image painted = picture("b.png");
    EXPECT_EQ(painted.width(), 200);
    EXPECT_NEAR(*painted.pixel(180, 60), *before.pixel(180, 60), 1e-5) << "not even through the model's small picture";
    double moved = 0;
    for (int x = 0; x < 60; ++x) moved = std::max<double>(moved, std::abs(*painted.pixel(x, 60) - *before.pixel(x, 60)));
    EXPECT_GT(moved, 0.05);
}

TEST_F(StarterModelTest, WithoutItsUpscalerItSaysSoAndStretches) {
    fs::remove(m_folder / "models/realesr-animevideov3-x4.safetensors");
    const Outcome o = generate("a.png");
    EXPECT_NE(o.err.find("realesr-animevideov3-x4 is not in the models folder"), std::string::npos) << o.err;
    EXPECT_EQ(o.json().at("upscaler"), "");
    EXPECT_EQ(picture("a.png").width(), 512);
    fs::remove(m_folder / "models/text_encoders/all-minilm-l6-v2.safetensors");
    const Outcome none = ochre({"generate", "an apple", "-o", m_folder / "b.png"});
    EXPECT_EQ(none.status, 1);
    EXPECT_NE(none.err.find("all-minilm-l6-v2"), std::string::npos) << none.err;
}

TEST_F(StarterModelTest, ACheckpointOfOnesOwnGoesFirst) {
    fs::create_directories(m_folder / "models/checkpoints");
    make("sd15-small", "models/checkpoints/own.safetensors");
    const Outcome own = generate("a.png", {"--size", "64x64"});
    EXPECT_EQ(own.json().at("family"), "sd1");
    EXPECT_EQ(own.json().at("sampler"), "euler");
    EXPECT_EQ(picture("a.png").width(), 64) << "nothing is enlarged";
    EXPECT_EQ(generate("a.png", {"--model", "starter"}).json().at("family"), "starter");
}

TEST_F(StarterModelTest, ItsProjectsRunAndModelsAndDoctorKnowIt) {
    const fs::path graphs = paths::resources() / "graphs";
    std::vector<fs::path> projects{graphs / "starter.ochre"};
    for (const fs::directory_entry& entry : fs::directory_iterator(graphs / "starter"))
        if (entry.path().extension() == ".ochre") projects.push_back(entry.path());
    for (const fs::path& project : projects) {
        const Outcome o = ochre({"run", project, "-o", m_folder / "out.png", "--no-cache"});
        ASSERT_EQ(o.status, 0) << project << o.err;
        EXPECT_GE(picture("out.png").width(), 256) << project;
    }
    EXPECT_NE(ochre({"models"}).out.find("starter"), std::string::npos);
    const auto doctor = [] {
        const Json all = ochre({"doctor", "--json"}).json();
        for (const Json& part : all.at("parts"))
            if (part.at("part") == "starter") return part;
        return Json();
    };
    EXPECT_EQ(doctor().at("status"), "ok") << doctor().dump();
    fs::remove(m_folder / "models/realesr-animevideov3-x4.safetensors");
    EXPECT_EQ(doctor().at("status"), "limited");
    m_starter.reset();
    const test::StarterModel none;
    EXPECT_EQ(doctor().at("status"), "limited");
    EXPECT_NE(doctor().at("detail").get<std::string>().find("is not there"), std::string::npos);
}

} // namespace
} // namespace ochre
