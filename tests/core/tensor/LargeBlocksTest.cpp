// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/LargeBlocks.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include "core/tensor/Nn.h"
#include "core/tensor/Runtime.h"

namespace ochre::tensor {
namespace {

constexpr std::int64_t kMegabyte = std::int64_t{1} << 20;

at::Tensor bytes(std::int64_t count) {
    return at::empty({count}, at::TensorOptions().dtype(at::kByte));
}

/// Whose pages the process holds.
at::Tensor touched(std::int64_t count) {
    return bytes(count).fill_(1);
}

class Blocks : public testing::Test {
protected:
    void SetUp() override {
        useLargeBlocks();
        const std::size_t before = largeBlockUse().used;
        const at::Tensor one = bytes(kMegabyte);
        if (largeBlockUse().used == before) GTEST_SKIP() << "a sanitizer watches memory";
    }
};

TEST_F(Blocks, APlaceThatWasGivenBackIsTakenAgain) {
    const std::size_t before = largeBlockUse().used;
    at::Tensor first = bytes(4 * kMegabyte), second = bytes(3 * kMegabyte), third = bytes(kMegabyte);
    EXPECT_EQ(largeBlockUse().used - before, 8u * kMegabyte);
    void* const start = first.data_ptr();
    first = at::Tensor();
    const at::Tensor part = bytes(3 * kMegabyte);
    EXPECT_EQ(part.data_ptr(), start);
    second = at::Tensor(); // beside the megabyte that is left of the first
    EXPECT_EQ(bytes(4 * kMegabyte).data_ptr(), static_cast<char*>(start) + 3 * kMegabyte);
    EXPECT_EQ(largeBlockUse().used - before, 4u * kMegabyte);
}

TEST_F(Blocks, SmallTensorsStayWithTheHeap) {
    const std::size_t before = largeBlockUse().used;
    const at::Tensor small = bytes(kMegabyte / 4);
    EXPECT_EQ(largeBlockUse().used, before);
}

TEST_F(Blocks, MemoryThatIsNotUsedGoesBackToTheSystem) {
    const std::uint64_t before = residentMemory();
    const std::size_t used = largeBlockUse().used;
    {
        const at::Tensor large = touched(512 * kMegabyte);
        EXPECT_GT(residentMemory(), before + 500 * kMegabyte);
    }
    EXPECT_EQ(largeBlockUse().used, used);
    EXPECT_LT(largeBlockUse().spare, 65u * kMegabyte);
    EXPECT_LT(residentMemory(), before + 80 * kMegabyte);
    const at::Tensor again = touched(64 * kMegabyte); // pages that had gone are there again
    EXPECT_EQ(again.to(at::kLong).sum().item<std::int64_t>(), 64 * kMegabyte);
}

TEST_F(Blocks, NoTwoTensorsLieInTheSamePlaceWhicheverThreadsTakeThem) {
    const LargeBlockUse before = largeBlockUse();
    const auto work = [](unsigned seed) {
        std::mt19937 random(seed);
        struct Kept {
            at::Tensor tensor;
            unsigned char mark;
        };
        std::vector<Kept> kept;
        const auto whole = [](const Kept& one) {
            const auto* p = one.tensor.const_data_ptr<std::uint8_t>();
            const auto count = static_cast<std::size_t>(one.tensor.numel());
            return p[0] == one.mark && p[count / 2] == one.mark && p[count - 1] == one.mark && std::memcmp(p, p + 1, count - 1) == 0;
        };
        for (int i = 0; i < 300; ++i) {
            if (kept.size() < 12 && random() % 3) {
                const auto mark = static_cast<unsigned char>(random() % 255 + 1);
                kept.push_back({bytes(kMegabyte / 2 + static_cast<std::int64_t>(random() % (2 * kMegabyte))).fill_(mark), mark});
            } else if (!kept.empty()) {
                const auto at = kept.begin() + static_cast<std::ptrdiff_t>(random() % kept.size());
                if (!whole(*at)) return false;
                kept.erase(at);
            }
        }
        return std::ranges::all_of(kept, whole);
    };
    std::vector<std::thread> threads;
    std::array<bool, 3> fine{};
    for (unsigned t = 0; t < 3; ++t) threads.emplace_back([&, t] { fine[t] = work(t); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(fine, (std::array{true, true, true}));
    EXPECT_EQ(largeBlockUse().used, before.used);
    EXPECT_LE(largeBlockUse().reached, before.reached + 1) << "all of it is together again";
}

TEST_F(Blocks, WhatNoMachineHasIsRefusedAsBefore) {
    EXPECT_THROW(run({}, [] { bytes(std::int64_t{1} << 50); }), Error);
    const at::Tensor small = touched(kMegabyte);
    EXPECT_EQ(small.to(at::kLong).sum().item<std::int64_t>(), kMegabyte);
}

} // namespace
} // namespace ochre::tensor
