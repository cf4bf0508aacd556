// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/ParametersText.h"

#include <gtest/gtest.h>

#include "tests/support/Support.h"

namespace ochre {
namespace {

TEST(ParametersText, OddValuesSurvive) {
    for (const std::string value :
         {"plain", "a, b", "k: v", "say \"hi\", you", "two\nlines", "back\\slash, x", "\"starts", "é, ü",
          " blanks ", "{\"vae\": \"63a\", \"model\": \"b,c\"}", "{open", ""}) {
        ParametersText text;
        text.prompt = "x";
        text.values = {{"Steps", "1"}, {"Sampler", "Euler"}, {"Odd/key-name", value}, {"Seed", "2"}};
        EXPECT_EQ(readParameters(writeParameters(text), "p"), text) << value;
    }
}

TEST(ParametersText, PromptsWithoutNegativeOrEmpty) {
    const char* tail = "Steps: 1, Sampler: Euler, Seed: 2";
    EXPECT_EQ(readParameters(tail, "p").prompt, "");
    EXPECT_EQ(readParameters(std::string("cat\n") + tail, "p").prompt, "cat");
    EXPECT_EQ(readParameters(std::string("cat\r\nNegative prompt: dog\r\n") + tail + "\r\n", "p").negative,
              "dog");
    EXPECT_EQ(readParameters(std::string("Negative prompt: dog\n") + tail, "p").prompt, "");
    EXPECT_EQ(test::expectError([] { readParameters("just a sentence, with: words", "p"); },
                                "no generation parameters")
                  .kind(),
              ErrorKind::NotMine);
    test::expectError([] { readParameters(std::string(2 << 20, 'x'), "p"); }, "more than");
}

TEST(ParametersText, ALineEach) {
    const ParametersText values{"", "", {{"Steps", "1"}, {"Model", "a: b"}}};
    EXPECT_EQ(writeParameters(values), "Steps: 1, Model: \"a: b\"");
    ParametersText text = values;
    text.negative = "dog";
    EXPECT_EQ(writeParameters(text), "Negative prompt: dog\nSteps: 1, Model: \"a: b\"");
    text.prompt = "two\ncats";
    EXPECT_EQ(writeParameters(text), "two\ncats\nNegative prompt: dog\nSteps: 1, Model: \"a: b\"");
}

} // namespace
} // namespace ochre
