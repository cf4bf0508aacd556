// SPDX-License-Identifier: GPL-3.0-or-later
// The built program from outside: exit status, stdout, stderr, files.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <regex>
#include <sstream>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/base/Json.h"
#include "core/image/ImageIo.h"
#include "core/project/ProjectFile.h"
#include "core/scene/SceneIo.h"
#include "tests/app/Program.h"
#include "tests/support/Machine.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {
namespace fs = std::filesystem;

using test::ochre;
using test::Outcome;
using test::quoted;

// load → blur → view over a picture of its own.
fs::path writeGraph(const test::TemporaryFolder& folder) {
    Image image(16, 12, 3);
    const auto values = image.edit();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>((i * 37) % 256) / 255.0f;
    writeImage(image, folder / "in.png");
    graph::Graph g;
    const auto add = [&](const char* type, const char* name) {
        graph::Node node;
        node.type = type;
        node.name = name;
        return g.add(node);
    };
    const auto load = add("image.load", "load"), blur = add("image.blur", "blur"), view = add("image.view", "view");
    g.setParameter(load, "path", (folder / "in.png").string());
    g.connect({load, "image"}, blur, "image");
    g.connect({blur, "image"}, view, "image");
    project::writeProject(folder / "g.ochre", g, {});
    return folder / "g.ochre";
}

TEST(CommandLine, HelpVersionAndBadUsage) {
    EXPECT_EQ(ochre({"--help"}).status, 0);
    EXPECT_NE(ochre({"--version"}).out.find("Ochre"), std::string::npos);
    EXPECT_EQ(ochre({"run"}).status, 2);
    EXPECT_EQ(ochre({"upscale", "a.png", "--dtype", "int8", "-o", "b.png"}).status, 2);
}

TEST(CommandLine, RunWritesAPictureHitsTheCacheAndRerunsOnlyWhatChanged) {
    const test::TemporaryFolder folder;
    const std::string graph = writeGraph(folder);
    const Outcome first = ochre({"run", graph, "--set", "blur.radius=1.5", "-o", folder / "a.png", "--json", "--no-cache"});
    ASSERT_EQ(first.status, 0) << first.err;
    EXPECT_EQ(first.json().at("ran"), 3);
    const Outcome again = ochre({"run", graph, "--set", "blur.radius=1.5", "-o", folder / "b.png", "--json", "--no-cache"});
    EXPECT_EQ(readTextFile(folder / "a.png", 1 << 20), readTextFile(folder / "b.png", 1 << 20));
    const Image in = readImage(folder / "in.png"), out = readImage(folder / "a.png");
    EXPECT_EQ(out.width(), in.width());
    EXPECT_NE(out.values()[0], in.values()[0]);
}

TEST(CommandLine, WorkflowsRunAndConvertBothWays) {
    const test::TemporaryFolder folder;
    const std::string prompt =
        R"({"1":{"class_type":"EmptyImage","inputs":{"width":6,"height":4,"batch_size":1,"color":255}},)"
        R"("2":{"class_type":"PreviewImage","inputs":{"images":["1",0]}},"3":{"class_type":"Strange","inputs":{"a":[1,2]}}})";
    writeFileAtomic(folder / "w.json", prompt);
    const Outcome ran = ochre({"run", folder / "w.json", "-o", folder / "a.png", "--json"});
    ASSERT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(readImage(folder / "a.png").values()[2], 1.0F);
    ASSERT_EQ(ochre({"convert", folder / "w.json", folder / "w.ochre"}).status, 0);
    ASSERT_EQ(ochre({"convert", folder / "w.ochre", folder / "back.json", "--format", "comfyui-api"}).status, 0);
    EXPECT_EQ(nlohmann::json::parse(readTextFile(folder / "back.json", 1 << 20)), nlohmann::json::parse(prompt));
    ASSERT_EQ(ochre({"convert", folder / "w.ochre", folder / "ui.json"}).status, 0);
    EXPECT_EQ(Json::parse(readTextFile(folder / "ui.json", 1 << 20)).at("nodes").size(), 3u);
    EXPECT_EQ(ochre({"convert", folder / "w.ochre", folder / "p.txt"}).status, 1);
}

