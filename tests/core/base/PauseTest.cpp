// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/Pause.h"

#include <ctime>
#include <thread>

#include <gtest/gtest.h>

#include "core/base/PromptEdit.h"

namespace ochre {
namespace {

using namespace std::chrono_literals;

double processorSeconds() {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

TEST(Pause, HoldsUntilItIsSwitchedOffAndTheClockStandsStill) {
    const Pause pause = Pause::make();
    const WorkClock clock(pause);
    std::atomic<bool> passed{false};
    pause.set(true);
    std::thread worker([&] {
        pause.wait({});
        passed = true;
    });
    std::this_thread::sleep_for(30ms);
    const double before = clock.seconds(), spent = processorSeconds();
    std::this_thread::sleep_for(500ms);
    EXPECT_FALSE(passed);
    EXPECT_LT(clock.seconds() - before, 0.02);
    EXPECT_LT(processorSeconds() - spent, 0.025) << "waiting must not use the processor";
    pause.set(false);
    worker.join();
    EXPECT_TRUE(passed);
    EXPECT_GT(pause.seconds(), 0.45);
    EXPECT_FALSE(pause.wait({})) << "nothing holds it up any more";
}

TEST(Pause, CancelEndsTheWait) {
    const Pause pause = Pause::make();
    const Cancel cancel = Cancel::make();
    pause.set(true);
    std::thread worker([&] { pause.wait(cancel); });
    cancel.request();
    worker.join();
    EXPECT_TRUE(pause.requested());
}

TEST(Pause, TimeUntilAStepIsOverCountsAsWork) {
    const Pause pause = Pause::make();
    const WorkClock clock(pause);
    pause.set(true); // nobody has come to wait: the step under way still works
    std::this_thread::sleep_for(40ms);
    EXPECT_GT(clock.seconds(), 0.035);
    pause.set(false);
    EXPECT_EQ(pause.seconds(), 0);
}

TEST(Pause, ADefaultOneNeverHolds) {
    const Pause pause;
    pause.set(true);
    EXPECT_FALSE(pause.requested());
    EXPECT_FALSE(pause.wait({}));
}

TEST(PromptEdit, WeightsAreReadAsTheyAreTyped) {
    EXPECT_EQ(parseWeight(" 1.25 "), 1.25);
    EXPECT_EQ(parseWeight("+2"), 2.0);
    EXPECT_FALSE(parseWeight("warm"));
    EXPECT_EQ(adjustWeight("a red cat", 2, 5, 0.1).text, "a (red:1.1) cat");
}

} // namespace
} // namespace ochre
