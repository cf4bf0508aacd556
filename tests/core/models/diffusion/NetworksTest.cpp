// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/Networks.h"

#include <gtest/gtest.h>

#include "core/models/diffusion/MakeCheckpoint.h"
#include "core/models/diffusion/UNet.h"
#include "tests/core/models/diffusion/SmallCheckpoint.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

constexpr std::uint64_t kPlenty = std::uint64_t{1} << 40, kGib = std::uint64_t{1} << 30;

std::shared_ptr<const int> number(Networks& networks, NetworkKind kind, const std::string& identity,
                                  int value = 0) {
    return networks.get<int>(kind, identity, kGib, [value] { return std::make_shared<const int>(value); });
}

TEST(Networks, BuildOncePerIdentityAndShare) {
    Networks networks;
    const auto first = number(networks, NetworkKind::Unet, "a", 1);
    EXPECT_EQ(number(networks, NetworkKind::Unet, "a", 2), first);
    EXPECT_NE(number(networks, NetworkKind::Unet, "b", 2), first);
    EXPECT_EQ(*number(networks, NetworkKind::Text, "a", 3), 3) << "kinds are apart";
}

TEST(Networks, MakeRoomFromTheCheapestToMissAndNeverDropWhatIsInUse) {
    Networks networks;
    networks.setMemory([] { return kPlenty; });
    number(networks, NetworkKind::Unet, "unet");
    number(networks, NetworkKind::Text, "text");
    number(networks, NetworkKind::Autoencoder, "vae");
    const auto held = number(networks, NetworkKind::Text, "held");
    networks.setMemory([] { return std::uint64_t{0}; });
    networks.makeRoom(kGib);
    EXPECT_FALSE(networks.has(NetworkKind::Text, "text"));
    EXPECT_TRUE(networks.has(NetworkKind::Autoencoder, "vae"));
    networks.makeRoom(kGib);
    EXPECT_FALSE(networks.has(NetworkKind::Autoencoder, "vae"));
    EXPECT_TRUE(networks.has(NetworkKind::Unet, "unet"));
    networks.makeRoom(100 * kGib);
    EXPECT_FALSE(networks.has(NetworkKind::Unet, "unet"));
    EXPECT_TRUE(networks.has(NetworkKind::Text, "held"));
}

TEST(Networks, DropTheLeastRecentlyUsedOfAKind) {
    Networks networks;
    networks.setMemory([] { return kPlenty; });
    for (const char* name : {"a", "b", "c"}) number(networks, NetworkKind::Unet, name);
    number(networks, NetworkKind::Unet, "a");
    number(networks, NetworkKind::Unet, "d");
    EXPECT_TRUE(networks.has(NetworkKind::Unet, "a"));
    EXPECT_FALSE(networks.has(NetworkKind::Unet, "b"));
}

TEST(Networks, AFailedBuildLeavesNothingBehind) {
    Networks networks;
    const auto fail = [&] {
        networks.get<int>(NetworkKind::Unet, "a", 1,
                          []() -> std::shared_ptr<const int> { throw Error("broken"); });
    };
    test::expectError(fail, "broken");
    EXPECT_EQ(networks.count(), 0u);
    EXPECT_EQ(*number(networks, NetworkKind::Unet, "a", 5), 5);
}

TEST(DiffusionModel, HandlesOfOneFileShareTheNetworkAndPrecisionsDoNot) {
    const DiffusionModel a = test::smallModel(), b = test::smallModel();
    EXPECT_EQ(a.network(), b.network());
    OpenModelOptions half = test::kFloat32;
    half.precision = tensor::Precision::Bfloat16;
    EXPECT_NE(DiffusionModel::open(test::smallCheckpoint(), half).network(), a.network());
}

TEST(DiffusionModel, PredictionAndZeroSnrFollowTheHandleBeforeTheFile) {
    DiffusionModel model = test::smallModel();
    EXPECT_EQ(model.sampling().prediction(), sampling::Prediction::Epsilon);
    const double usual = model.sampling().sigmaMax();
    model.prediction = sampling::Prediction::V;
    model.zeroSnr = true;
    EXPECT_EQ(model.sampling().prediction(), sampling::Prediction::V);
    EXPECT_GT(model.sampling().sigmaMax(), 100 * usual);
    model.prediction = sampling::Prediction::Lcm;
    EXPECT_EQ(model.sampling().sigmas().size(), 50u);
}

TEST(DiffusionModel, DamagedAndForeignFilesAreErrorsThatSayWhatToDo) {
    const test::TemporaryFolder folder;
    AutoencoderKl::Config vae;
    vae.widths = {32, 32, 32, 32};
    vae.stem = 32;
    makeCheckpoint(folder / "vae.safetensors", {{"", vae.expected()}});
    const Error foreign = test::expectError([&] { DiffusionModel::open(folder / "vae.safetensors"); },
                                            "is an autoencoder (VAE), not a checkpoint");
    EXPECT_FALSE(foreign.hint().empty());
    const auto whole = test::smallCheckpoint();
    std::filesystem::copy_file(whole, folder / "cut.safetensors");
    std::filesystem::resize_file(folder / "cut.safetensors", std::filesystem::file_size(whole) / 2);
    test::expectError([&] { DiffusionModel::open(folder / "cut.safetensors").network(); }, "cut.safetensors");
    test::expectError([] { ControlNetModel::open(test::smallCheckpoint()); },
                      "is a checkpoint, not a ControlNet");
}

} // namespace
} // namespace ochre::models