TEST(CommandLine, AWorkflowThatSavesItsPictureGivesItToTheOutputToo) {
    const test::TemporaryFolder folder;
    writeFileAtomic(folder / "w.json",
                    R"({"1":{"class_type":"EmptyImage","inputs":{"width":6,"height":4,"batch_size":1,"color":255}},)"
                    R"("2":{"class_type":"SaveImage","inputs":{"images":["1",0],"filename_prefix":"saved"}}})");
    const Outcome ran = ochre({"run", folder / "w.json", "-o", folder / "a.png"});
    ASSERT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(readImage(folder / "a.png").values()[2], 1.0F);
}

TEST(CommandLine, FoldersOfOtherProgramsAreRegisteredAndForgotten) {
    const test::TemporaryFolder folder;
    fs::create_directories(folder / "comfy/models/loras");
    writeFileAtomic(folder / "comfy/models/loras/ink.safetensors", "x");
    const auto lists = [&](const Outcome& o) { return o.json().at("models").dump().find("loras/ink.safetensors") != std::string::npos; };
    EXPECT_FALSE(lists(ochre({"models", "--json"})));
    EXPECT_TRUE(lists(ochre({"models", "--add", folder / "comfy", "--json"})));
    EXPECT_TRUE(lists(ochre({"models", "--json"})));
    EXPECT_FALSE(lists(ochre({"models", "--remove", folder / "comfy", "--json"})));
    EXPECT_EQ(ochre({"models", "--add", folder / "gone"}).status, 1);
}

TEST(CommandLine, NodesAreListedAsJsonAndMarkdown) {
    const Outcome json = ochre({"nodes", "--json"});
    ASSERT_EQ(json.status, 0) << json.err;
    bool found = false;
    const Json nodes = json.json().at("nodes");
    for (const Json& node : nodes) found |= node.at("id") == "image.blur";
    EXPECT_TRUE(found);
    EXPECT_NE(ochre({"nodes", "--markdown"}).out.find("| `radius` |"), std::string::npos);
}

TEST(CommandLine, DoctorTriesEachPart) {
    const Outcome o = ochre({"doctor", "--json"});
    ASSERT_EQ(o.status, 0) << o.out << o.err;
    const Json parts = o.json().at("parts");
    for (const Json& part : parts) {
        if (part.at("part") == "pictures" || part.at("part") == "LibTorch") {
            EXPECT_EQ(part.at("status"), "ok") << part;
        }
    }
}

// The reference BLAS, which OpenImageIO brings into the program, reaches two at best; what else is preloaded changes nothing.
TEST(CommandLine, LibTorchMultipliesWithItsOwnBlas) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "sanitizers want one set of functions for all libraries";
#endif
    for (const char* preloaded : {"", "libm.so.6"}) {
        const test::Setting setting("LD_PRELOAD", preloaded);
        const Json parts = ochre({"doctor", "--json"}).json().at("parts");
        const auto torch = std::find_if(parts.begin(), parts.end(), [](const Json& p) { return p.at("part") == "LibTorch"; });
        ASSERT_NE(torch, parts.end());
        const std::string text = torch->dump();
        std::smatch speed;
        ASSERT_TRUE(std::regex_search(text, speed, std::regex("([0-9]+) GFLOP/s"))) << text;
        EXPECT_GE(std::stoi(speed[1]), 8) << text;
    }
}

/// Splats at x = 0…9 of growing size, harmonics of degree 1.
fs::path writeScene(const test::TemporaryFolder& folder) {
    SplatData d;
    d.shDegree = 1;
    for (int i = 0; i < 10; ++i) {
        const auto x = static_cast<float>(i);
        d.positions.insert(d.positions.end(), {x, 0, 0});
        d.logScales.insert(d.logScales.end(), {x - 12, x - 12, x - 12});
        d.rotations.insert(d.rotations.end(), {1, 0, 0, 0});
        d.opacities.push_back(x - 4.5f);
        d.sh0.insert(d.sh0.end(), {0, 0.5f, 1});
        d.shRest.insert(d.shRest.end(), 9, 0.25f);
    }
    writeSplats(SplatCloud(std::move(d), "line"), folder / "line.ply");
    return folder / "line.ply";
}

