// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Weights.h"

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/tensor/Finite.h"
#include "core/tensor/Nn.h"
#include "core/tensor/Runtime.h"
#include "tests/core/tensor/CheckpointFiles.h"
#include "tests/support/Support.h"

namespace ochre::tensor {
namespace {

using test::expectError;

std::filesystem::path writeTwo(const test::TemporaryFolder& folder) {
    // The header is padded so that the data is aligned to 16 bytes.
    std::string header =
        R"({"params.a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"params.module.b":{"dtype":"F16","shape":[1],"data_offsets":[8,10]}})";
    header.append((8 + 16 - header.size() % 16) % 16, ' ');
    writeFileAtomic(folder / "a.safetensors",
                    test::littleEndian(header.size(), 8) + header + test::littleEndian(0x3f800000, 4) +
                        test::littleEndian(0x40000000, 4) + test::littleEndian(0x4200, 2));
    return folder / "a.safetensors";
}

TEST(Weights, FetchesByNameWithoutACopyAndTellsWhatWasNotFetched) {
    const test::TemporaryFolder folder;
    const Weights file = Weights::open(writeTwo(folder));
    const Weights weights = file.sub("params.");
    const at::Tensor a = weights.tensor("a");
    EXPECT_EQ(a.const_data_ptr(), static_cast<const void*>(file.checkpoint().find("params.a")->bytes.data()));
    EXPECT_EQ(a[1].item<float>(), 2.0f);
    EXPECT_EQ(weights.unused(), std::vector<std::string>{"module.b"});
    EXPECT_EQ(weights.tensor("module.b").scalar_type(), at::kFloat);
    EXPECT_EQ(weights.sub("module.").tensor("b").item<float>(), 3.0f);
    EXPECT_TRUE(file.unused().empty());
}

TEST(Weights, MissingKeysNameFileAndKey) {
    const test::TemporaryFolder folder;
    const Weights weights = Weights::open(writeTwo(folder));
    expectError([&] { weights.sub("params.").tensor("c"); }, "a.safetensors: has no tensor \"params.c\"");
}

TEST(Weights, TensorsOutliveTheObject) {
    const test::TemporaryFolder folder;
    const at::Tensor a = Weights::open(writeTwo(folder)).tensor("params.a");
    EXPECT_EQ(a[0].item<float>(), 1.0f);
}

TEST(Weights, WrappersAreTriedInside) {
    const test::TemporaryFolder folder;
    std::vector<std::string> prefixes;
    for (const Weights& view : Weights::open(writeTwo(folder)).unwrapped()) prefixes.push_back(view.prefix());
    EXPECT_EQ(prefixes, (std::vector<std::string>{"", "params.", "params.module."}));
}

TEST(Weights, AFileThatShrinksIsAnErrorNotACrash) {
    const test::TemporaryFolder folder;
    const auto path = writeTwo(folder);
    const Weights weights = Weights::open(path);
    std::filesystem::resize_file(path, 20);
    expectError([&] { weights.tensor("params.a"); }, "became shorter while it was open");
}

TEST(Weights, PatchesAreAppliedInOrderInFloat32ToNamedTensorsAlone) {
    const test::TemporaryFolder folder;
    const Weights weights = Weights::open(writeTwo(folder)).sub("params.");
    const WeightPatch addOne = [](at::Tensor&w) { w.add_(1); }, twice = [](at::Tensor&w) { w.mul_(2); };
    const Weights patched = weights.patched({{"a", {addOne, twice}}}).patched({{"a", {addOne}}});
    EXPECT_EQ(patched.tensor("a")[0].item<float>(), 5.0f); // (1 + 1)·2 + 1
    EXPECT_EQ(patched.tensor("a")[0].item<float>(), 5.0f);
    EXPECT_EQ(weights.tensor("a")[0].item<float>(), 1.0f);
    EXPECT_EQ(patched.tensor("module.b").item<float>(), 3.0f);
    // The half-precision one through a view of a view, in another type.
    const Weights inner =
        weights.patched({{"module.b", {addOne}}}).sub("module.").placed({.floating = at::kBFloat16});
    EXPECT_EQ(inner.tensor("b").scalar_type(), at::kBFloat16);
    EXPECT_EQ(inner.tensor("b").item<float>(), 4.0f);
    expectError([&] { weights.patched({{"c", {addOne}}}); }, "has no tensor \"params.c\"");
}

