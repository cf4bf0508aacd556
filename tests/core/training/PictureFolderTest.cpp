// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/PictureFolder.h"

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/image/ImageIo.h"
#include "tests/support/Support.h"

namespace ochre::training {
namespace {

using test::expectError;

/// Left half red, right half blue.
Image halves(int width, int height) {
    Image image(width, height, 3);
    auto values = image.edit();
    for (std::size_t i = 0; i < image.pixelCount(); ++i)
        values[3 * i + (static_cast<int>(i) % width < width / 2 ? 0 : 2)] = 1;
    return image;
}

struct Folder {
    test::TemporaryFolder folder;

    Folder() {
        writeImage(halves(40, 20), folder / "b.png");
        writeFileAtomic(folder / "b.txt", std::string_view("  a flag,\n half red  \r\n"));
        std::filesystem::create_directory(folder / "below");
        writeImage(halves(10, 30), folder / "below/a.png");
        const std::string whole = readTextFile(folder / "b.png", 1 << 20);
        writeFileAtomic(folder / "cut.png", std::string_view(whole).substr(0, whole.size() / 2));
        writeFileAtomic(folder / "notes.md", std::string_view("no picture"));
    }
};

PictureFolderOptions small() {
    PictureFolderOptions options;
    options.width = options.height = 8;
    options.caption = "drawn by me";
    return options;
}

TEST(PictureFolder, ReadsBelowSkipsBrokenAndListsThem) {
    const Folder made;
    const PictureFolder data(made.folder.path(), small());
    ASSERT_EQ(data.size(), 2u);
    EXPECT_EQ(data.path(0).filename(), "b.png");
    EXPECT_EQ(data.caption(0), "a flag, half red");
    EXPECT_EQ(data.caption(1), "drawn by me");
    EXPECT_EQ(data.withoutCaption(), 1u);
    ASSERT_EQ(data.skipped().size(), 1u);
    EXPECT_EQ(data.skipped()[0].path.filename(), "cut.png");
    EXPECT_NE(data.skipped()[0].reason.find("cut.png"), std::string::npos);
}

TEST(PictureFolder, PicturesAreCutAboutTheirMiddle) {
    const Folder made;
    const PictureFolder data(made.folder.path(), small());
    for (std::size_t i = 0; i < data.size(); ++i) {
        const Example example = data.example(i, 0);
        ASSERT_EQ(example.pixels.size(), 192u);
        EXPECT_GT(example.pixels[0], 240) << "red at the left";
        EXPECT_GT(example.pixels[23], 240) << "blue at the right";
    }
}

TEST(PictureFolder, ReadsAgainWhatItMayNotKeep) {
    const Folder made;
    PictureFolderOptions options = small();
    const PictureFolder kept(made.folder.path(), options);
    options.memory = 0;
    const PictureFolder read(made.folder.path(), options);
    for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(kept.picture(i), read.picture(i));
}

TEST(PictureFolder, FlipsFollowFromTheDraw) {
    const Folder made;
    PictureFolderOptions options = small();
    options.flip = true;
    const PictureFolder data(made.folder.path(), options);
    int flipped = 0;
    for (std::uint64_t draw = 0; draw < 40; ++draw) {
        EXPECT_EQ(data.example(0, draw).pixels, data.example(0, draw).pixels);
        if (data.example(0, draw).pixels[0] < 20) ++flipped;
    }
    EXPECT_GT(flipped, 8);
    EXPECT_LT(flipped, 32);
}

TEST(PictureFolder, FoldersWithoutPicturesAreNamed) {
    const test::TemporaryFolder folder;
    expectError([&] { PictureFolder data(folder.path(), small()); }, "holds no picture");
    expectError([&] { PictureFolder data(folder / "absent", small()); }, "absent");
    writeFileAtomic(folder / "bad.png", std::string_view("\x89PNG\r\n\x1a\n"));
    expectError([&] { PictureFolder data(folder.path(), small()); }, "none of its 1 pictures");
    PictureFolderOptions options = small();
    options.width = 0;
    expectError([&] { PictureFolder data(folder.path(), options); }, "0×8");
}

TEST(PictureFolder, ACaptionThatIsNoTextIsAReason) {
    const Folder made;
    writeFileAtomic(made.folder / "below/a.txt", std::string_view("\xff\xfe"));
    const PictureFolder data(made.folder.path(), small());
    EXPECT_EQ(data.size(), 1u);
    EXPECT_EQ(data.skipped().size(), 2u);
}

} // namespace
} // namespace ochre::training