TEST(CommandLine, ConvertWritesScenesInEveryFormat) {
    const test::TemporaryFolder folder;
    const std::string scene = writeScene(folder);
    for (const char* name : {"a.ply", "a.compressed.ply", "a.splat", "a.spz", "a.sog"}) {
        const Outcome o = ochre({"convert", scene, folder / name, "--json"});
        ASSERT_EQ(o.status, 0) << o.err;
        EXPECT_EQ(o.json().at("splats"), 10);
        EXPECT_EQ(readSplats(folder / name).count(), 10u);
    }
}

TEST(CommandLine, ConvertFiltersMovesAndMergesScenes) {
    const test::TemporaryFolder folder;
    const std::string scene = writeScene(folder), out = folder / "out.ply";
    const auto count = [&](std::vector<std::string> options) {
        options.insert(options.begin(), {"convert", scene, out});
        const Outcome o = ochre(options);
        EXPECT_EQ(o.status, 0) << o.err;
        return readSplats(out).count();
    };
    EXPECT_EQ(count({"--crop-box", "2,-1,-1,4,1,1"}), 3u);
    EXPECT_EQ(count({"--crop-sphere", "9,0,0,1.5"}), 2u);
    EXPECT_EQ(count({"--min-opacity", "0.5"}), 5u);
    EXPECT_EQ(count({"--max-opacity", "0.5", "--min-scale", "0.0001"}), 2u);
    EXPECT_EQ(count({"--decimate", "0.3"}), 3u);
    EXPECT_EQ(count({"--merge", scene, scene}), 30u);
    EXPECT_EQ(count({"--sh-degree", "0", "--scale", "2", "--rotate", "0,0,90", "--translate", "-1,2,3"}), 10u);
    const SplatCloud moved = readSplats(out);
    EXPECT_EQ(moved.shDegree(), 0);
    EXPECT_NEAR(moved.data().positions[27], -1, 1e-5);
    EXPECT_NEAR(moved.data().positions[28], 2 + 2 * 9, 1e-5);
    EXPECT_EQ(ochre({"convert", scene, out, "--crop-box", "1,2,3"}).status, 2);
    EXPECT_EQ(ochre({"convert", scene, folder / "out.png", "--decimate", "0.5"}).status, 1);
    EXPECT_EQ(ochre({"convert", scene, out, "--crop-box", "1,0,0,0,1,1"}).status, 1);
}

TEST(CommandLine, InspectShowsTheFiguresOfAScene) {
    const test::TemporaryFolder folder;
    const std::string scene = writeScene(folder);
    const Json json = ochre({"inspect", scene, "--json"}).json();
    EXPECT_EQ(json.at("splats"), 10);
    EXPECT_EQ(json.at("sh_degree"), 1);
    std::size_t sum = 0;
    for (const Json& n : json.at("opacity_histogram").at("counts")) sum += n.get<std::size_t>();
    EXPECT_EQ(sum, 10u);
    EXPECT_EQ(json.at("log_scale_histogram").at("min"), -12);
    EXPECT_NE(ochre({"inspect", scene}).out.find("#####"), std::string::npos);
}

TEST(CommandLine, RestoreRunsAModelAtAStrengthAndKeepsAlpha) {
    const test::TemporaryFolder folder;
    const std::string model = test::sourceFile("tests/parity/dncnn/gray_5_layers/weights.safetensors").string();
    Image image(20, 14, 4);
    const auto values = image.edit();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>((i * 37) % 256) / 255.0f;
    const fs::path in = folder / "in.png", all = folder / "all.png", none = folder / "none.png";
    writeImage(image, in);
    const Outcome o = ochre({"restore", in, "-m", model, "-o", all, "--tile", "8", "--json"});
    ASSERT_EQ(o.status, 0) << o.err;
    EXPECT_EQ(o.json().at("width"), 20);
    ASSERT_EQ(ochre({"restore", in, "-m", model, "-o", none, "--strength", "0"}).status, 0);
    const Image restored = readImage(all), same = readImage(none);
    bool differs = false;
    for (std::size_t i = 0; i < image.valueCount(); ++i) {
        EXPECT_NEAR(same.values()[i], image.values()[i], 1e-6f);
        if (i % 4 == 3)
            EXPECT_NEAR(restored.values()[i], image.values()[i], 1e-6f);
        else
            differs |= std::abs(restored.values()[i] - image.values()[i]) > 0.02f;
    }
    EXPECT_TRUE(differs);
    EXPECT_EQ(ochre({"restore", in, "-m", model, "-o", all, "--strength", "2"}).status, 2);
    const Outcome gone = ochre({"restore", in, "-m", "no-such-model", "-o", folder / "x.png"});
    EXPECT_EQ(gone.status, 1);
    EXPECT_NE(gone.err.find("no-such-model"), std::string::npos);
}