TEST(Weights, FiniteOnlyRefusesNaNAsStoredAndAfterPatches) {
    const test::TemporaryFolder folder;
    const Weights weights = Weights::open(writeTwo(folder)).sub("params.").finiteOnly();
    EXPECT_EQ(weights.tensor("a")[1].item<float>(), 2.0f);
    const Weights spoiled = weights.patched({{"a", {[](at::Tensor& w) { w.div_(0); }}}});
    expectError([&] { spoiled.tensor("a"); }, "tensor \"params.a\" is not finite once it is patched");
}

TEST(Finite, FindsTheFirstBadElementInEveryType) {
    struct Bad {
        Dtype dtype;
        std::uint64_t nan, infinity, largest;
    };
    for (const Bad& bad : {Bad{Dtype::F16, 0x7e00, 0xfc00, 0x7bff}, Bad{Dtype::BF16, 0x7fc0, 0xff80, 0x7f7f},
                           Bad{Dtype::F32, 0x7fc00000, 0xff800000, 0x7f7fffff},
                           Bad{Dtype::F64, 0x7ff8000000000000, 0xfff0000000000000, 0x7fefffffffffffff},
                           Bad{Dtype::F8E5M2, 0x7e, 0xfc, 0x7b}, Bad{Dtype::F8E4M3, 0x7f, 0xff, 0x7e}}) {
        constexpr std::int64_t kCount = 10000;
        const std::size_t size = byteSize(bad.dtype);
        for (const std::uint64_t value : {bad.nan, bad.infinity}) {
            for (const std::size_t at : {0, 4095, 4096, 9999}) {
                std::string bytes;
                for (std::size_t i = 0; i < kCount; ++i)
                    bytes += test::littleEndian(i == at ? value : bad.largest, static_cast<int>(size));
                const StoredTensor tensor{
                    .name = "w", .dtype = bad.dtype, .shape = {kCount}, .bytes = test::asBytes(bytes)};
                EXPECT_EQ(firstNonFinite(tensor), at) << name(bad.dtype);
                expectError([&] { requireFinite(tensor, "f"); }, "f: tensor \"w\" holds NaN");
            }
        }
        std::string good;
        for (std::size_t i = 0; i < kCount; ++i)
            good += test::littleEndian(bad.largest, static_cast<int>(size));
        EXPECT_FALSE(firstNonFinite(
            {.name = "w", .dtype = bad.dtype, .shape = {kCount}, .bytes = test::asBytes(good)}));
    }
}

TEST(Runtime, OutOfMemoryIsAnErrorOfItsKind) {
    const Error error = expectError([] { run({}, [] { nn::emptyPicture(at::Tensor(), 1, 1, 1, 1); }); });
    EXPECT_NE(error.kind(), ErrorKind::Memory);
    const Error memory = expectError([] { run({}, [] { throw std::bad_alloc(); }); }, "out of memory");
    EXPECT_EQ(memory.kind(), ErrorKind::Memory);
}

TEST(Runtime, KnowsTheMachine) {
    EXPECT_GE(physicalCores(), 1);
    EXPECT_GT(availableMemory(), std::uint64_t{1} << 20);
    EXPECT_GE(peakMemory(), residentMemory() / 2);
    EXPECT_EQ(choosePrecision(Precision::Bfloat16, Device::Cpu), Precision::Bfloat16);
    EXPECT_EQ(choosePrecision(Precision::Auto, Device::Cpu),
              cpuFeatures().fastBfloat16() ? Precision::Bfloat16 : Precision::Float32);
    expectError([] { precisionFromName("float8"); }, "precision \"float8\" is not known");
    expectError([] { deviceFromName("tpu"); }, "device \"tpu\" is not known");
}

} // namespace
} // namespace ochre::tensor
