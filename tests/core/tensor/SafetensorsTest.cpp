// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Safetensors.h"

#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/File.h"
#include "tests/core/tensor/CheckpointFiles.h"
#include "tests/support/Support.h"

namespace ochre::tensor {
namespace {

using test::asBytes;
using test::expectError;
using test::littleEndian;
using test::safetensorsFile;

Checkpoint read(const std::string& file) {
    return readSafetensors(asBytes(file), "a.safetensors");
}

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  std::uint64_t begin, std::uint64_t end) {
    return fmt::format(R"("{}":{{"dtype":"{}","shape":{},"data_offsets":[{},{}]}})", name, dtype, shape,
                       begin, end);
}

TEST(Safetensors, ReadsTensorsMetadataScalarsAndEmptyOnes) {
    const std::string file = safetensorsFile(
        "{\"__metadata__\":{\"a\":\"b\"}," + entry("x", "F32", "[2,1]", 0, 8) + "," +
            entry("scalar", "F16", "[]", 8, 10) + "," + entry("none", "U8", "[0,3]", 10, 10) + "}   ",
        10);
    const Checkpoint checkpoint = read(file);
    ASSERT_EQ(checkpoint.tensors.size(), 3u);
    EXPECT_EQ(checkpoint.tensors[0].shape, (Shape{2, 1}));
    EXPECT_EQ(checkpoint.tensors[0].bytes.size(), 8u);
    EXPECT_EQ(checkpoint.tensors[1].count(), 1u);
    EXPECT_EQ(checkpoint.tensors[2].count(), 0u);
    EXPECT_EQ(checkpoint.metadata.at("a"), "b");
}

struct Attack {
    const char* name;
    std::string file;
    const char* message;
};

std::vector<Attack> attacks() {
    const std::string good = "{" + entry("x", "F32", "[2]", 0, 8) + "}";
    const std::string deep = "{\"x\":" + std::string(5000, '[') + std::string(5000, ']') + "}";
    const auto two = [](std::uint64_t b0, std::uint64_t e0, std::uint64_t b1, std::uint64_t e1) {
        return safetensorsFile("{" + entry("x", "U8", fmt::format("[{}]", e0 - b0), b0, e0) + "," +
                                   entry("y", "U8", fmt::format("[{}]", e1 - b1), b1, e1) + "}",
                               16);
    };
    return {
        {"Empty", "", "too short"},
        {"SevenBytes", "1234567", "7 bytes, too short"},
        {"HugeLength", littleEndian(~std::uint64_t{0}, 8) + "{}",
         "header of 18446744073709551615 bytes, more than 100000000"},
        {"LengthPastEnd", littleEndian(100, 8) + "{}", "header of 100 bytes, but the file has 10"},
        {"LengthZero", littleEndian(0, 8), "does not begin with {"},
        {"NotABrace", safetensorsFile("[1]", 0), "does not begin with {"},
        {"ByteOrderMark", safetensorsFile("\xef\xbb\xbf" + good, 8), "does not begin with {"},
        {"LeadingSpace", safetensorsFile(" " + good, 8), "does not begin with {"},
        {"NulPadding", safetensorsFile(good + std::string(3, '\0'), 8), "does not end with }"},
        {"NewlinePadding", safetensorsFile(good + "\n", 8), "does not end with }"},
        {"NulInside", safetensorsFile("{\"a\0b\":{}}" + std::string(1, '}'), 0), "header"},
        {"TrailingData", safetensorsFile(good, 9), "1 bytes after the last tensor"},
        {"OneByteShort", safetensorsFile(good, 7), "tensors need 8 bytes of data, the file has 7"},
        {"Hole", two(0, 4, 8, 16), "hole of 4 bytes before tensor \"y\""},
        {"HoleAtFront", two(4, 8, 8, 16), "hole of 4 bytes before tensor \"x\""},
        {"Overlap", two(0, 8, 4, 16), "tensor \"y\" begins at 4, inside the one before"},
        {"Reversed", safetensorsFile("{" + entry("x", "F32", "[2]", 8, 0) + "}", 8),
         "ends at 0 before it begins at 8"},
        {"EndOffByOne", safetensorsFile("{" + entry("x", "F32", "[2]", 0, 9) + "}", 9),
         "needs 8 bytes, data_offsets give 9"},
        {"HugeSide", safetensorsFile("{" + entry("x", "F32", "[9223372036854775808]", 0, 8) + "}", 8),
         "not a whole number"},
        {"ProductWraps", safetensorsFile("{" + entry("x", "F32", "[4294967296,4294967296,4]", 0, 0) + "}", 0),
         "does not fit in memory"},
        {"WrapBehindZero",
         safetensorsFile("{" + entry("x", "F32", "[4611686018427387904,8,0]", 0, 0) + "}", 0),
         "does not fit in memory"},
        {"NegativeSide", safetensorsFile("{" + entry("x", "F32", "[-1]", 0, 8) + "}", 8),
         "not a whole number"},
        {"FloatSide", safetensorsFile("{" + entry("x", "F32", "[2.0]", 0, 8) + "}", 8), "not a whole number"},
        {"ExponentSide", safetensorsFile("{" + entry("x", "F32", "[2e0]", 0, 8) + "}", 8),
         "not a whole number"},
        {"TooManyDimensions",
         safetensorsFile("{" + entry("x", "U8", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", 0, 1) + "}", 1),
         "17 dimensions"},
        {"UnknownType", safetensorsFile("{" + entry("x", "F4", "[2]", 0, 1) + "}", 1),
         "tensor \"x\": unknown dtype \"F4\""},
        {"DoubledKey",
         safetensorsFile("{" + entry("x", "F32", "[2]", 0, 8) + "," + entry("x", "F32", "[2]", 0, 8) + "}",
                         8),
         "header"},
        {"DoubledKeyByEscape",
         safetensorsFile(
             "{" + entry("x", "F32", "[2]", 0, 8) + "," + entry("\\u0078", "F32", "[2]", 0, 8) + "}", 8),
         "header"},
        {"MetadataNumber", safetensorsFile(R"({"__metadata__":{"a":1}})", 0),
         "__metadata__ \"a\" is number, not text"},
        {"MetadataList", safetensorsFile(R"({"__metadata__":[]})", 0), "__metadata__ is not an object"},
        {"ExtraField",
         safetensorsFile(R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"more":1}})", 1),
         "exactly dtype, shape and data_offsets"},
        {"MissingField", safetensorsFile(R"({"x":{"dtype":"U8","shape":[1]}})", 1),
         "exactly dtype, shape and data_offsets"},
        {"DeepNesting", safetensorsFile(deep, 0), "header"},
        {"LoneSurrogate", safetensorsFile(R"({"\ud800":{}})", 0), "header"},
        {"BadUtf8", safetensorsFile("{\"\xff\":{}}", 0), "header"},
        {"LongName", safetensorsFile("{" + entry(std::string(5000, 'n'), "U8", "[1]", 0, 1) + "}", 1),
         "name of 5000 bytes, more than 4096"},
    };
}