TEST(CommandLine, WrongInputEndsWithStatusOneAndAMessageThatNamesIt) {
    const test::TemporaryFolder folder;
    writeFileAtomic(folder / "bad.ochre", "{\"ochre\":{}}");
    writeFileAtomic(folder / "bad.png", "\x89PNG\r\n\x1a\nrubbish");
    writeFileAtomic(folder / "bad.ply", "ply\nformat ascii 1.0\nelement vertex 99999999\nend_header\n");
    writeFileAtomic(folder / "bad.safetensors", "????????????????");
    const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
        {{"run", folder / "bad.ochre"}, "bad.ochre"},
        {{"run", folder / "gone.ochre"}, "gone.ochre"},
        {{"upscale", folder / "bad.png", "-o", folder / "o.png"}, "bad.png"},
        {{"render", folder / "bad.ply", "-o", folder / "o.png"}, "bad.ply"},
        {{"inspect", folder / "bad.safetensors"}, "bad.safetensors"},
        {{"convert", folder / "bad.safetensors", folder / "o.safetensors"}, "bad.safetensors"},
        {{"convert", folder / "bad.png", folder / "o.xyz"}, "o.xyz"},
    };
    for (const auto& [arguments, name] : cases) {
        const Outcome o = ochre(arguments);
        EXPECT_EQ(o.status, 1) << arguments[0] << ": " << o.err;
        EXPECT_NE(o.err.find(name), std::string::npos) << o.err;
        EXPECT_FALSE(fs::exists(folder / "o.png"));
        auto withJson = arguments;
        withJson.push_back("--json");
        EXPECT_FALSE(ochre(withJson).json().at("ok").get<bool>());
    }
}

TEST(CommandLine, ASettingThatNamesNothingSaysWhatThereIs) {
    const test::TemporaryFolder folder;
    const Outcome o = ochre({"run", writeGraph(folder), "--set", "blurr.radius=2"});
    EXPECT_EQ(o.status, 1);
    EXPECT_NE(o.err.find("load, blur, view"), std::string::npos) << o.err;
}

TEST(CommandLine, GenerateMakesThePictureOfItsSeedWithTheGraphInside) {
    const test::TemporaryFolder folder;
    const std::string model = folder / "small.safetensors";
    const Outcome made = ochre({"bench", "--make-checkpoint", "sd15-small", model, "--json"});
    ASSERT_EQ(made.status, 0) << made.err;
    EXPECT_EQ(made.json().at("kind"), "sd15-small");
    const std::vector<std::string> common{"generate", "a cat on a wall", "--model", model, "--steps", "2", "--size", "64x48",
                                          "--precision", "float32", "--json"};
    const auto generate = [&](std::vector<std::string> more) {
        more.insert(more.begin(), common.begin(), common.end());
        return ochre(more);
    };
    const Outcome first = generate({"--seed", "7", "--negative", "grey", "-o", folder / "a.png"});
    ASSERT_EQ(first.status, 0) << first.err;
    EXPECT_EQ(first.json().at("pictures").at(0).at("width"), 64);
    EXPECT_EQ(first.json().at("pictures").at(0).at("seed"), 7);
    const Image a = readImage(folder / "a.png");
    EXPECT_EQ(a.height(), 48);
    EXPECT_EQ(digitalSourceTypeOf(a), DigitalSourceType::TrainedAlgorithmicMedia);
    EXPECT_NE(a.metadata().at("parameters").find("Negative prompt: grey"), std::string::npos);

    ASSERT_EQ(generate({"--seed", "6", "--count", "2", "--negative", "grey", "-o", folder / "b.png"}).status, 0);
    EXPECT_EQ(readTextFile(folder / "b-2.png", 1 << 20).size(), readTextFile(folder / "a.png", 1 << 20).size());
    EXPECT_TRUE(std::ranges::equal(readImage(folder / "b-2.png").values(), a.values())) << "seed 7 is seed 7";
    EXPECT_FALSE(std::ranges::equal(readImage(folder / "b-1.png").values(), a.values()));

    const Outcome again = ochre({"run", folder / "a.png", "--to", "decode", "-o", folder / "c.png", "--no-cache"});
    ASSERT_EQ(again.status, 0) << again.err;
    EXPECT_TRUE(std::ranges::equal(readImage(folder / "c.png").values(), a.values())) << "the graph inside makes it again";

    ASSERT_EQ(generate({"--seed", "7", "--init", folder / "a.png", "--strength", "0", "-o", folder / "d.png"}).status, 0);
    EXPECT_EQ(readImage(folder / "d.png").width(), 64);
}

