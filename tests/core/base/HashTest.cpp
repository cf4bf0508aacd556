// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/Hash.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/base/Math.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

TEST(Hash, TextIsDelimited) {
    EXPECT_NE(Hasher().add("ab").add("c").finish(), Hasher().add("a").add("bc").finish());
}

TEST(Hash, HexRoundTrip) {
    const Hash128 h = hashText("ochre");
    EXPECT_EQ(Hash128::fromHex(h.hex()), h);
    EXPECT_FALSE(Hash128::fromHex("12"));
    EXPECT_FALSE(Hash128::fromHex(std::string(32, 'g')));
}

TEST(Hash, Sha256OfKnownText) {
    const test::TemporaryFolder folder;
    writeFileAtomic(folder / "f", "abc");
    EXPECT_EQ(sha256File(folder / "f"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Math, HalfConversionCoversEveryClassOfValue) {
    EXPECT_EQ(halfToFloat(0x3c00), 1.0f);
    EXPECT_EQ(halfToFloat(0xc000), -2.0f);
    EXPECT_EQ(halfToFloat(0x0001), 0x1p-24f);
    EXPECT_EQ(halfToFloat(0x7bff), 65504.0f);
    EXPECT_TRUE(std::signbit(halfToFloat(0x8000)));
    EXPECT_TRUE(std::isinf(halfToFloat(0x7c00)));
    EXPECT_TRUE(std::isnan(halfToFloat(0x7e00)));
}

TEST(Math, CheckedArithmeticNoticesOverflow) {
    EXPECT_EQ(checkedMultiply<std::uint64_t>(1ull << 32, 1ull << 32), std::nullopt);
    EXPECT_EQ(checkedMultiply<std::uint64_t>(6, 7), 42u);
    EXPECT_EQ(checkedAdd<std::uint64_t>(~0ull, 1), std::nullopt);
}

} // namespace
} // namespace ochre