TEST(Safetensors, RefusesEveryKnownAttackAndSaysWhy) {
    for (const Attack& attack : attacks()) {
        SCOPED_TRACE(attack.name);
        const Error error = expectError([&] { read(attack.file); }, attack.message);
        EXPECT_EQ(error.kind(), ErrorKind::Broken);
        EXPECT_TRUE(error.message().starts_with("a.safetensors: ")) << error.message();
    }
}

TEST(Safetensors, RefusesEveryTruncation) {
    const std::string file = safetensorsFile("{" + entry("x", "F32", "[2]", 0, 8) + "}", 8);
    for (std::size_t length = 0; length < file.size(); ++length)
        expectError([&] { read(file.substr(0, length)); });
    EXPECT_NO_THROW(read(file));
}

TEST(Safetensors, WhatIsWrittenReadsBack) {
    const test::TemporaryFolder folder;
    const std::vector<float> values{1, 2, 3};
    std::vector<TensorToWrite> tensors;
    tensors.push_back({"small", Dtype::U8, {3}, [](const auto& sink) { sink(asBytes("abc")); }});
    tensors.push_back(
        {"values", Dtype::F32, {3, 1}, [&](const auto& sink) { sink(std::as_bytes(std::span(values))); }});
    writeSafetensors(folder / "a.safetensors", std::move(tensors), {{"k", "v"}});
    const Checkpoint checkpoint = openCheckpoint(folder / "a.safetensors");
    EXPECT_EQ(toFloats(*checkpoint.find("values")), values);
    EXPECT_EQ(checkpoint.find("small")->dtype, Dtype::U8);
    EXPECT_EQ(checkpoint.metadata.at("k"), "v");
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(checkpoint.find("values")->bytes.data()) % 8, 0u);
}

TEST(Safetensors, AWriterThatFailsLeavesTheOldFile) {
    const test::TemporaryFolder folder;
    writeFileAtomic(folder / "a.safetensors", "old");
    std::vector<TensorToWrite> tensors;
    tensors.push_back({"x", Dtype::U8, {3}, [](const auto&) { throw Error("no"); }});
    expectError([&] { writeSafetensors(folder / "a.safetensors", std::move(tensors), {}); }, "no");
    EXPECT_EQ(readTextFile(folder / "a.safetensors", 100), "old");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

class Shards : public ::testing::Test {
protected:
    void write(const std::string& name, const std::string& text) { writeFileAtomic(m_folder / name, text); }
    void index(const std::string& map) {
        write("m.safetensors.index.json", "{\"metadata\":{\"total_size\":2},\"weight_map\":" + map + "}");
    }
    Checkpoint open() { return openCheckpoint(m_folder / "m.safetensors.index.json"); }
    test::TemporaryFolder m_folder;
};

TEST_F(Shards, AreOneCheckpoint) {
    write("1.safetensors", safetensorsFile("{" + entry("x", "U8", "[1]", 0, 1) + "}", 1));
    write("2.safetensors", safetensorsFile("{" + entry("y", "U8", "[1]", 0, 1) + "}", 1));
    index(R"({"x":"1.safetensors","y":"2.safetensors"})");
    EXPECT_EQ(open().tensors.size(), 2u);
}

TEST_F(Shards, NamesMustBeBareAndPresentAndTrue) {
    write("1.safetensors", safetensorsFile("{" + entry("x", "U8", "[1]", 0, 1) + "}", 1));
    for (const char* name : {"../1.safetensors", "/etc/passwd", "a\\\\b", "..", ""}) {
        index(std::string("{\"x\":\"") + name + "\"}");
        expectError([&] { open(); }, "not a bare file name");
    }
    index(R"({"x":"3.safetensors"})");
    expectError([&] { open(); }, "names the shard 3.safetensors, which is missing");
    index(R"({"y":"1.safetensors"})");
    expectError([&] { open(); }, "holds the tensor \"x\", which the index does not name");
    index(R"({"x":"1.safetensors","y":"1.safetensors"})");
    expectError([&] { open(); }, "names 2 tensors, the shards hold 1");
}

} // namespace
} // namespace ochre::tensor