TEST(CommandLine, GenerateTakesTheFirstCheckpointOfTheOwnFolderElseOfOtherPrograms) {
    const test::StarterModel noStarter;
    const test::TemporaryFolder folder;
    const fs::path web = folder / "web/models/Stable-diffusion/b.safetensors", own = folder / "own/checkpoints/z.safetensors";
    for (const fs::path& file : {web, own, fs::path(folder / "own/loras/a.safetensors")})
        fs::create_directories(file.parent_path());
    writeFileAtomic(folder / "own/loras/a.safetensors", "x");
    const char* before = std::getenv("OCHRE_MODELS_DIR");
    const std::string saved = before ? before : "";
    ::setenv("OCHRE_MODELS_DIR", (folder / "own").c_str(), 1);
    const auto generate = [&] {
        return ochre({"generate", "a cat", "--steps", "1", "--size", "64x64", "--json", "-o", folder / "a.png"});
    };
    const auto chosen = [&] {
        const Outcome o = generate();
        EXPECT_EQ(o.status, 0) << o.err;
        const project::Project p = project::projectFromText(readImage(folder / "a.png").metadata().at("ochre:graph"), "a.png");
        std::string checkpoint;
        p.graph.forEach([&](const graph::Node& node) {
            if (node.type == "generate.load_checkpoint")
                checkpoint = std::get<std::string>(node.parameters.at("checkpoint"));
        });
        return checkpoint;
    };
    const Outcome none = generate();
    EXPECT_EQ(none.status, 1);
    EXPECT_NE(none.err.find("no checkpoint"), std::string::npos) << none.err;
    EXPECT_NE(none.err.find("ochre models --add"), std::string::npos) << none.err;
    ASSERT_EQ(ochre({"bench", "--make-checkpoint", "sd15-small", web}).status, 0);
    ::setenv("OCHRE_EXTRA_MODELS", (folder / "web").c_str(), 1);
    EXPECT_EQ(chosen(), web);
    fs::copy_file(web, own);
    EXPECT_EQ(chosen(), own);
    ::unsetenv("OCHRE_EXTRA_MODELS");
    if (before)
        ::setenv("OCHRE_MODELS_DIR", saved.c_str(), 1);
    else
        ::unsetenv("OCHRE_MODELS_DIR");
}

TEST(CommandLine, GenerateSaysWhatIsWrong) {
    const test::TemporaryFolder folder;
    const auto failed = [&](std::vector<std::string> arguments, int status, const std::string& part) {
        arguments.insert(arguments.begin(), {"generate", "a cat", "-o", folder / "a.png"});
        const Outcome o = ochre(arguments);
        EXPECT_EQ(o.status, status) << o.err;
        EXPECT_NE(o.err.find(part), std::string::npos) << o.err;
    };
    failed({"--model", "nowhere"}, 1, "the checkpoint \"nowhere\" is not there");
    failed({"--model", "x", "--size", "64"}, 1, "--size is \"64\"");
    failed({"--model", "x", "--mask", "m.png"}, 1, "--mask is given without --init");
    failed({"--model", "x", "--steps", "0"}, 2, "--steps");
    EXPECT_FALSE(std::filesystem::exists(folder / "a.png"));
    EXPECT_NE(ochre({"--help"}).out.find("generate"), std::string::npos);
    EXPECT_EQ(ochre({"bench", "--make-checkpoint", "sd9", folder / "x.safetensors"}).status, 1);
}

std::vector<double> lossesOf(const fs::path& training) {
    std::istringstream lines(readTextFile(training / "log.jsonl", 1 << 24));
    std::vector<double> losses;
    for (std::string line; std::getline(lines, line);) losses.push_back(parseJson(line, "log").at("loss").get<double>());
    return losses;
}

