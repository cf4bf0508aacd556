// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/TaskPool.h"

#include <atomic>
#include <numeric>

#include <gtest/gtest.h>

#include "core/base/Progress.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

TEST(TaskPool, ParallelForVisitsEachIndexOnce) {
    TaskPool pool(3);
    std::vector<std::atomic<int>> seen(10007);
    pool.parallelFor(seen.size(), 10, [&](std::size_t a, std::size_t b) {
        for (; a < b; ++a) ++seen[a];
    });
    for (const auto& n : seen) ASSERT_EQ(n, 1);
}

TEST(TaskPool, NestedLoopsFinishEvenOnOneThread) {
    TaskPool pool(1);
    std::atomic<int> total{0};
    pool.parallelFor(8, 1, [&](std::size_t a, std::size_t b) {
        for (; a < b; ++a)
            pool.parallelFor(8, 1, [&](std::size_t c, std::size_t d) { total += static_cast<int>(d - c); });
    });
    EXPECT_EQ(total, 64);
}

TEST(TaskPool, TheFirstErrorIsRethrownAndCancelStops) {
    TaskPool pool(2);
    test::expectError([&] { pool.parallelFor(100, 1, [](std::size_t, std::size_t) { throw Error("boom"); }); }, "boom");
    const Cancel cancel = Cancel::make();
    cancel.request();
    EXPECT_TRUE(test::expectError([&] { pool.parallelFor(9, 1, [](std::size_t, std::size_t) {}, cancel); }).cancelled());
}

TEST(Progress, PartsFillTheirShare) {
    double last = -1;
    const Progress whole([&](double share, std::string_view) { last = share; });
    whole.part(0.5, 1.0).part(0.0, 0.5).report(1, 2);
    EXPECT_DOUBLE_EQ(last, 0.625);
    whole.report(0, 0);
    EXPECT_DOUBLE_EQ(last, 1.0);
}

} // namespace
} // namespace ochre
