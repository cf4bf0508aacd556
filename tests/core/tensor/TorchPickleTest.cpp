// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/TorchPickle.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "core/base/File.h"
#include "tests/core/tensor/CheckpointFiles.h"
#include "tests/support/Support.h"

namespace ochre::tensor {
namespace {

using namespace test::pickle;
using test::asBytes;
using test::expectError;
using test::torchLegacy;
using test::torchZip;
using test::ZipMaker;

const std::string kFloats = test::littleEndian(0x3f800000, 4) + test::littleEndian(0x40000000, 4); // 1, 2
const std::string kTwo = storage("FloatStorage", "0", 2);

Checkpoint readZip(const ZipMaker& zip) {
    const std::string file = zip.make();
    Checkpoint checkpoint = readTorchZip(asBytes(file), "a.pth");
    checkpoint.finish();
    for (StoredTensor& tensor : checkpoint.tensors) checkpoint.verify(tensor);
    for (StoredTensor& tensor : checkpoint.tensors) toFloats(tensor);
    return checkpoint;
}

std::vector<float> valuesOf(const std::string& pickleText) {
    const std::string file = torchZip(pickleText, kFloats).make();
    return toFloats(readTorchZip(asBytes(file), "a.pth").tensors.at(0));
}

TEST(TorchPickle, ReadsTensorsViewsAndTransposes) {
    EXPECT_EQ(valuesOf(dictionary(denseTensor(kTwo, 0, {2}, {1}))), (std::vector<float>{1, 2}));
    EXPECT_EQ(valuesOf(dictionary(denseTensor(kTwo, 1, {1}, {1}))), (std::vector<float>{2}));
    EXPECT_EQ(valuesOf(dictionary(denseTensor(kTwo, 0, {3, 2}, {0, 1}))),
              (std::vector<float>{1, 2, 1, 2, 1, 2}));
    EXPECT_EQ(valuesOf(dictionary(denseTensor(kTwo, 0, {}, {}))), (std::vector<float>{1}));
    EXPECT_EQ(valuesOf(dictionary(denseTensor(kTwo, 2, {0}, {1}))), std::vector<float>{});
}

TEST(TorchPickle, NamesTensorsByTheirPath) {
    const std::string nested = std::string("\x80\x02}(") + text("state") + "}" + integer(7) + "}" +
                               text("m") + denseTensor(kTwo, 0, {2}, {1}) + "ss" + text("epoch") +
                               integer(3) + text("args") + global("argparse", "Namespace") + ")\x81}b" + "u.";
    const std::string file = torchZip(nested, kFloats).make();
    const Checkpoint checkpoint = readTorchZip(asBytes(file), "a.pth");
    ASSERT_EQ(checkpoint.tensors.size(), 1u);
    EXPECT_EQ(checkpoint.tensors[0].name, "state.7.m");
    EXPECT_EQ(checkpoint.metadata.at("epoch"), "3");
    ASSERT_EQ(checkpoint.opaque.size(), 1u);
    EXPECT_EQ(checkpoint.opaque[0], "args: argparse.Namespace");
    const std::string bare =
        torchZip(std::string("\x80\x02") + denseTensor(kTwo, 0, {2}, {1}) + ".", kFloats).make();
    EXPECT_EQ(readTorchZip(asBytes(bare), "a.pth").tensors.at(0).name, "tensor");
}

TEST(TorchPickle, TiedWeightsShareTheirStorage) {
    const std::string two = std::string("\x80\x02}(") + text("a") + denseTensor(kTwo, 0, {2}, {1}) +
                            text("b") + denseTensor(kTwo, 0, {2}, {1}) + "u.";
    const Checkpoint checkpoint = readZip(torchZip(two, kFloats));
    ASSERT_EQ(checkpoint.tensors.size(), 2u);
}

struct Attack {
    const char* name;
    std::string pickle;
    const char* message;
};

std::vector<Attack> pickleAttacks() {
    const std::string good = denseTensor(kTwo, 0, {2}, {1});
    std::string cycle = "\x80\x02]q"; // a list that holds itself
    cycle += std::string(1, '\0') + "h" + std::string(1, '\0') + "a.";
    std::string deep = "\x80\x02";
    deep += std::string(200, ']') + std::string(199, 'a') + ".";
    std::string laughs = "\x80\x02)q" + std::string(1, '\0'); // each tuple holds the one before twice
    for (int i = 0; i < 60; ++i)
        laughs += "h" + std::string(1, static_cast<char>(i)) + "\x86q" + static_cast<char>(i + 1);
    laughs += ".";
    return {
        {"RunsAProgram", "\x80\x02" + global("posix", "system") + "(" + text("id") + "tR.",
         "asks for posix.system, which could run programs"},
        {"Evaluates", "\x80\x02" + global("__builtin__", "eval") + "(" + text("1") + "tR.",
         "asks for __builtin__.eval"},
        {"StackGlobal", "\x80\x04\x8c\x02os\x8c\x06system\x93.", "asks for os.system"},
        {"ImportsByName", "\x80\x02" + global("importlib", "import_module") + "(" + text("os") + "tR.",
         "asks for importlib.import_module"},
        {"CallsAString", "\x80\x02" + text("x") + ")R.", "calls something that is no name"},
        {"Inst", "\x80\x02(ios\nsystem\n.", "opcode 0x69 is not used by checkpoints"},
        {"Obj", "\x80\x02(" + global("a", "b") + "o.", "opcode 0x6f"},
        {"Dup", "\x80\x02N2.", "opcode 0x32"},
        {"Extension", "\x80\x02\x82\x01.", "opcode 0x82"},
        {"TextPersistentId", "\x80\x02P0\n.", "opcode 0x50"},
        {"Protocol0", "\x80\x01N.", "pickle protocol 1, 2 to 5 are read"},
        {"TrailingBytes", dictionary(good) + "x", "1 bytes after the end of its pickle"},
        {"NoStop", "\x80\x02N", "ends in the middle of a value"},
        {"EmptyStack", "\x80\x02.", "ends with 0 values on the stack"},
        {"TwoResults", "\x80\x02NN.", "ends with 2 values on the stack"},
        {"PopsBeneathTheMark", "\x80\x02N(a.", "empty stack"},
        {"NoMark", "\x80\x02t.", "no mark on the stack"},
        {"UnknownMemo", "\x80\x02h\x05.", "recalls slot 5, which was never stored"},
        {"LongInteger",
         "\x80\x02\x8a\x09"
         "123456789.",
         "whole number of 9 bytes"},
        {"TextPastEnd", "\x80\x02X" + test::littleEndian(1000, 4) + "x.", "ends in the middle"},
        {"HugeText", "\x80\x02X" + test::littleEndian(0xffffffff, 4) + "x.", "text of 4294967295 bytes"},
        {"LongLine",
         "\x80\x02"
         "c" +
             std::string(300, 'm') + "\nx\n.",
         "a name without an end within 256 bytes"},
        {"SetItemOnATensor", "\x80\x02" + good + "NNs.", "sets an item of something that is no dictionary"},
        {"AppendToADictionary", "\x80\x02}Na.", "appends to something that is no list"},
        {"HoldsItself", cycle, "or holds itself"},
        {"DeepNesting", deep, "nested deeper than 100"},
        {"BillionLaughs", laughs, "expands to more than"},
        {"StorageIsNoTuple", "\x80\x02NQ.", "a persistent id that is no storage"},
        {"StorageOfOtherType", dictionary(denseTensor(storage("EvilStorage", "0", 2), 0, {2}, {1})),
         "storage of the type torch.EvilStorage"},
        {"StorageKeyIsAPath", dictionary(denseTensor(storage("FloatStorage", "../0", 2), 0, {2}, {1})),
         "storage key \"../0\" is no number"},
        {"StorageMissing", dictionary(denseTensor(storage("FloatStorage", "9", 2), 0, {2}, {1})),
         "storage 9 is missing"},
        {"NegativeCount", dictionary(denseTensor(storage("FloatStorage", "0", -1), 0, {0}, {1})),
         "storage of -1 elements"},
        {"CountTooLarge", dictionary(denseTensor(storage("FloatStorage", "0", 3), 0, {2}, {1})),
         "storage 0 is declared as 3 × F32, but has 8 bytes"},
        {"CountTooSmall", dictionary(denseTensor(storage("FloatStorage", "0", 1), 0, {1}, {1})),
         "storage 0 is declared as 1 × F32, but has 8 bytes"},
        {"TwoTypes",
         std::string("\x80\x02}(") + text("a") + good + text("b") +
             denseTensor(storage("IntStorage", "0", 2), 0, {2}, {1}) + "u.",
         "storage 0 is declared twice"},
        {"NegativeOffset", dictionary(denseTensor(kTwo, -1, {2}, {1})), "tensor at the offset -1"},
        {"PastTheStorage", dictionary(denseTensor(kTwo, 0, {3}, {1})),
         "reaches past its storage of 2 elements"},
        {"StridePastTheStorage", dictionary(denseTensor(kTwo, 0, {2}, {2})), "reaches past its storage"},
        {"OffsetPastTheStorage", dictionary(denseTensor(kTwo, 3, {0}, {1})), "reaches past its storage"},
        {"NegativeStride", dictionary(denseTensor(kTwo, 1, {2}, {-1})), "no whole number of 0 or more"},
        {"NegativeSide", dictionary(denseTensor(kTwo, 0, {-2}, {1})), "no whole number of 0 or more"},
        {"RankDiffers", dictionary(denseTensor(kTwo, 0, {2}, {1, 1})), "different lengths"},
        {"ShapeWraps", dictionary(denseTensor(kTwo, 0, {2147483647, 2147483647, 2147483647}, {0, 0, 0})),
         "does not fit in memory"},
        {"ExpandsWithoutEnd", dictionary(denseTensor(kTwo, 0, {2147483647}, {0})),
         "repeats a storage of 2 elements"},
        {"Sparse", "\x80\x02" + global("torch._utils", "_rebuild_sparse_tensor") + ")R.",
         "a kind that is not read"},
        {"Quantised", "\x80\x02" + global("torch._utils", "_rebuild_qtensor") + ")R.",
         "a kind that is not read"},
    };
}

TEST(TorchPickle, RefusesEveryKnownAttackAndSaysWhy) {
    for (const Attack& attack : pickleAttacks()) {
        SCOPED_TRACE(attack.name);
        const Error error = expectError([&] { readZip(torchZip(attack.pickle, kFloats)); }, attack.message);
        EXPECT_EQ(error.kind(), ErrorKind::Broken);
        EXPECT_TRUE(error.message().starts_with("a.pth: ")) << error.message();
    }
}

TEST(TorchPickle, RefusesSpoiledArchives) {
    const std::string good = dictionary(denseTensor(kTwo, 0, {2}, {1}));
    const auto spoiled = [&](const std::function<void(ZipMaker&)>& spoil, const std::string& message) {
        ZipMaker zip = torchZip(good, kFloats);
        spoil(zip);
        SCOPED_TRACE(message);
        expectError([&] { readZip(zip); }, message);
    };
    EXPECT_NO_THROW(readZip(torchZip(good, kFloats)));
    spoiled(
        [](ZipMaker& z) {
            z.entries.push_back({"archive/data/0", "12345678"});
        },
        "two zip entries are named");
    spoiled([](ZipMaker& z) { z.entries.push_back({"archive/DATA.PKL", "x"}); }, "two zip entries are named");
    spoiled([](ZipMaker& z) { z.entries[0].name = "archive/DATA.PKL"; }, "only looks like data.pkl");
    spoiled([](ZipMaker& z) { z.entries.push_back({"other/data.pkl", "x"}); }, "two data.pkl");
    spoiled([](ZipMaker& z) { z.entries.push_back({"archive/constants.pkl", "x"}); }, "TorchScript program");
    spoiled([](ZipMaker& z) { z.entries.push_back({"archive/code/a.py", "x"}); }, "TorchScript program");
    spoiled([](ZipMaker& z) { z.entries.push_back({"archive/byteorder", "big"}); }, "byte order is \"big\"");
    spoiled([](ZipMaker& z) { z.entries.push_back({"../x", "x"}); }, "unsafe name");
    spoiled([](ZipMaker& z) { z.entries.push_back({"/x", "x"}); }, "unsafe name");
    spoiled([](ZipMaker& z) { z.entries.push_back({"a\\x", "x"}); }, "unsafe name");
    spoiled([](ZipMaker& z) { z.entries.push_back({std::string("a\0x", 3), "x"}); }, "unsafe name");
    spoiled([](ZipMaker& z) { z.entries.push_back({"a\xff", "x"}); }, "unsafe name");
    spoiled([](ZipMaker& z) { z.entries[0].localName = "archive/evil.pkl"; }, "two headers disagree");
    spoiled([](ZipMaker& z) { z.entries[1].flags = 1; }, "is encrypted");
    spoiled([](ZipMaker& z) { z.entries[1].method = 12; }, "packed by method 12");
    spoiled([](ZipMaker& z) { z.entries[1].method = 8; }, "tensors must be stored plainly");
    spoiled([](ZipMaker& z) { z.entries[1].declaredSize = 4; }, "stored with 8 bytes, but declares 4");
    spoiled(
        [](ZipMaker& z) {
            z.entries[2].localOffset = 0;
            z.entries[2].name = z.entries[2].localName = "archive/data.pk2";
        },
        "its two headers disagree");
    spoiled([](ZipMaker& z) { z.entries[1].localOffset = 100000; }, "has no header at 100000");
    spoiled([](ZipMaker& z) { z.entries[0].crc = 1; }, "checksum is");
    spoiled([](ZipMaker& z) { z.entries[1].crc = 1; }, "archive/data/0: checksum is");
    spoiled([](ZipMaker& z) { z.comment = std::string("PK\5\6") + std::string(18, '\0'); }, "two ends");
    spoiled([](ZipMaker& z) { z.entries.erase(z.entries.begin()); }, "without data.pkl");
    const std::string file = torchZip(good, kFloats).make();
    for (std::size_t length = 4; length < file.size(); ++length)
        expectError([&] { readTorchZip(asBytes(file.substr(0, length)), "a.pth"); });
    expectError([&] { readTorchZip(asBytes(file + "x"), "a.pth"); }, "without its end");
}

TEST(TorchPickle, APackedPickleUnpacksToItsSizeOnly) {
    const std::string good = dictionary(denseTensor(kTwo, 0, {2}, {1}));
    std::string packed(1000, '\0');
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(good.data()));
    stream.avail_in = static_cast<uInt>(good.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    ZipMaker zip = torchZip(packed, kFloats);
    zip.entries[0].method = 8;
    zip.entries[0].declaredSize = static_cast<std::int64_t>(good.size());
    EXPECT_EQ(readZip(zip).tensors.size(), 1u);
    zip.entries[0].declaredSize -= 1;
    expectError([&] { readZip(zip); }, "does not unpack to its declared size");
    zip.entries[0].declaredSize = std::int64_t{65} << 20;
    expectError([&] { readZip(zip); }, "more than 67108864");
}

TEST(TorchLegacy, ReadsAndRefuses) {
    const std::string good = dictionary(denseTensor(kTwo, 0, {2}, {1}));
    const auto read = [](const std::string& file) { return readTorchLegacy(asBytes(file), "a.pth"); };
    const std::string file = torchLegacy(good, 2, kFloats);
    EXPECT_TRUE(isTorchLegacy(asBytes(file)));
    EXPECT_EQ(toFloats(read(file).tensors.at(0)), (std::vector<float>{1, 2}));
    expectError([&] { read(torchLegacy(good, 3, kFloats)); }, "declared with 2 elements and stored with 3");
    expectError([&] { read(torchLegacy(good, 2, kFloats + "x")); }, "1 bytes after the last storage");
    expectError([&] { read(torchLegacy(good, 2, kFloats.substr(1))); }, "ends inside storage 0");
    expectError([&] { read(torchLegacy(dictionary("N"), 2, kFloats)); },
                "lists the storage 0, which no tensor uses");
    for (std::size_t length = 15; length < file.size(); ++length)
        expectError([&] { read(file.substr(0, length)); });
    const std::string view = "(" + text("storage") + global("torch", "FloatStorage") + text("0") +
                             text("cpu") + integer(2) + "(" + text("v") + integer(1) + integer(1) + "ttQ";
    EXPECT_EQ(
        toFloats(read(torchLegacy(dictionary(denseTensor(view, 0, {1}, {1})), 2, kFloats)).tensors.at(0)),
        (std::vector<float>{2}));
    expectError([&] { read(torchLegacy(dictionary(denseTensor(view, 1, {1}, {1})), 2, kFloats)); },
                "reaches past its storage of 1");
}

TEST(TorchPickle, PublishedCheckpointsOpen) {
    OCHRE_SHARED_OR_SKIP(models, "data/models");
    int opened = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(models)) {
        const std::string extension = file.path().extension().string();
        if (extension != ".pth" && extension != ".pt" && extension != ".ckpt" &&
            extension != ".safetensors" && extension != ".param")
            continue;
        SCOPED_TRACE(file.path().string());
        const Checkpoint checkpoint = openCheckpoint(file.path());
        for (const StoredTensor& tensor : checkpoint.tensors) checkpoint.verify(tensor);
        EXPECT_FALSE(checkpoint.tensors.empty());
        ++opened;
    }
    EXPECT_GE(opened, 15);
    const Checkpoint nerf = openCheckpoint(models / "nerf/chair-lowres.ckpt");
    EXPECT_NE(nerf.find("model_coarse_state_dict.layer1.weight"), nullptr);
}

} // namespace
} // namespace ochre::tensor