TEST(CommandLine, TrainingThatIsKilledGoesOnWithTheSameLosses) {
    const test::TemporaryFolder folder;
    fs::create_directories(folder / "pictures");
    for (int n = 0; n < 8; ++n) {
        Image image(32, 32, 3);
        const auto values = image.edit();
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>((i * static_cast<std::size_t>(n + 3)) % 256) / 255.0f;
        writeImage(image, folder / "pictures" / (std::to_string(n) + ".png"));
    }
    const auto training = [&](const std::string& name) {
        std::vector<std::string> words{"train", "autoencoder", "-o", folder / name, "--save-every", "0.01", "--samples-every", "1000"};
        for (const std::string& set : {"dataset=" + (folder / "pictures").string(), std::string("side=32"), std::string("steps=40"),
                                       std::string("batch=2"), std::string("widths=32,32")})
            words.insert(words.end(), {"--set", set});
        return words;
    };
    ASSERT_EQ(ochre(training("unbroken")).status, 0);
    std::string command = quoted(std::string(std::getenv("OCHRE_TEST_BUILD")) + "/bin/ochre");
    for (const std::string& word : training("killed")) command += " " + quoted(word);
    command = command + " >/dev/null 2>&1 & p=$!; while [ $(cat " + quoted(folder / "killed" / "log.jsonl") +
              " 2>/dev/null | wc -l) -lt 7 ] && kill -0 $p 2>/dev/null; do sleep 0.05; done; kill -9 $p";
    std::system(command.c_str());
    ASSERT_LT(lossesOf(folder / "killed").size(), 40u) << "it was done before it could be killed";
    EXPECT_EQ(ochre(training("killed")).status, 1) << "a training is there already";
    const Outcome resumed = ochre({"train", "autoencoder", "-o", folder / "killed", "--resume", "--json"});
    ASSERT_EQ(resumed.status, 0) << resumed.err;
    EXPECT_EQ(resumed.json().at("steps"), 40);
    EXPECT_EQ(lossesOf(folder / "killed"), lossesOf(folder / "unbroken"));
    // Two parts in one process, and one part in each of two; in bfloat16 the order of sums would show.
    const auto together = [&](const std::string& name, const std::string& processes) {
        auto words = training(name);
        words.insert(words.end(), {"--set", "parts=2", "--set", "steps=12", "--set", "dtype=float32", "--processes", processes});
        return ochre(words);
    };
    ASSERT_EQ(together("one", "1").status, 0);
    const Outcome two = together("two", "2");
    ASSERT_EQ(two.status, 0) << two.err;
    // Each of the two has half of the threads, by which LibTorch's sums differ in the last bits on some processors.
    const std::vector<double> ofTwo = lossesOf(folder / "two"), ofOne = lossesOf(folder / "one");
    ASSERT_EQ(ofTwo.size(), ofOne.size());
    for (std::size_t i = 0; i < ofOne.size(); ++i) EXPECT_NEAR(ofTwo[i], ofOne[i], 1e-5 * ofOne[i]) << "step " << i;
    EXPECT_EQ(ochre({"train", "nothing", "-o", folder / "x"}).status, 1);
    EXPECT_NE(ochre({"train"}).out.find("autoencoder"), std::string::npos);
}

TEST(CommandLine, ARecipeWithoutAReportSaysSo) {
    const test::TemporaryFolder folder;
    const Outcome refused = ochre({"train", "autoencoder", "-o", folder / "x", "--report"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_NE(refused.err.find("autoencoder has no report"), std::string::npos) << refused.err;
    EXPECT_FALSE(fs::exists(folder / "x"));
}

TEST(CommandLine, ScoreSaysWhatIsMissing) {
    const test::TemporaryFolder folder;
    EXPECT_EQ(ochre({"score"}).status, 2);
    EXPECT_EQ(ochre({"score", "model.safetensors", "--real"}).status, 2);
    const Outcome none = ochre({"score", "--real", "--scorer", folder / "none.safetensors", "--json"});
    EXPECT_EQ(none.status, 1);
    EXPECT_NE(none.json().at("error").at("hint").get<std::string>().find("ochre train scorer"), std::string::npos);
    EXPECT_EQ(ochre({"score", folder / "none.safetensors"}).status, 1);
}

} // namespace
} // namespace ochre
