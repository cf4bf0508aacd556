// SPDX-License-Identifier: GPL-3.0-or-later
// Files that are cut off, altered or made to do harm: a clear Error each, no picture that is half there.
#include <cstring>
#include <numeric>

#include <gtest/gtest.h>
#include <zlib.h>

#include "core/image/ImageIo.h"
#include "tests/core/image/Pictures.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using namespace test;
using Bytes = std::vector<std::byte>;

Bytes fromText(std::string_view text) {
    const auto* p = reinterpret_cast<const std::byte*>(text.data());
    return Bytes(p, p + text.size());
}

void put(Bytes& out, std::uint64_t value, std::size_t size, bool big = false) {
    for (std::size_t i = 0; i < size; ++i)
        out.push_back(static_cast<std::byte>(value >> 8 * (big ? size - 1 - i : i)));
}

void set(Bytes& bytes, std::size_t at, std::uint64_t value, std::size_t size, bool big = false) {
    for (std::size_t i = 0; i < size; ++i)
        bytes.at(at + i) = static_cast<std::byte>(value >> 8 * (big ? size - 1 - i : i));
}

void chunk(Bytes& png, const char* type, const Bytes& body) {
    put(png, body.size(), 4, true);
    const std::size_t begin = png.size();
    for (int i = 0; i < 4; ++i) png.push_back(static_cast<std::byte>(type[i]));
    png.insert(png.end(), body.begin(), body.end());
    put(png,
        crc32(0, reinterpret_cast<const Bytef*>(png.data() + begin), static_cast<uInt>(png.size() - begin)),
        4, true);
}

Bytes pngWith(std::uint32_t width, std::uint32_t height, const Bytes& data,
              const std::vector<std::pair<const char*, Bytes>>& more = {}) {
    Bytes png = fromText("\x89PNG\r\n\x1a\n"), header;
    put(header, width, 4, true);
    put(header, height, 4, true);
    for (const int v : {8, 0, 0, 0, 0}) put(header, static_cast<std::uint64_t>(v), 1);
    chunk(png, "IHDR", header);
    for (const auto& [type, body] : more) chunk(png, type, body);
    chunk(png, "IDAT", data);
    chunk(png, "IEND", {});
    return png;
}

Bytes deflated(std::size_t zeros) {
    const Bytes plain(zeros);
    uLongf size = compressBound(static_cast<uLong>(zeros));
    Bytes out(size);
    compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(plain.data()),
              static_cast<uLong>(zeros), 9);
    out.resize(size);
    return out;
}

Error readError(const Bytes& bytes, const std::string& part = {}) {
    const Error error = expectError([&] { decodeImage(bytes, "file.x"); }, "file.x: ");
    EXPECT_NE(error.message().find(part), std::string::npos) << error.message();
    EXPECT_FALSE(error.hint().empty()) << error.message();
    return error;
}

class EveryFormat : public testing::TestWithParam<std::string> {};

TEST_P(EveryFormat, IsRefusedWhenCutOffAnywhere) {
    const TemporaryFolder folder;
    WriteOptions options;
    options.compression = Compression::None;
    const Bytes whole = encoded(noise(9, 7, 3), folder / ("a." + GetParam()), options);
    ASSERT_NO_THROW(decodeImage(whole, "file.x"));
    std::size_t accepted = 0;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        try {
            decodeImage(std::span(whole).first(size), "file.x");
            ++accepted;
            // Only TGA's footer may be missing.
            EXPECT_TRUE(GetParam() == "tga" && size >= whole.size() - 26) << GetParam() << " cut to " << size;
        } catch (const Error& e) {
            EXPECT_EQ(e.message().find("file.x: "), 0u) << e.message();
            EXPECT_NE(e.kind(), ErrorKind::Failed) << e.message();
        }
    }
    EXPECT_LE(accepted, 26u);
}

