// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Ncnn.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/tensor/ConvertWeights.h"
#include "tests/core/tensor/CheckpointFiles.h"
#include "tests/support/Support.h"

namespace ochre::tensor {
namespace {

using test::asBytes;
using test::expectError;
using test::littleEndian;

const std::string kParam = "7767517\n2 2\nInput in 0 1 a\nConvolution c 1 1 a b 0=1 1=1 5=1 6=1\n";
const std::string kHalf =
    littleEndian(0x01306B47, 4) + littleEndian(0x3c00, 2) + littleEndian(0, 2) + littleEndian(0x40000000, 4);

TEST(Ncnn, ReadsHalfAndFloatWeights) {
    const Checkpoint half = readNcnn(kParam, asBytes(kHalf), "a.param");
    ASSERT_EQ(half.tensors.size(), 2u);
    EXPECT_EQ(half.tensors[0].name, "c.weight");
    EXPECT_EQ(half.tensors[0].shape, (Shape{1, 1, 1, 1}));
    EXPECT_EQ(toFloats(half.tensors[0]), std::vector<float>{1});
    EXPECT_EQ(toFloats(half.tensors[1]), std::vector<float>{2});
    const std::string full = littleEndian(0, 4) + littleEndian(0x3f800000, 4) + littleEndian(0x40000000, 4);
    EXPECT_EQ(toFloats(readNcnn(kParam, asBytes(full), "a.param").tensors[0]), std::vector<float>{1});
}

TEST(Ncnn, RefusesWhatItCannotReadAndSaysWhy) {
    const auto read = [](const std::string& param, const std::string& bin) {
        readNcnn(param, asBytes(bin), "a.param");
    };
    expectError([&] { read(kParam, littleEndian(0x000D4B38, 4) + std::string(8, '\0')); },
                "layer c (Convolution): 8-bit weights");
    expectError([&] { read(kParam, littleEndian(1, 4) + std::string(8, '\0')); },
                "weights of the kind 0x00000001");
    expectError([&] { read(kParam, kHalf + "1234"); }, "4 bytes of weights are left over");
    expectError([&] { read("7767518\n", kHalf); }, "line 1: does not begin with 7767517");
    expectError([&] { read("7767517\n9999999 2\n", kHalf); }, "line 2");
    expectError([&] { read("7767517\n3 2\nInput in 0 1 a\n", kHalf); }, "1 layers, 3 are declared");
    expectError([&] { read("7767517\n1 1\nInput in 0 9 a\n", kHalf); },
                "line 3: \"Input in 0 9 a\" is no layer");
    expectError([&] { read("7767517\n1 1\nConvolution c 0 1 a 0=1 1=1 5=1 6=x\n", kHalf); },
                "parameter \"6=x\"");
    expectError([&] { read("7767517\n1 1\nConvolution c 0 1 a 0=0 1=1 5=1 6=1\n", kHalf); }, "do not divide");
    expectError([&] { read("7767517\n1 1\nConvolution c 0 1 a 0=-1 1=1 5=1 6=1\n", kHalf); }, "size -1");
    expectError([&] { read("7767517\n1 1\nConvolution c 0 1 a 0=1 1=1 5=1 6=1000000000000\n", kHalf); },
                "reaches past the end");
    expectError([&] { read("7767517\n2 1\nInput a 0 1 a\nInput a 0 1 b\n", ""); }, "second layer named a");
    for (std::size_t length = 0; length < kHalf.size(); ++length)
        expectError([&] { read(kParam, kHalf.substr(0, length)); });
}

/// A compact network of two convolutions, with a last resize.
TEST(Ncnn, RealEsrganGraphsGetThePublishedNames) {
    const std::string param =
        "7767517\n6 6\nInput in 0 1 a\nConvolution Conv_0 1 1 a b 0=1 1=3 4=1 5=1 6=9\nPReLU P 1 1 b c 0=1\n"
        "Convolution Conv_2 1 1 c d 0=4 1=3 4=1 5=1 6=36\nPixelShuffle S 1 1 d e 0=2\nInterp R 1 1 e f 0=3 "
        "1=5.0e-01 2=5.0e-01\n";
    const std::string bin = littleEndian(0, 4) + std::string(36, '\0') + std::string(4, '\0') +
                            std::string(4, '\0') + littleEndian(0, 4) + std::string(144, '\0') +
                            std::string(16, '\0');
    const Checkpoint checkpoint = readNcnn(param, asBytes(bin), "a.param");
    std::vector<std::string> names;
    for (const StoredTensor& tensor : checkpoint.tensors) names.push_back(tensor.name);
    EXPECT_EQ(names, (std::vector<std::string>{"body.0.weight", "body.0.bias", "body.1.weight",
                                               "body.2.weight", "body.2.bias"}));
    EXPECT_EQ(checkpoint.metadata.at("output_scale"), "0.5");
}

TEST(ConvertWeights, KeepsValuesAndSaysWhereTheyAreFrom) {
    const test::TemporaryFolder folder;
    writeFileAtomic(folder / "a.param", kParam);
    writeFileAtomic(folder / "a.bin", kHalf);
    const ConvertReport report =
        convertWeights(folder / "a.bin", folder / "a.safetensors", {.floating = Dtype::F32});
    EXPECT_EQ(report.tensors, 2u);
    const Checkpoint checkpoint = openCheckpoint(folder / "a.safetensors");
    EXPECT_EQ(checkpoint.find("c.weight")->dtype, Dtype::F32);
    EXPECT_EQ(toFloats(*checkpoint.find("c.bias")), std::vector<float>{2});
    EXPECT_EQ(checkpoint.metadata.at("source_sha256"), report.sourceSha256);
    EXPECT_EQ(checkpoint.metadata.at("source_format"), "ncnn");
    const WeightsInfo info = inspectWeights(folder / "a.safetensors", true);
    EXPECT_EQ(info.parameters, 2u);
    EXPECT_EQ(info.nonFinite, 0u);
}

TEST(ConvertWeights, HalvesRoundToNearestEven) {
    const test::TemporaryFolder folder;
    const std::vector<float> values{1.0f,  -0.0f,          65504.0f,       65536.0f, 5.9604645e-8f,
                                    1e-9f, 1.00048828125f, 1.00146484375f, NAN};
    const std::string header = R"({"x":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}})";
    writeFileAtomic(folder / "a.safetensors",
                    littleEndian(header.size(), 8) + header +
                        std::string(reinterpret_cast<const char*>(values.data()), 36));
    const ConvertReport report =
        convertWeights(folder / "a.safetensors", folder / "b.safetensors", {.floating = Dtype::F16});
    EXPECT_EQ(report.overflowed, 1u);
    const std::vector<float> halves = toFloats(*openCheckpoint(folder / "b.safetensors").find("x"));
    EXPECT_EQ(halves[0], 1.0f);
    EXPECT_TRUE(std::signbit(halves[1]));
    EXPECT_EQ(halves[2], 65504.0f);
    EXPECT_TRUE(std::isinf(halves[3]));
    EXPECT_EQ(halves[4], 5.9604645e-8f);
    EXPECT_EQ(halves[5], 0.0f);
    EXPECT_EQ(halves[6], 1.0f);         // half way, down to even
    EXPECT_EQ(halves[7], 1.001953125f); // half way, up to even
    EXPECT_TRUE(std::isnan(halves[8]));
    EXPECT_EQ(inspectWeights(folder / "b.safetensors", true).nonFinite, 2u);
}

} // namespace
} // namespace ochre::tensor
