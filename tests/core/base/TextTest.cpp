// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/Text.h"

#include <gtest/gtest.h>

#include "core/base/Error.h"
#include "core/base/Json.h"

namespace ochre {
namespace {

TEST(Text, Utf8IsKnownFromWhatOnlyLooksLikeIt) {
    EXPECT_TRUE(isUtf8(""));
    EXPECT_TRUE(isUtf8("a \u00e9 \u20ac \U0001F600"));
    for (const char* bad : {"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "a\xff"})
        EXPECT_FALSE(isUtf8(bad));
}

TEST(Text, PrintableKeepsTextAndReplacesWhatIsNone) {
    EXPECT_EQ(printable("gr\u00fcn\tund\nblau"), "gr\u00fcn\tund\nblau");
    EXPECT_EQ(printable("a\xff" "b\x1b[0m"), "a\uFFFDb\uFFFD[0m");
    EXPECT_EQ(printable("\xe2\x82"), "\uFFFD\uFFFD");
    EXPECT_TRUE(isUtf8(printable(std::string("\0\xfe\x7f", 3))));
}

TEST(Text, WhatTheJsonReaderSaysOfDamagedFilesCanBeShown) {
    try {
        parseJson("{\"a\": \xbf}", "graph.ochre");
        FAIL() << "read without an error";
    } catch (const Error& error) {
        EXPECT_TRUE(isUtf8(error.full())) << error.full();
    }
}

} // namespace
} // namespace ochre
