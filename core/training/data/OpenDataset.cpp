// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/OpenDataset.h"

#include <filesystem>

#include "core/base/Error.h"
#include "core/training/data/Cifar10.h"
#include "core/training/data/Compose.h"
#include "core/training/data/Mnist.h"
#include "core/training/data/PictureFolder.h"

namespace ochre::training {
namespace {
namespace fs = std::filesystem;

/// "train", or "t10k" where the folder has that part alone; nullptr where it is no folder of MNIST.
const char* mnistPart(const fs::path& folder) {
    for (const char* part : {"train", "t10k"})
        for (const char* ending : {"-images-idx3-ubyte", "-images-idx3-ubyte.gz"})
            if (fs::exists(folder / (std::string(part) + ending))) return part;
    return nullptr;
}

} // namespace

std::shared_ptr<const Dataset> openDataset(const std::string& name, int side, const Cancel& cancel,
                                           const std::function<void(const std::string&)>& say, std::optional<double> keywordsAlone) {
    if (name == "emoji") {
        ComposeOptions options;
        options.side = side;
        if (keywordsAlone) options.keywordsAlone = *keywordsAlone;
        return std::make_shared<EmojiExamples>(std::make_shared<EmojiSet>(), options, cancel);
    }
    if (!fs::is_directory(name))
        throw Error("data set \"" + name + "\": is no folder", "give a folder of pictures with captions, or the name emoji");
    if (const char* part = mnistPart(name)) return std::make_shared<Mnist>(Mnist::fromFolder(name, part));
    if (fs::exists(fs::path(name) / "data_batch_1.bin")) return std::make_shared<Cifar10>(Cifar10::fromFolder(name, false));
    PictureFolderOptions options;
    options.width = options.height = side;
    auto pictures = std::make_shared<PictureFolder>(name, options, cancel);
    for (const PictureFolder::Skipped& skipped : pictures->skipped())
        if (say) say("skipped " + skipped.path.string() + ": " + skipped.reason);
    return pictures;
}

} // namespace ochre::training
