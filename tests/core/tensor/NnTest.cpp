// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Nn.h"

#include <chrono>
#include <cmath>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "core/tensor/Convert.h"
#include "core/tensor/Runtime.h"
#include "tests/support/Support.h"

namespace ochre::nn {
namespace {

/// Weights of one convolution with seeded values.
struct ConvCase {
    std::vector<float> weight, bias;
    tensor::Weights weights;

    ConvCase(std::int64_t out, std::int64_t in, std::int64_t kernel) {
        std::mt19937 random(1);
        std::uniform_real_distribution<float> value(-0.1f, 0.1f);
        weight.resize(static_cast<std::size_t>(out * in * kernel * kernel));
        bias.resize(static_cast<std::size_t>(out));
        for (float& w : weight) w = value(random);
        for (float& b : bias) b = value(random);
        tensor::Checkpoint checkpoint;
        checkpoint.subject = "test";
        checkpoint.tensors = {{"c.weight",
                               tensor::Dtype::F32,
                               {out, in, kernel, kernel},
                               {},
                               std::as_bytes(std::span(weight)),
                               -1},
                              {"c.bias", tensor::Dtype::F32, {out}, {}, std::as_bytes(std::span(bias)), -1}};
        weights = tensor::Weights::from(std::move(checkpoint));
    }
};

Image noise(int width, int height, int channels) {
    Image image(width, height, channels);
    std::mt19937 random(2);
    for (float& v : image.edit()) v = static_cast<float>(random() % 1000) / 1000.0f;
    return image;
}

TEST(Conv2d, EqualsTheSumWrittenOut) {
    const ConvCase one(5, 3, 3);
    const Conv2d conv(one.weights, "c", {.activation = Activation::leakyRelu(0.2)});
    const Image image = noise(7, 6, 3);
    Image result;
    tensor::run({}, [&] { result = tensor::toImage(conv(tensor::toTensor(image))); });
    for (int y = 0; y < 6; ++y)
        for (int x = 0; x < 7; ++x)
            for (int o = 0; o < 5; ++o) {
                double sum = one.bias[static_cast<std::size_t>(o)];
                for (int c = 0; c < 3; ++c)
                    for (int ky = 0; ky < 3; ++ky)
                        for (int kx = 0; kx < 3; ++kx) {
                            const int sx = x + kx - 1, sy = y + ky - 1;
                            if (sx < 0 || sy < 0 || sx >= 7 || sy >= 6) continue;
                            sum +=
                                static_cast<double>(
                                    one.weight[static_cast<std::size_t>(((o * 3 + c) * 3 + ky) * 3 + kx)]) *
                                image.pixel(sx, sy)[c];
                        }
                ASSERT_NEAR(result.pixel(x, y)[o], sum < 0 ? 0.2 * sum : sum, 1e-5);
            }
}

TEST(Conv2d, StripesGiveTheSamePixels) {
    const ConvCase one(64, 64, 3);
    const Conv2d conv(one.weights, "c");
    tensor::run({}, [&] {
        tensor::useThreads(1);
        const Tensor x = tensor::toTensor(noise(300, 200, 64)); // 4.4 GFLOP: three stripes
        const Tensor whole = conv(x);
        const Tensor top = conv(narrow(x, 2, 0, 60)); // 1.3 GFLOP: one
        EXPECT_EQ(maxAbsDifference(narrow(whole, 2, 0, 59), narrow(top, 2, 0, 59)), 0.0);
        const Tensor bottom = conv(narrow(x, 2, 140, 60));
        EXPECT_EQ(maxAbsDifference(narrow(whole, 2, 141, 59), narrow(bottom, 2, 1, 59)), 0.0);
        tensor::useThreads();
    });
}

TEST(Conv2d, StopsSoonAfterItIsAskedTo) {
    const ConvCase one(64, 64, 3);
    const Conv2d conv(one.weights, "c");
    const Cancel cancel = Cancel::make();
    std::chrono::steady_clock::time_point asked;
    std::thread stopper;
    const Error error = test::expectError([&] {
        tensor::run(cancel, [&] {
            const Tensor x = tensor::toTensor(noise(1000, 1000, 64));
            stopper = std::thread([&] {
                std::this_thread::sleep_for(std::chrono::milliseconds(100));
                asked = std::chrono::steady_clock::now();
                cancel.request();
            });
            for (int i = 0; i < 100; ++i) conv(x);
        });
    });
    const auto waited = std::chrono::steady_clock::now() - asked;
    stopper.join();
    EXPECT_TRUE(error.cancelled());
    EXPECT_LT(waited, std::chrono::seconds(2)); // 100 ms on an idle machine; test machines are busy
}

TEST(Conv2d, OtherChannelsAreAnError) {
    const ConvCase one(2, 3, 3);
    const Conv2d conv(one.weights, "c");
    test::expectError([&] { tensor::run({}, [&] { conv(tensor::toTensor(noise(4, 4, 2))); }); },
                      "takes pictures of 3 channels");
}

TEST(Nn, PixelShuffleAndUnshuffleUndoEachOther) {
    const Tensor x = tensor::toTensor(noise(6, 4, 3));
    EXPECT_EQ(maxAbsDifference(pixelShuffle(pixelUnshuffle(x, 2), 2), x), 0.0);
}

TEST(Convert, PicturesComeBackUnchanged) {
    const Image image = noise(5, 3, 4);
    const Image back = tensor::toImage(tensor::toTensor(image));
    ASSERT_EQ(back.valueCount(), image.valueCount());
    EXPECT_TRUE(std::equal(image.values().begin(), image.values().end(), back.values().begin()));
    test::expectError([&] { tensor::toTensor(image, {4}, 0, 0, 5, 3); }, "no channel 4");
    test::expectError([&] { tensor::toTensor(image, {0}, 1, 0, 5, 3); }, "no window");
}

} // namespace
} // namespace ochre::nn