TEST_P(EveryFormat, NeverFailsOtherwiseThanWithAnErrorWhenABitIsWrong) {
    const TemporaryFolder folder;
    const Bytes whole = encoded(noise(9, 7, 3), folder / ("a." + GetParam()));
    for (std::size_t bit = 0; bit < whole.size() * 8; bit += 3) {
        Bytes altered = whole;
        altered[bit / 8] ^= std::byte{1} << bit % 8;
        try {
            decodeImage(altered, "file.x");
        } catch (const Error& e) {
            ASSERT_EQ(e.message().find("file.x: "), 0u) << e.message();
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, EveryFormat, testing::ValuesIn(everyExtension()),
                         [](const auto& p) { return p.param; });

TEST(DamagedImage, OtherFilesAreNotMine) {
    for (const std::string text :
         {"", "x", "hello world, this is no picture at all", "GIF89a................",
          "%PDF-1.7 ..............", "DDS |...............................", "{\"json\": 1}",
          "<svg xmlns='http://www.w3.org/2000/svg'/>"}) {
        const Error error = expectError([&] { decodeImage(fromText(text), "file.png"); }, "file.png: ");
        EXPECT_EQ(error.kind(), ErrorKind::NotMine) << text;
    }
    expectError([] { readImage("/nonexistent/a.png"); }, "/nonexistent/a.png");
    const TemporaryFolder folder;
    expectError([&] { readImage(folder.path()); }, folder.path().string());
}

TEST(DamagedImage, ContentDecidesAndNotTheName) {
    const TemporaryFolder folder;
    writeImage(ramp(5, 5, 3), folder / "a.png");
    std::filesystem::rename(folder / "a.png", folder / "a.jpg");
    EXPECT_EQ(readImage(folder / "a.jpg").width(), 5);
}

TEST(DamagedImage, GiantSizesAreRefusedFromTheHeader) {
    const Bytes some = deflated(1000);
    readError(pngWith(0x7fffffff, 0x7fffffff, some));
    readError(pngWith(70000, 10, some), "70000×10");
    readError(pngWith(60000, 60000, some), "60000×60000");
    readError(pngWith(0, 5, some), "0×5");
    readError(pngWith(20000, 20000, some), "unpacked");

    const TemporaryFolder folder;
    Bytes bmp = encoded(ramp(4, 4, 3), folder / "a.bmp");
    for (const std::uint64_t side : {0x7fffffffull, 0x80000000ull, 65536ull, 0ull, 1000000ull}) {
        Bytes altered = bmp;
        set(altered, 18, side, 4);
        readError(altered);
        altered = bmp;
        set(altered, 22, side, 4);
        readError(altered);
    }
    Bytes tga = encoded(ramp(4, 4, 3), folder / "a.tga");
    set(tga, 12, 0xffff, 2);
    set(tga, 14, 0xffff, 2);
    readError(tga);
    Bytes exr = encoded(ramp(4, 4, 3), folder / "a.exr");
    const std::string_view text(reinterpret_cast<const char*>(exr.data()), exr.size());
    const std::size_t window = text.find(std::string_view("dataWindow\0box2i\0", 17)) + 21;
    for (const std::uint64_t edge : {0x7fffffffull, 0xffffffffull, 100000ull}) {
        Bytes altered = exr;
        set(altered, window + 12, edge, 4);
        readError(altered);
    }
    Bytes hdr = fromText("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 60000 +X 60000\n");
    readError(hdr);
    readError(fromText("#?RADIANCE\nFORMAT=32-bit_rle_xyze\n\n-Y 6 +X 6\n"), "xyze");
    readError(fromText("#?RADIANCE\n\n-Y -6 +X 6\n"), "-Y -6");
}

TEST(DamagedImage, TiffHeadersThatLieAreRefused) {
    // One strip, sizes and places chosen by the test.
    const auto tiff = [](std::uint32_t width, std::uint32_t height, std::uint32_t samples,
                         std::uint32_t offset, std::uint32_t size) {
        Bytes out = fromText(std::string_view("II*\0\x08\0\0\0", 8));
        const std::uint32_t tags[][3] = {{256, 4, width},   {257, 4, height}, {258, 3, 8},
                                         {259, 3, 1},       {262, 3, 1},      {273, 4, offset},
                                         {277, 3, samples}, {278, 4, height}, {279, 4, size}};
        put(out, std::size(tags), 2);
        for (const auto& tag : tags) {
            put(out, tag[0], 2);
            put(out, tag[1], 2);
            put(out, 1, 4);
            put(out, tag[2], 4);
        }
        put(out, 0, 4);
        out.resize(out.size() + 64);
        return out;
    };
    EXPECT_EQ(decodeImage(tiff(4, 4, 1, 122, 16), "file.x").width(), 4);
    readError(tiff(0x7fffffff, 0x7fffffff, 1, 122, 16));
    readError(tiff(65535, 65535, 1, 122, 16));
    readError(tiff(4, 4, 60000, 122, 16));
    readError(tiff(0, 4, 1, 122, 16));
    readError(tiff(4, 4, 1, 0xfffffff0, 16));
    readError(tiff(400, 400, 1, 122, 160000));
    Bytes loop = fromText(std::string_view("II*\0\x08\0\0\0\0\0\x08\0\0\0", 14));
    readError(loop);
}

TEST(DamagedImage, BombsAreRefused) {
    // 400 MB of zeros in 400 KB pass the ratio of honest files; a text that unpacks to 100 MB does not pass
    // its limit.
    Bytes text = fromText(std::string_view("bomb\0\0", 6));
    const Bytes packed = deflated(100 << 20);
    text.insert(text.end(), packed.begin(), packed.end());
    const Image image = decodeImage(pngWith(4, 4, deflated(20), {{"zTXt", text}}), "file.x");
    EXPECT_FALSE(image.metadata().contains("bomb"));
    // More pixels than the header names, and fewer.
    readError(pngWith(4, 40, deflated(20)));
    // Tiny WebP of the largest size, and JPEG whose header was enlarged.
    const TemporaryFolder folder;
    Bytes jpeg = encoded(ramp(8, 8, 1), folder / "a.jpg");
    const std::string_view all(reinterpret_cast<const char*>(jpeg.data()), jpeg.size());
    const std::size_t frame = all.find("\xff\xc0");
    ASSERT_NE(frame, std::string_view::npos);
    set(jpeg, frame + 5, 65500, 2, true);
    set(jpeg, frame + 7, 65500, 2, true);
    readError(jpeg, "65500×65500");
}

TEST(DamagedImage, WrongChecksumsInPngAreErrorsWhereTheyMatter) {
    Bytes png = pngWith(4, 4, deflated(20), {{"tEXt", fromText(std::string_view("key\0value", 9))}});
    EXPECT_EQ(decodeImage(png, "file.x").metadata().at("key"), "value");
    Bytes text = png, header = png, data = png;
    set(text, 8 + 25 + 8 + 4, 'V', 1); // inside tEXt: left out with a warning
    EXPECT_FALSE(decodeImage(text, "file.x").metadata().contains("key"));
    set(header, 8 + 8 + 7, 5, 1);
    readError(header, "checksum");
    data[png.size() - 12 - 8] ^= std::byte{1};
    readError(data);
}

} // namespace
} // namespace ochre
