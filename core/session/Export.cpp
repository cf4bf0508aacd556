// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/Export.h"

#include "core/base/Error.h"
#include "core/image/ImageIo.h"
#include "core/nodes/ClipFiles.h"
#include "core/scene/SceneIo.h"

namespace ochre::session {

bool canExport(const graph::Value& value) {
    return value.tryAs<Image>() || value.tryAs<SplatCloud>() || value.tryAs<ClipPtr>();
}

void exportValue(const graph::Value& value, const std::filesystem::path& path, const std::string& graphText,
                 const std::map<std::string, std::string>& pictureTexts) {
    if (const Image* image = value.tryAs<Image>()) {
        WriteOptions options;
        options.text = pictureTexts;
        if (!graphText.empty()) options.text["ochre:graph"] = graphText;
        writeImage(*image, path, options);
        return;
    }
    if (const SplatCloud* cloud = value.tryAs<SplatCloud>()) {
        writeSplats(*cloud, path);
        return;
    }
    if (const auto* clip = value.tryAs<ClipPtr>()) return nodes::writeClip(**clip, path);
    throw Error(path.filename().string() + ": a result of type \"" + value.type() + "\" cannot be written to a file",
                "choose a node that gives a picture, a scene or a video");
}

} // namespace ochre::session
