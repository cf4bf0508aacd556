// SPDX-License-Identifier: GPL-3.0-or-later
// Published figures, with the published weights on the customary pictures.
#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "core/image/Compare.h"
#include "core/image/Filter.h"
#include "core/image/ImageIo.h"
#include "core/models/restore/Restorer.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {
namespace fs = std::filesystem;

/// The numbers of numpy.random.seed(seed) and normal(): Marsaglia's polar method on the Mersenne twister.
class NumpyNormal {
public:
    explicit NumpyNormal(std::uint32_t seed) : m_engine(seed) {}

    double operator()() {
        if (m_hasNext) {
            m_hasNext = false;
            return m_next;
        }
        double a, b, square;
        do {
            a = 2 * uniform() - 1;
            b = 2 * uniform() - 1;
            square = a * a + b * b;
        } while (square >= 1 || square == 0);
        const double factor = std::sqrt(-2 * std::log(square) / square);
        m_next = factor * a;
        m_hasNext = true;
        return factor * b;
    }

private:
    double uniform() {
        const auto high = static_cast<double>(m_engine() >> 5), low = static_cast<double>(m_engine() >> 6);
        return (high * 67108864.0 + low) / 9007199254740992.0;
    }

    std::mt19937 m_engine;
    bool m_hasNext = false;
    double m_next = 0;
};

/// As an 8-bit file would hold it.
Image rounded(Image image) {
    for (float& v : image.edit()) v = std::round(std::clamp(v, 0.0f, 1.0f) * 255.0f) / 255.0f;
    return image;
}

/// Y of BT.601 in its range 16…235, without `border` pixels on each side.
Image luminance(const Image& image, int border) {
    Image y(image.width(), image.height(), 1, ColorSpace::Raw);
    const auto values = y.edit();
    for (std::size_t i = 0; i < y.pixelCount(); ++i) {
        const float* rgb = image.values().data() + i * static_cast<std::size_t>(image.channels());
        values[i] = (65.481f * rgb[0] + 128.553f * rgb[1] + 24.966f * rgb[2] + 16.0f) / 255.0f;
    }
    return crop(y, border, border, y.width() - 2 * border, y.height() - 2 * border);
}

/// cszn/KAIR main_test_dncnn.py: seed 0 for each picture, the noise is not clipped, the result is rounded to 8 bits.
TEST(RestoreFigures, DnCnnOnSet12) {
    OCHRE_SHARED_OR_SKIP(weights, "data/models/sr/dncnn_25.pth");
    OCHRE_SHARED_OR_SKIP(pictures, "data/pictures/set12");
    const Restorer restorer = Restorer::open(weights);
    EXPECT_EQ(restorer.architecture(), "dncnn");
    double sum = 0;
    int count = 0;
    for (const auto& entry : fs::directory_iterator(pictures)) {
        const Image clean = readImage(entry.path());
        Image noisy = clean;
        NumpyNormal normal(0);
        for (float& v : noisy.edit()) v = static_cast<float>(v + normal() * 25 / 255);
        sum += psnr(rounded(restorer.restore(noisy, {.dtype = "float32"})), clean);
        ++count;
    }
    ASSERT_EQ(count, 12);
    RecordProperty("psnr", std::to_string(sum / count));
    EXPECT_NEAR(sum / count, 30.43, 0.05);
}

TEST(RestoreFigures, RfdnOnSet5) {
    OCHRE_SHARED_OR_SKIP(weights, "data/models/sr/RFDN_AIM.pth");
    OCHRE_SHARED_OR_SKIP(pictures, "data/pictures/set5");
    const Restorer restorer = Restorer::open(weights);
    EXPECT_EQ(restorer.architecture(), "rfdn");
    double sum = 0, tiledSum = 0;
    for (const std::string name : {"baby", "bird", "butterfly", "head", "woman"}) {
        const Image low = readImage(pictures / "X4" / (name + "x4.png")), high = readImage(pictures / "HR" / (name + ".png"));
        const Image out = restorer.restore(low, {.dtype = "float32"});
        const Image wanted = crop(high, 0, 0, out.width(), out.height());
        const Image tiled = restorer.restore(low, {.tile = 32, .dtype = "float32"});
        sum += psnr(luminance(rounded(out), 4), luminance(wanted, 4)) / 5;
        tiledSum += psnr(luminance(rounded(tiled), 4), luminance(wanted, 4)) / 5;
    }
    RecordProperty("psnr", std::to_string(sum));
    RecordProperty("tiled", std::to_string(tiledSum));
    EXPECT_NEAR(sum, 32.16, 0.05);
    EXPECT_NEAR(tiledSum, 32.16, 0.05) << "in tiles";
}

/// Figures of the reference implementations, computed with the same weights on the same pictures.
TEST(RestoreFigures, DarkPicturesOfLol) {
    OCHRE_SHARED_OR_SKIP(pictures, "data/pictures/lol");
    OCHRE_SHARED_OR_SKIP(weights, "data/models/lowlight");
    const struct {
        const char *file, *architecture;
        double psnr[3];
    } figures[] = {{"IAT_lol_v1.pth", "iat", {22.8683, 24.2664, 28.7009}},
                   {"SCI_easy.pt", "sci", {10.2294, 6.9053, 7.3229}},
                   {"SCI_medium.pt", "sci", {17.6546, 12.7486, 12.6674}},
                   {"SCI_difficult.pt", "sci", {14.7072, 11.2986, 11.5991}}};
    const char* names[] = {"1.png", "79.png", "111.png"};
    for (const auto& figure : figures) {
        const Restorer restorer = Restorer::open(weights / figure.file);
        EXPECT_EQ(restorer.architecture(), figure.architecture);
        EXPECT_TRUE(restorer.unusedKeys().empty()) << restorer.unusedKeys().front();
        for (int i = 0; i < 3; ++i) {
            const Image low = readImage(pictures / "low" / names[i]), high = readImage(pictures / "high" / names[i]);
            for (const int tile : {0, 160})
                EXPECT_NEAR(psnr(rounded(restorer.restore(low, {.tile = tile, .dtype = "float32"})), high), figure.psnr[i], 0.01)
                    << figure.file << " " << names[i] << " tile " << tile;
        }
    }
}

} // namespace
} // namespace ochre::models
