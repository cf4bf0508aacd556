// SPDX-License-Identifier: GPL-3.0-or-later
// Small files that claim to be large, of every format that packs: refused within 100 ms and without the memory.
#include <ctime>
#include <fstream>
#include <functional>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "core/scene/Compression.h"
#include "core/scene/SceneIo.h"
#include "core/scene/Sog.h"
#include "core/scene/Texture.h"
#include "core/scene/ZipArchive.h"
#include "tests/core/scene/Clouds.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using test::put;
using Bytes = std::vector<std::byte>;

/// Since the last call that forgot it.
long peakMegabytes(bool forget = false) {
    if (forget) std::ofstream("/proc/self/clear_refs") << 5;

    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

/// Of the processor, since others may hold it meanwhile.
void expectRefusedAtOnce(const std::function<void()>& read, const std::string& part) {
    const long memory = peakMegabytes(true);
    const std::clock_t start = std::clock();
    const Error e = test::expectError(read, part);
    EXPECT_LT(1000.0 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 100) << e.message();
    EXPECT_LT(peakMegabytes() - memory, 32) << e.message();
}

void expectRefusedAtOnce(const Bytes& bytes, const std::string& name, const std::string& part) {
    expectRefusedAtOnce([&] { decodeSplats(bytes, name); }, part);
}

Bytes spzHeader(std::uint32_t version, std::uint32_t count, int degree) {
    Bytes b(version == 4 ? 32 : 16);
    put(b, 0, std::uint32_t{0x5053474e});
    put(b, 4, version);
    put(b, 8, count);
    put(b, 12, static_cast<std::uint8_t>(degree));
    put(b, 13, std::uint8_t{12});
    return b;
}

TEST(Hostile, GzipThatUnpacksToAHundredMegabytes) {
    constexpr std::uint32_t kCount = 5000000; // 20 bytes each
    Bytes plain = spzHeader(3, kCount, 0);
    plain.resize(plain.size() + std::size_t{20} * kCount);
    const Bytes packed = packGzip(plain);
    EXPECT_LT(packed.size(), 200000u);
    plain = {};
    expectRefusedAtOnce(packed, "scene.spz", "claim to expand");
}

TEST(Hostile, ZstdThatUnpacksToAHundredMegabytes) {
    constexpr std::uint32_t kCount = 5000000;
    Bytes file = spzHeader(4, kCount, 0);
    put(file, 15, std::uint8_t{5});
    put(file, 16, std::uint32_t{32});
    Bytes streams;
    for (const std::size_t each : {9, 1, 3, 3, 4}) {
        const Bytes packed = packZstd(Bytes(each * kCount));
        put(file, file.size(), std::uint64_t{packed.size()});
        put(file, file.size(), std::uint64_t{each * kCount});
        streams.insert(streams.end(), packed.begin(), packed.end());
    }
    file.insert(file.end(), streams.begin(), streams.end());
    EXPECT_LT(file.size(), 20000u);
    expectRefusedAtOnce(file, "scene.spz", "claim to expand");
}

TEST(Hostile, CountsOfFourThousandMillions) {
    for (const char* format : {"ascii", "binary_little_endian", "binary_big_endian"}) {
        std::string text = "ply\nformat " + std::string(format) + " 1.0\nelement vertex 4294967296\n";
        for (const char* name : {"x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1",
                                 "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"})
            text += std::string("property float ") + name + "\n";
        const auto view = std::as_bytes(std::span(text += "end_header\n"));
        expectRefusedAtOnce(Bytes(view.begin(), view.end()), "scene.ply", "4294967296 rows");
    }
    expectRefusedAtOnce(spzHeader(3, 0xffffffff, 3), "scene.spz", "4294967295");
    Bytes points(8 + 51);
    put(points, 0, std::uint64_t{1} << 32);
    expectRefusedAtOnce(points, "points3D.bin", "4294967296 points");
    Bytes ksplat(5120);
    ksplat[1] = std::byte{1};
    put(ksplat, 4, std::uint32_t{1});
    put(ksplat, 16, std::uint32_t{0xffffffff});
    for (const std::size_t at : {0, 4}) put(ksplat, 4096 + at, std::uint32_t{0xffffffff});
    expectRefusedAtOnce(ksplat, "scene.ksplat", "4294967295 splats");
}

// --- zip archives by hand: ours are never deflated ---

/// `packed` is the raw deflate stream of `size` bytes with that checksum; the central directory counts `entries`.
Bytes zipOf(const std::string& name, std::span<const std::byte> packed, std::uint32_t size, std::uint32_t checksum,
            std::uint16_t entries) {
    Bytes zip;
    const auto add = [&](auto value) { put(zip, zip.size(), value); };
    const auto header = [&](std::uint32_t signature) {
        add(signature);
        if (signature == 0x02014b50) add(std::uint16_t{20}); // made by
        for (const std::uint16_t v : {20, 0, 8, 0, 0x21}) add(v);
        for (const std::uint32_t v : {checksum, static_cast<std::uint32_t>(packed.size()), size}) add(v);
        add(static_cast<std::uint16_t>(name.size()));
        add(std::uint16_t{0});
        if (signature == 0x02014b50) zip.resize(zip.size() + 14); // no comment, first disk, at byte 0
        for (const char c : name) add(c);
    };
    header(0x04034b50);
    zip.insert(zip.end(), packed.begin(), packed.end());
    const std::size_t directory = zip.size();
    header(0x02014b50);
    const std::size_t length = zip.size() - directory;
    add(std::uint32_t{0x06054b50});
    add(std::uint32_t{0}); // disks
    add(entries);
    add(entries);
    add(static_cast<std::uint32_t>(length));
    add(static_cast<std::uint32_t>(directory));
    add(std::uint16_t{0});
    return zip;
}

Bytes deflatedMeta(const std::string& text, std::uint16_t entries = 1) {
    const Bytes gzip = packGzip(std::as_bytes(std::span(text)));
    return zipOf("meta.json", std::span(gzip).subspan(10, gzip.size() - 18), static_cast<std::uint32_t>(text.size()),
                 loadAs<std::uint32_t>(&gzip[gzip.size() - 8]), entries);
}

TEST(Hostile, ZipsThatUnpackToAHundredMegabytes) {
    // A deflated archive is read: it is refused for its size, not for how it was made.
    test::expectError([] { decodeSplats(deflatedMeta("{\"means\":{},\"quats\":{}}"), "scene.sog"); }, "shape");
    std::string text(std::size_t{100} << 20, ' ');
    const Bytes zip = deflatedMeta(text);
    text = {};
    expectRefusedAtOnce(zip, "scene.sog", "104857600 bytes");
    expectRefusedAtOnce(deflatedMeta(std::string(3 << 20, '[')), "scene.sog", "meta.json");
}

TEST(Hostile, ZipsThatCountMoreEntriesThanTheyHold) {
    expectRefusedAtOnce(deflatedMeta("{}", 0xffff), "scene.sog", "cannot be opened");
    // The same in 64 bits: a record and a locator before the end, which says "look there".
    Bytes zip = deflatedMeta("{}", 0xffff);
    const Bytes end(zip.end() - 22, zip.end());
    zip.resize(zip.size() - 22);
    const std::size_t at = zip.size();
    put(zip, at, std::uint32_t{0x06064b50});
    put(zip, at + 4, std::uint64_t{44});
    zip.resize(at + 24);
    for (int k = 0; k < 2; ++k) put(zip, zip.size(), std::uint64_t{1} << 40);
    put(zip, zip.size(), std::uint64_t{loadAs<std::uint32_t>(&end[12])});
    put(zip, zip.size(), std::uint64_t{loadAs<std::uint32_t>(&end[16])});
    put(zip, zip.size(), std::uint32_t{0x07064b50});
    put(zip, zip.size(), std::uint32_t{0});
    put(zip, zip.size(), std::uint64_t{at});
    put(zip, zip.size(), std::uint32_t{1});
    zip.insert(zip.end(), end.begin(), end.end());
    for (std::size_t k = zip.size() - 14; k < zip.size() - 2; ++k) zip[k] = std::byte{0xff};
    expectRefusedAtOnce(zip, "scene.sog", "scene.sog");
}

TEST(Hostile, TexturesOfOneColourThatClaimSixteenMillionSplats) {
    Texture t{4096, 4096, std::vector<std::uint8_t>(std::size_t{4} << 24, 254)};
    const Bytes webp = writeTexture(t);
    EXPECT_LT(webp.size(), 100000u);
    t = {};
    Json codebook = Json::array();
    for (int i = 0; i < 256; ++i) codebook.push_back(i);
    const Json meta{{"version", 2},
                    {"count", 1 << 24},
                    {"means", {{"mins", {0, 0, 0}}, {"maxs", {1, 1, 1}}, {"files", {"a", "b"}}}},
                    {"scales", {{"codebook", codebook}, {"files", Json::array({"c"})}}},
                    {"quats", {{"files", Json::array({"d"})}}},
                    {"sh0", {{"codebook", codebook}, {"files", Json::array({"e"})}}}};
    const auto files = [&](const std::string&) { return webp; };
    expectRefusedAtOnce([&] { readSog(meta, files, "scene.sog"); }, "claim to expand");
}

} // namespace
} // namespace ochre
