// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/Json.h"

#include <gtest/gtest.h>

#include "tests/support/Support.h"

namespace ochre {
namespace {

TEST(Json, KeepsTheOrderOfKeys) {
    const std::string text = R"({"z":1,"a":[true,null,"x"],"m":{"y":2.5}})";
    EXPECT_EQ(dumpJson(parseJson(text, "t")), text);
}

TEST(Json, RefusesDuplicatesEvenWhenEscaped) {
    test::expectError([] { parseJson(R"({"a":1,"\u0061":2})", "t"); }, "stands twice");
}

TEST(Json, RefusesDepthAndSize) {
    const std::string deep = std::string(200, '[') + std::string(200, ']');
    test::expectError([&] { parseJson(deep, "t"); }, "nested deeper than 128");
    test::expectError([&] { parseJson("[1,2,3]", "t", {.bytes = 3}); }, "limit of 3");
}

TEST(Json, ErrorsNameTheSubjectAndTheByte) {
    const Error e = test::expectError([] { parseJson("{\"a\": tru}", "graph.ochre"); }, "graph.ochre: byte");
    EXPECT_EQ(e.kind(), ErrorKind::Broken);
    test::expectError([] { parseJson("", "t"); });
    test::expectError([] { parseJson("{} x", "t"); });
    test::expectError([] { parseJson("\"\xff\"", "t"); });
}

} // namespace
} // namespace ochre
