// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>
#include <zlib.h>

#include "core/base/File.h"
#include "core/training/data/Cifar10.h"
#include "core/training/data/ExampleSheet.h"
#include "core/training/data/Mnist.h"
#include "tests/support/Support.h"

namespace ochre::training {
namespace {

using test::expectError;
using Bytes = std::vector<std::byte>;

void put(Bytes& bytes, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::byte>(value >> shift));
}

Bytes images(std::uint32_t count, std::uint32_t height, std::uint32_t width) {
    Bytes bytes;
    for (const std::uint32_t v : {0x803u, count, height, width}) put(bytes, v);
    for (std::uint32_t i = 0; i < count * height * width; ++i) bytes.push_back(static_cast<std::byte>(i));
    return bytes;
}

Bytes labels(std::uint32_t count) {
    Bytes bytes;
    put(bytes, 0x801);
    put(bytes, count);
    for (std::uint32_t i = 0; i < count; ++i) bytes.push_back(static_cast<std::byte>(i % 10));
    return bytes;
}

Bytes zipped(const Bytes& plain) {
    Bytes out(plain.size() + 1024);
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(plain.data()));
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

Mnist mnist(const Bytes& pictures, const Bytes& classes) {
    return Mnist(pictures, "images", classes, "labels");
}

TEST(Mnist, PicturesAndLabelsAreReadPlainAndZipped) {
    for (const bool zip : {false, true}) {
        const Bytes pictures = images(12, 3, 4), classes = labels(12);
        const Mnist data = zip ? mnist(zipped(pictures), zipped(classes)) : mnist(pictures, classes);
        ASSERT_EQ(data.size(), 12u);
        const Example example = data.example(11, 5);
        EXPECT_EQ(example.width, 4);
        EXPECT_EQ(example.height, 3);
        EXPECT_EQ(example.channels, 1);
        EXPECT_EQ(example.pixels[0], 132);
        EXPECT_EQ(example.label, 1);
        EXPECT_EQ(example.caption, "the handwritten digit one");
        EXPECT_EQ(data.labels().size(), 10u);
        expectError([&] { data.example(12, 0); }, "no picture 12");
    }
}

TEST(Mnist, AnyCutIsAnErrorThatNamesTheFile) {
    const Bytes pictures = images(2, 2, 2), classes = labels(2);
    for (const Bytes& whole : {pictures, zipped(pictures)})
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            const Error error = expectError([&] { mnist(cut, classes); }, "images: ");
            EXPECT_EQ(error.kind(), ErrorKind::Broken);
        }
    for (std::size_t size = 0; size < classes.size(); ++size)
        expectError(
            [&] {
                mnist(pictures, {classes.begin(), classes.begin() + static_cast<std::ptrdiff_t>(size)});
            },
            "labels: ");
}

TEST(Mnist, WrongFilesAreNamed) {
    expectError([] { mnist(labels(20), labels(20)); }, "file of images");
    expectError([] { mnist(images(2, 2, 2), images(2, 2, 2)); }, "file of labels");
    expectError([] { mnist(images(2, 2, 2), labels(3)); }, "3 labels for the 2 pictures");
    expectError([] { mnist(images(0, 2, 2), labels(0)); }, "dimension 1 of 0");
    Bytes hostile;
    for (const std::uint32_t v : {0x803u, 0xFFFFFFFFu, 4096u, 4096u}) put(hostile, v);
    expectError([&] { mnist(hostile, labels(2)); }, "images: dimension");
    Bytes longer = images(2, 2, 2);
    longer.push_back({});
    expectError([&] { mnist(longer, labels(2)); }, "belong to nothing");
    const test::TemporaryFolder folder;
    expectError([&] { Mnist::fromFolder(folder.path(), "train"); }, "neither train-");
}

TEST(Mnist, TheRealFilesAreRead) {
    OCHRE_SHARED_OR_SKIP(folder, "data/datasets/mnist");
    const Mnist data = Mnist::fromFolder(folder, "t10k");
    EXPECT_EQ(data.size(), 10000u);
    EXPECT_EQ(data.width(), 28);
    EXPECT_EQ(data.label(0), 7);
    EXPECT_EQ(data.caption(0), "the handwritten digit seven");
    EXPECT_NO_THROW(exampleSheet(data, 0, 4));
}

Bytes batch(std::size_t count) {
    Bytes bytes;
    for (std::size_t i = 0; i < count; ++i) {
        bytes.push_back(static_cast<std::byte>(i % 10));
        for (int c = 1; c <= 3; ++c)
            bytes.insert(bytes.end(), 1024, static_cast<std::byte>(10 * c + static_cast<int>(i)));
    }
    return bytes;
}

TEST(Cifar10, PlanesAreInterleaved) {
    const Cifar10 data(batch(3), "batch.bin");
    ASSERT_EQ(data.size(), 3u);
    const Example example = data.example(2, 0);
    EXPECT_EQ(example.channels, 3);
    EXPECT_EQ(example.pixels.size(), 3072u);
    EXPECT_EQ(std::vector<std::uint8_t>(example.pixels.begin(), example.pixels.begin() + 3),
              (std::vector<std::uint8_t>{12, 22, 32}));
    EXPECT_EQ(example.caption, "a photo of a bird");
    EXPECT_EQ(data.caption(0), "a photo of an airplane");
    expectError([&] { data.example(3, 0); }, "no picture 3");
}

TEST(Cifar10, CutAndForeignBatchesAreNamed) {
    const Bytes whole = batch(2);
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{3072}, std::size_t{3074}, whole.size() - 1}) {
        const Error error = expectError(
            [&] {
                Cifar10(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)), "batch.bin");
            },
            "batch.bin: ");
        EXPECT_EQ(error.kind(), ErrorKind::Broken);
    }
    Bytes foreign = whole;
    foreign[3073] = std::byte{10};
    expectError([&] { Cifar10(foreign, "batch.bin"); }, "record 1: label 10");
    const test::TemporaryFolder folder;
    expectError([&] { Cifar10::fromFolder(folder.path(), true); }, "test_batch.bin");
    writeFileAtomic(folder / "test_batch.bin", whole);
    EXPECT_EQ(Cifar10::fromFolder(folder.path(), true).size(), 2u);
}

} // namespace
} // namespace ochre::training
