// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/LoraTags.h"

#include <gtest/gtest.h>

namespace ochre {
namespace {

TEST(LoraTags, AreTakenOut) {
    const auto tagged =
        takeLoraTags("a <lora:ink style:0.8>cat <lora:b>, <lora:c:1:0.5> <lyco:d:te=0.2:unet=0.7>");
    EXPECT_EQ(tagged.text, "a cat ,  ");
    EXPECT_EQ(tagged.loras,
              (std::vector<LoraTag>{{"ink style", 0.8, 0.8}, {"b", 1, 1}, {"c", 0.5, 1}, {"d", 0.7, 0.2}}));
}

TEST(LoraTags, WeightsByPlaceAndByName) {
    const auto only = [](const char* text) { return takeLoraTags(text).loras.at(0); };
    EXPECT_EQ(only("<lora:a:te=0.2>"), (LoraTag{"a", 0.2, 0.2})) << "the model follows the text encoder";
    EXPECT_EQ(only("<lora:a:unet=0.2>"), (LoraTag{"a", 0.2, 1}));
    EXPECT_EQ(only("<lora:a:0.5:unet=0.2>"), (LoraTag{"a", 0.2, 0.5}));
    EXPECT_EQ(only("<lora:a:te=0:0.5:0.25:8>"), (LoraTag{"a", 0.25, 0})) << "a name goes before a place";
    EXPECT_EQ(only("<lora:a: -1.5 :dyn=3>"), (LoraTag{"a", -1.5, -1.5}));
    EXPECT_EQ(only("<lora:a:much>"), (LoraTag{"a", 1, 1}));
    EXPECT_EQ(only("<lora:a=b>"), (LoraTag{"a=b", 1, 1}));
}

TEST(LoraTags, OtherTextInAngleBracketsStays) {
    for (const char* text :
         {"<|endoftext|>", "a < b > c", "<lora>", "<lora:>", "<hypernet:x:1>", "<lora:a", "<<lora"}) {
        EXPECT_EQ(takeLoraTags(text).text, text);
        EXPECT_EQ(withoutLoraTags(text), text);
        EXPECT_TRUE(takeLoraTags(text).loras.empty()) << text;
    }
    EXPECT_EQ(takeLoraTags("1 < 2 <lora:a:2>").loras, (std::vector<LoraTag>{{"a", 2, 2}}));
}

TEST(LoraTags, LeaveNoBlanksBehind) {
    EXPECT_EQ(withoutLoraTags("a <lora:x:0.5> b <lora:y>"), "a b");
    EXPECT_EQ(withoutLoraTags("<lora:x> a"), "a");
    EXPECT_EQ(withoutLoraTags("no tags "), "no tags ");
}

TEST(LoraTags, AreReadAsTheyAreWritten) {
    for (const LoraTag& tag : {LoraTag{"a b", 1, 1}, {"x", 0.8, 0.8}, {"x", 0.1, -2}, {"x", 0, 1}})
        EXPECT_EQ(takeLoraTags(writeLoraTag(tag)).loras, std::vector<LoraTag>{tag}) << writeLoraTag(tag);
}

} // namespace
} // namespace ochre
